import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BrokerSettings } from "../platforms/brokers";
import type { BrokerConfigurationArgs } from "./brokerArgs";
import type { BrokerMaterial } from "./brokerMaterial";

/** Names of the objects that a broker's pod mounts; empty for what there is not. */
export interface BrokerPodParts {
  readonly server: pulumi.Output<string>;
  readonly configMap: pulumi.Output<string>;
  readonly bundle: pulumi.Output<string>;
  readonly crl: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
}

/** What goes into the template of a broker's pod. */
export interface BrokerPod {
  readonly volumes: pulumi.Output<kubernetes.types.input.core.v1.Volume[]>;
  readonly volumeMounts: pulumi.Output<
    kubernetes.types.input.core.v1.VolumeMount[]
  >;
  readonly env: pulumi.Output<kubernetes.types.input.core.v1.EnvVar[]>;
}

/** Group and owner may read: with `fsGroup`, the broker is of that group. */
const KEY_MODE = 0o440;

/** The parts of a pod's template by which it finds its files. */
export function brokerPod(
  { kubernetes: own }: BrokerConfigurationArgs,
  settings: pulumi.Output<BrokerSettings>,
  { made, secretEnvironment }: BrokerMaterial,
  parts: BrokerPodParts | undefined,
): BrokerPod {
  if (own === undefined || parts === undefined) {
    return {
      volumes: pulumi.output([]),
      volumeMounts: pulumi.output([]),
      env: pulumi.output([]),
    };
  }
  const places = pulumi
    .all([
      settings.paths,
      parts.server,
      parts.configMap,
      parts.bundle,
      parts.crl,
      parts.secret,
    ])
    .apply(([paths, server, configMap, bundle, crl, secret]) =>
      [
        place("configuration", paths.configuration, configMap, undefined),
        place("server", paths.server, undefined, server),
        place("device-roots", paths.trust, bundle, undefined),
        place("crl", paths.crl, crl, undefined),
        place("secret", paths.secret, undefined, secret),
      ].flat(),
    );
  return {
    volumes: places.apply((known) => known.map(({ volume }) => volume)),
    volumeMounts: places.apply((known) => known.map(({ mount }) => mount)),
    env: pulumi
      .all([
        made.environment,
        // The names of variables are no secret, and an object that were secret as a whole could not be read by anyone.
        pulumi.unsecret(secretEnvironment.apply(Object.keys)),
        parts.secret,
      ])
      .apply(([plain, names, secret]) => [
        ...Object.entries(plain).map(([name, value]) => ({ name, value })),
        ...names.map((name) => ({
          name,
          valueFrom: { secretKeyRef: { name: secret, key: name } },
        })),
      ]),
  };
}

interface Place {
  readonly volume: kubernetes.types.input.core.v1.Volume;
  readonly mount: kubernetes.types.input.core.v1.VolumeMount;
}

/** One volume with its mount; none where there is no object of that name. */
function place(
  name: string,
  mountPath: string,
  configMap: string | undefined,
  secretName: string | undefined,
): Place[] {
  const volume = `mqtt-pki-${name}`;
  return (configMap ?? secretName ?? "") === ""
    ? []
    : [
        {
          volume: {
            name: volume,
            ...(configMap !== undefined && { configMap: { name: configMap } }),
            ...(secretName !== undefined && {
              secret: { secretName, defaultMode: KEY_MODE },
            }),
          },
          mount: { name: volume, mountPath, readOnly: true },
        },
      ];
}
