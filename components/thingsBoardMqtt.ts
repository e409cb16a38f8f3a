import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bundleAnnotations } from "./annotations";
import { LABELS, checkedName, secretData } from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";
import type { TrustSource } from "./publication";
import { rememberPublication } from "./publication";

/** The broker's certificate: a `ServerCertificate`, or its outputs. */
export interface BrokerCertificate extends TrustSource {
  /** Name of the Secret with `server.pem` and `mqttserver_key.pem`. */
  secretName: pulumi.Input<string>;
  /** What opens `mqttserver_key.pem`, where that is encrypted. It goes into a Secret of its own, never into a ConfigMap. */
  keyPassphrase?: pulumi.Input<string>;
}

/** The CA of the devices: a `RootCA` or an `IntermediateCA`, or its output. */
export interface DeviceAuthority {
  certificatePem: pulumi.Input<string>;
}

/** Arguments of {@link ThingsBoardMqtt}. */
export interface ThingsBoardMqttArgs {
  server: BrokerCertificate;
  namespace: pulumi.Input<string>;
  /** Name of the ConfigMap with the variables. Default: `<name of the Secret>-env`. */
  configMapName?: pulumi.Input<string>;
  /** Name of the Secret with the passphrase of an encrypted key. Default: `<name of the broker's Secret>-env`. */
  environmentSecretName?: pulumi.Input<string>;
  /** Name of the ConfigMap with the roots for devices. Default `mqtt-ca-bundle`. */
  bundleConfigMapName?: pulumi.Input<string>;
  /** Where the workload mounts the Secret. Absolute. Default `/ssl-config`, as in ThingsBoard's manifests. */
  mountPath?: pulumi.Input<string>;
  /** Default 8883. */
  bindPort?: pulumi.Input<number>;
  /** Let devices connect with an expired certificate. Default false. */
  skipClientValidityCheck?: pulumi.Input<boolean>;
  /** CA whose certificate goes into the device profile. Left out, no profile is made. */
  deviceAuthority?: DeviceAuthority;
  /** Name of the device profile. Default `mqtt-x509`. */
  deviceProfileName?: pulumi.Input<string>;
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/**
 * ThingsBoard's side of MQTT over TLS: a ConfigMap with `MQTT_SSL_*` for the
 * `envFrom` of `tb-mqtt-transport` or `tb-node`, a ConfigMap with the roots
 * for devices, and the device profile that lets devices provision themselves
 * by their certificate chain. Where the broker's key is encrypted, a Secret
 * with `MQTT_SSL_PEM_KEY_PASSWORD` as well, for the same `envFrom`.
 *
 * Source: thingsboard.yml and the user guides "MQTT over SSL" and "X.509
 * certificate chain" of ThingsBoard.
 *
 * @example
 * ```ts
 * new ThingsBoardMqtt("thingsboard", { server, namespace: "thingsboard", provider });
 * ```
 */
export class ThingsBoardMqtt extends pulumi.ComponentResource {
  readonly configMapName: pulumi.Output<string>;
  readonly bundleConfigMapName: pulumi.Output<string>;
  /** Name of the Secret with `MQTT_SSL_PEM_KEY_PASSWORD`; empty where the key is not encrypted. */
  readonly environmentSecretName: pulumi.Output<string>;
  /** The variables of the ConfigMap, by name. */
  readonly environment: pulumi.Output<Record<string, string>>;
  /** Body for `POST /api/deviceProfile`, JSON; empty where no device authority is given. */
  readonly deviceProfile: pulumi.Output<string>;

  constructor(
    name: string,
    args: ThingsBoardMqttArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ThingsBoardMqtt", name, {}, opts);
    const child: ObjectOptions = {
      parent: this,
      ...(args.provider !== undefined && { provider: args.provider }),
    };

    const configMapName =
      args.configMapName ?? pulumi.interpolate`${args.server.secretName}-env`;
    this.environment = environmentOf(name, args);
    this.configMapName = createConfigMap(
      `${name}-env`,
      checkedName(
        args.namespace,
        configMapName,
        { component: name, namespace: "namespace", name: "configMapName" },
        ownedByThingsBoard,
      ),
      this.environment,
      child,
    ).metadata.name;
    this.bundleConfigMapName = this.publishBundle(
      name,
      args,
      configMapName,
      child,
    );
    this.environmentSecretName = createPassphraseSecret(name, args, child);
    this.deviceProfile = deviceProfileOf(args);
    this.registerOutputs({
      configMapName: this.configMapName,
      bundleConfigMapName: this.bundleConfigMapName,
      environmentSecretName: this.environmentSecretName,
      environment: this.environment,
      deviceProfile: this.deviceProfile,
    });
  }

