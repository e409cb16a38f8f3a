import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Reloads } from "../platforms/brokers";
import { ConfigurationFiles } from "../resources";
import { bundleAnnotations } from "./annotations";
import { annotationsOf, hintOf, tellCaveats } from "./brokerAdvice";
import type {
  BrokerConfigurationArgs,
  BrokerKubernetesArgs,
  BrokerOutputArgs,
} from "./brokerArgs";
import type { BrokerPodParts } from "./brokerPod";
import { brokerPod } from "./brokerPod";
import type { BrokerMaterial } from "./brokerMaterial";
import { materialOf } from "./brokerMaterial";
import { generatorOf, settingsOf } from "./brokerSettings";
import { checkedName, refuse, secretData } from "./kubernetes";
import type { ObjectOptions } from "./namedObjects";
import { createBinarySecret, createConfigMap } from "./namedObjects";
import { rememberPublication } from "./publication";

/** What a ConfigMap holds at most, over its values (core/v1). */
const CONFIG_MAP_BYTES = 1_048_576;

/**
 * The configuration of an MQTT broker that shows a certificate of this package
 * and knows devices by theirs: configuration files, what a pod mounts, and what
 * makes the broker take up a change. For Kubernetes as ConfigMaps, for any
 * other machine as files.
 *
 * The broker itself is yours: its workload takes {@link volumes},
 * {@link volumeMounts}, {@link env}, {@link args} and {@link podAnnotations}.
 *
 * @example
 * ```ts
 * const mosquitto = new BrokerConfiguration("mosquitto", {
 *   broker: BrokerKind.Mosquitto,
 *   server,
 *   deviceAuthority: deviceRoot,
 *   kubernetes: { namespace, provider },
 * });
 * ```
 */
export class BrokerConfiguration extends pulumi.ComponentResource {
  /** ConfigMap with the configuration; empty without `kubernetes`. */
  readonly configMapName: pulumi.Output<string>;
  /** ConfigMap with the roots of devices; empty without `kubernetes`. */
  readonly bundleConfigMapName: pulumi.Output<string>;
  /** ConfigMap with revocation lists; empty where there are none. */
  readonly crlConfigMapName: pulumi.Output<string>;
  /** Secret with key stores and what else holds a password; empty where nothing does. */
  readonly secretName: pulumi.Output<string>;
  /** For the pod's `volumes`. */
  readonly volumes: pulumi.Output<kubernetes.types.input.core.v1.Volume[]>;
  /** For the container's `volumeMounts`; whole volumes, since a file behind a `subPath` never changes. */
  readonly volumeMounts: pulumi.Output<
    kubernetes.types.input.core.v1.VolumeMount[]
  >;
  /** For the container's `env`. */
  readonly env: pulumi.Output<kubernetes.types.input.core.v1.EnvVar[]>;
  /** For the container's `args`; empty where its image finds the configuration. */
  readonly args: pulumi.Output<string[]>;
  /** For the pod's `securityContext.fsGroup`: the group of the broker's image, which then may read the key. */
  readonly fsGroup: pulumi.Output<number>;
  /** For the pod template: changes exactly when the broker has to be restarted; another `storePassword` is not seen here. */
  readonly podAnnotations: pulumi.Output<Record<string, string>>;
  /** What makes the broker take up a change, one line for each of its inputs. */
  readonly reloadHint: pulumi.Output<string>;
  /** The same for programs: `way`, `command`, `seconds`, `liveSessions` by `certificate`, `trust`, `crl`, `configuration`. */
  readonly reload: pulumi.Output<Reloads>;
  /** What to know before relying on it. */
  readonly caveats: pulumi.Output<string[]>;
  /** Files of `output`, below its directory; empty without. */
  readonly paths: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: BrokerConfigurationArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:BrokerConfiguration", name, {}, opts);
    const generator = generatorOf(name, args);
    const settings = settingsOf(name, generator, args);
    const material = materialOf(name, generator, args, settings, this);
    const pod =
      args.kubernetes === undefined
        ? undefined
        : this.deploy(name, args, args.kubernetes, material);
    this.paths =
      args.output === undefined
        ? pulumi.output([])
        : writeFiles(name, args, args.output, material, this);