  private publishBundle(
    name: string,
    { server, namespace, bundleConfigMapName }: ThingsBoardMqttArgs,
    other: pulumi.Input<string>,
    opts: ObjectOptions,
  ): pulumi.Output<string> {
    const object = checkedName(
      namespace,
      bundleConfigMapName ?? "mqtt-ca-bundle",
      { component: name, namespace: "namespace", name: "bundleConfigMapName" },
      ownedByThingsBoard,
      [other],
    );
    const configMap = createConfigMap(
      `${name}-ca-bundle`,
      object,
      { "ca-bundle.pem": server.trustAnchorsPem },
      opts,
      bundleAnnotations(server),
    );
    rememberPublication(
      configMap,
      `${name}-ca-bundle-publication`,
      pulumi.interpolate`${object.name} in ${object.namespace}`,
      server,
      this,
    );
    return configMap.metadata.name;
  }
}

/** Below which component its objects stand, and by whom they are made. */
interface ObjectOptions {
  readonly parent: pulumi.Resource;
  readonly provider?: kubernetes.Provider;
}

/** ConfigMaps of ThingsBoard's and TBMQ's own manifests: writing them would take the broker's configuration away. */
const THINGSBOARD_CONFIG_MAPS = [
  "tb-mqtt-transport-config",
  "tb-http-transport-config",
  "tb-coap-transport-config",
  "tb-lwm2m-transport-config",
  "tb-snmp-transport-config",
  "tb-node-config",
  "tb-node-db-config",
  "tb-kafka-config",
  "tb-cache-config",
  "tb-redis-config",
  "tb-zookeeper-config",
  "tb-js-executor-config",
  "tb-web-ui-config",
  "tb-edqs-config",
  "tb-vc-executor-config",
  "tb-mqtts-config",
  "tbmq-mqtts-config",
  "tbmq-node-mqtts-config",
];

function ownedByThingsBoard(name: string): string | undefined {
  return THINGSBOARD_CONFIG_MAPS.includes(name)
    ? `${JSON.stringify(name)} is a ConfigMap of ThingsBoard's own manifests; choose another name, such as "tb-mqtts-env".`
    : undefined;
}

function createConfigMap(
  name: string,
  object: ReturnType<typeof checkedName>,
  data: pulumi.Input<Record<string, pulumi.Input<string>>>,
  opts: ObjectOptions,
  annotations?: Record<string, pulumi.Input<string>>,
): kubernetes.core.v1.ConfigMap {
  warnOfOtherOwners(
    opts.provider,
    { apiVersion: "v1", kind: "ConfigMap", ...object },
    opts.parent,
  );
  return new kubernetes.core.v1.ConfigMap(
    name,
    {
      metadata: {
        ...object,
        labels: LABELS,
        ...(annotations !== undefined && { annotations }),
      },
      data,
    },
    opts,
  );
}

/** Of its own: mounted beside the key, the passphrase would guard nothing. */
function createPassphraseSecret(
  component: string,
  args: ThingsBoardMqttArgs,
  opts: ObjectOptions,
): pulumi.Output<string> {
  const { keyPassphrase, secretName } = args.server;
  if (keyPassphrase === undefined) {
    return pulumi.output("");
  }
  const object = checkedName(
    args.namespace,
    args.environmentSecretName ?? pulumi.interpolate`${secretName}-env`,
    { component, namespace: "namespace", name: "environmentSecretName" },
    undefined,
    [secretName],
  );
  const password = pulumi.output(keyPassphrase).apply((text) => {
    if (/[$#]\{/.test(text)) {
      throw new pulumi.RunError(
        `${component}: server.keyPassphrase: holds "\${" or "#{", in which ThingsBoard would look for the name of a variable; use letters and digits.`,
      );
    }
    return text;
  });
  warnOfOtherOwners(
    opts.provider,
    { apiVersion: "v1", kind: "Secret", ...object },
    opts.parent,
  );
  return new kubernetes.core.v1.Secret(
    `${component}-key-password`,
    {
      metadata: { ...object, labels: LABELS },
      type: "Opaque",
      data: secretData({ MQTT_SSL_PEM_KEY_PASSWORD: password }),
    },
    opts,
  ).metadata.name;
}

function environmentOf(
  component: string,
  args: ThingsBoardMqttArgs,
): pulumi.Output<Record<string, string>> {
  return pulumi
    .all([
      args.mountPath ?? "/ssl-config",
      args.bindPort ?? 8883,
      args.skipClientValidityCheck ?? false,
    ])
    .apply(
      ([mountPath, bindPort, skipClientValidityCheck]): Record<
        string,
        string
      > => {
        const problems: string[] = [];
        if (!/^\/[^\s]*[^/\s]$/.test(mountPath)) {
          problems.push(
            `mountPath: ${JSON.stringify(mountPath)} is no absolute path; ThingsBoard reloads files under absolute paths only. Write "/ssl-config".`,
          );
        }
        if (!Number.isInteger(bindPort) || bindPort < 1 || bindPort > 65535) {
          problems.push(
            `bindPort: ${bindPort} is no port; write 1 to 65535, usually 8883.`,
          );
        }
        if (problems.length > 0) {
          throw new pulumi.RunError(
            problems.map((text) => `${component}: ${text}`).join("\n"),
          );
        }
        return {
          MQTT_SSL_ENABLED: "true",
          MQTT_SSL_BIND_PORT: String(bindPort),
          MQTT_SSL_CREDENTIALS_TYPE: "PEM",
          MQTT_SSL_PEM_CERT: `${mountPath}/server.pem`,
          MQTT_SSL_PEM_KEY: `${mountPath}/mqttserver_key.pem`,
          // The default is not empty, and ThingsBoard would try it on our key.
          ...(args.server.keyPassphrase === undefined && {
            MQTT_SSL_PEM_KEY_PASSWORD: "",
          }),
          MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: String(
            skipClientValidityCheck,
          ),
        };
      },
    );
}

function deviceProfileOf(args: ThingsBoardMqttArgs): pulumi.Output<string> {
  const authority = args.deviceAuthority;
  if (authority === undefined) {
    return pulumi.output("");
  }
  return pulumi
    .all([authority.certificatePem, args.deviceProfileName ?? "mqtt-x509"])
    .apply(([certificatePem, name]) =>
      JSON.stringify({
        name,
        type: "DEFAULT",
        transportType: "DEFAULT",
        provisionType: "X509_CERTIFICATE_CHAIN",
        profileData: {
          configuration: { type: "DEFAULT" },
          transportConfiguration: { type: "DEFAULT" },
          provisionConfiguration: {
            type: "X509_CERTIFICATE_CHAIN",
            provisionDeviceSecret: certificatePem,
            certificateRegExPattern: "(.*)",
            allowCreateNewDevicesByX509Certificate: true,
          },
        },
      }),
    );
}