    const { made } = material;
    this.configMapName = pod?.configMap ?? pulumi.output("");
    this.bundleConfigMapName = pod?.bundle ?? pulumi.output("");
    this.crlConfigMapName = pod?.crl ?? pulumi.output("");
    this.secretName = pod?.secret ?? pulumi.output("");
    const mounted = brokerPod(args, settings, material, pod);
    this.volumes = mounted.volumes;
    this.volumeMounts = mounted.volumeMounts;
    this.env = mounted.env;
    this.args = made.apply((files) => [...files.args]);
    this.fsGroup = pulumi.output(generator.group);
    this.podAnnotations = annotationsOf(args, material);
    this.reload = made.reload;
    this.reloadHint = made.apply(({ reload }) => hintOf(reload));
    this.caveats = made.apply(({ caveats }) => [...caveats]);
    tellCaveats(name, generator, args, material, this);
    this.registerOutputs({
      configMapName: this.configMapName,
      bundleConfigMapName: this.bundleConfigMapName,
      crlConfigMapName: this.crlConfigMapName,
      secretName: this.secretName,
      volumes: this.volumes,
      volumeMounts: this.volumeMounts,
      env: this.env,
      args: this.args,
      fsGroup: this.fsGroup,
      podAnnotations: this.podAnnotations,
      reload: this.reload,
      reloadHint: this.reloadHint,
      caveats: this.caveats,
      paths: this.paths,
    });
  }

  private deploy(
    name: string,
    args: BrokerConfigurationArgs,
    own: BrokerKubernetesArgs,
    material: BrokerMaterial,
  ): BrokerPodParts {
    const { made } = material;
    const first = own.configMapName ?? name;
    const server = pulumi.output(args.server.secretName).apply((secretName) => {
      refuse(
        name,
        secretName === ""
          ? [
              "server: has no Secret for a pod to mount; give its ServerCertificate kubernetes.secretName.",
            ]
          : [],
      );
      return secretName;
    });
    const object = (
      property: "bundleConfigMapName" | "crlConfigMapName" | "secretName",
      suffix: string,
      others: pulumi.Input<string>[],
    ) =>
      checkedName(
        own.namespace,
        own[property] ?? pulumi.interpolate`${first}-${suffix}`,
        {
          component: name,
          namespace: "kubernetes.namespace",
          name: `kubernetes.${property}`,
        },
        undefined,
        others,
      );
    const child: ObjectOptions = {
      parent: this,
      ...(own.provider !== undefined && { provider: own.provider }),
    };
    // It is mounted as well, and so in the same namespace.
    const { trustBundle } = args;
    const mounted =
      trustBundle === undefined ? [] : [trustBundle.configMapName];
    const configMap = createConfigMap(
      `${name}-configuration`,
      checkedName(
        own.namespace,
        first,
        {
          component: name,
          namespace: "kubernetes.namespace",
          name: "kubernetes.configMapName",
        },
        undefined,
        mounted,
      ),
      fitting(name, made.files, "devices: the configuration"),
      child,
    );
    const authority = args.deviceAuthority;
    const bundleObject = object("bundleConfigMapName", "device-roots", [first]);
    const bundle =
      authority === undefined
        ? undefined
        : createConfigMap(
            `${name}-device-roots`,
            bundleObject,
            { "ca-bundle.pem": authority.trustAnchorsPem },
            child,
            bundleAnnotations(authority),
          );
    if (bundle !== undefined && authority !== undefined) {
      rememberPublication(
        bundle,
        `${name}-device-roots-publication`,
        pulumi.interpolate`${bundleObject.name} in ${bundleObject.namespace}`,
        authority,
        this,
      );
    }
    const crl =
      args.crlPem === undefined
        ? undefined
        : createConfigMap(
            `${name}-crl`,
            object("crlConfigMapName", "crl", [
              first,
              bundleObject.name,
              ...mounted,
            ]),
            fitting(name, made.crlFiles, "crlPem: the ConfigMap with it"),
            child,
          );
    const secret = material.holdsSecret
      ? createBinarySecret(
          `${name}-secret`,
          object("secretName", "secret", [server]),
          secretDataOf(material),
          child,
        )
      : undefined;
    return {
      server,
      configMap: configMap.metadata.name,
      bundle:
        bundle?.metadata.name ??
        pulumi.output(args.trustBundle?.configMapName ?? ""),
      crl: crl?.metadata.name ?? pulumi.output(""),
      secret: secret?.metadata.name ?? pulumi.output(""),
    };
  }
}

/** What holds a password or a key store. */
function secretDataOf({
  secretFiles,
  secretEnvironment,
  stores,
}: BrokerMaterial): pulumi.Output<Record<string, pulumi.Input<string>>> {
  const texts = pulumi
    .all([secretFiles, secretEnvironment])
    .apply(([files, environment]) => ({ ...files, ...environment }));
  return pulumi.secret(
    pulumi
      .all([texts.apply((known) => secretData(known)), stores])
      .apply(([encoded, made]) => ({ ...encoded, ...made })),
  );
}

/** @param what its property path, and what makes it as large as it is */
function fitting(
  component: string,
  data: pulumi.Output<Readonly<Record<string, string>>>,
  what: string,
): pulumi.Output<Readonly<Record<string, string>>> {
  return data.apply((files) => {
    const bytes = Object.values(files)
      .map((text) => Buffer.byteLength(text))
      .reduce((sum, one) => sum + one, 0);
    refuse(
      component,
      bytes > CONFIG_MAP_BYTES
        ? [
            `${what} takes ${bytes.toLocaleString("en-US")} bytes, and a ConfigMap holds 1 MiB; write output in the place of kubernetes, and mount the files by a volume.`,
          ]
        : [],
    );
    return files;
  });
}

function writeFiles(
  name: string,
  { server, deviceAuthority }: BrokerConfigurationArgs,
  { directory, privateKey = false }: BrokerOutputArgs,
  { made, secretFiles, stores }: BrokerMaterial,
  parent: pulumi.Resource,
): pulumi.Output<string[]> {
  const below = (folder: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(files).map(([file, text]) => [`${folder}/${file}`, text]),
    );
  const written = new ConfigurationFiles(
    `${name}-files`,
    {
      directory,
      files: pulumi
        .all([
          made.files,
          made.crlFiles,
          server.chainPem,
          deviceAuthority?.trustAnchorsPem ?? "",
        ])
        .apply(([files, crlFiles, chain, roots]) => ({
          ...below("configuration", files),
          ...below("crl", crlFiles),
          "server/tls.crt": chain,
          "device-roots/ca-bundle.pem": roots,
        })),
      ...(privateKey && {
        secretFiles: pulumi.secret(
          pulumi
            .all([secretFiles, server.privateKeyPem])
            .apply(([files, key]) => ({
              ...below("secret", files),
              "server/tls.key": key,
            })),
        ),
        secretBinaryFiles: pulumi.secret(
          stores.apply((files) => below("secret", files)),
        ),
      }),
    },
    { parent },
  );
  if (deviceAuthority !== undefined) {
    rememberPublication(
      written,
      `${name}-files-publication`,
      pulumi.interpolate`${directory}/device-roots/ca-bundle.pem`,
      deviceAuthority,
      parent,
    );
  }
  return written.paths;
}
