import { z } from "zod";

const workloadSchema = z.strictObject({
  /** Of the component. */
  name: z.string(),
  manifest: z.string().exactOptional(),
  workload: z
    .strictObject({
      kind: z.string().exactOptional(),
      name: z.string().exactOptional(),
      container: z.string().exactOptional(),
    })
    .exactOptional(),
  namespace: z.string(),
  service: z.string().exactOptional(),
  keyFileAccess: z.string().exactOptional(),
  base: z.string().exactOptional(),
  takeOver: z.boolean().exactOptional(),
  /** Whether it is TBMQ, whose variables have other names. */
  tbmq: z.boolean().default(false),
});

export const MOUNT_PATH = "/ssl-config";

/** What a case wants of the program, in the stack's configuration. */
export const workloadSettingsSchema = z.strictObject({
  workloads: z.array(workloadSchema).default([]),
  /** Whose permissions the target checks. */
  accessed: z
    .array(
      z.strictObject({
        kind: z.string(),
        name: z.string(),
        namespace: z.string(),
      }),
    )
    .default([]),
  /** The version of ThingsBoard for which a `ThingsBoardMqtt` says what is to be there; without, it is made up. */
  version: z.string().exactOptional(),
  /** Namespace of a `tb-mqtt-transport` that the Kubernetes provider's own patch gives a variable. */
  providerPatch: z.string().default(""),
  /** Host names in the broker's certificate. */
  dnsNames: z.array(z.string()).default(["mqtt.example.com"]),
  mountPath: z.string().default(MOUNT_PATH),
  /** Of the pods, as a version has it that does not reload certificates. */
  checksum: z.string().default("first"),
});

/** See {@link workloadSettingsSchema}. */
export type WorkloadSettings = z.infer<typeof workloadSettingsSchema>;

/** What a case says of them. */
export type GivenWorkloadSettings = z.input<typeof workloadSettingsSchema>;

/** What a `ThingsBoardMqtt` would hand to the workload. */
export function mqttSettings(
  isTbmq: boolean,
  mountPath: string,
  checksum: string,
) {
  const prefix = isTbmq ? "LISTENER_SSL" : "MQTT_SSL";
  return {
    secretName: "broker-tls",
    environment: {
      [`${prefix}_ENABLED`]: "true",
      [`${prefix}_BIND_PORT`]: "8883",
      [`${prefix}_CREDENTIALS_TYPE`]: "PEM",
      [`${prefix}_PEM_CERT`]: `${mountPath}/server.pem`,
      [`${prefix}_PEM_KEY`]: `${mountPath}/mqttserver_key.pem`,
    },
    configMapName: "broker-tls-env",
    secretEnvironmentNames: [`${prefix}_PEM_KEY_PASSWORD`],
    environmentSecretName: "broker-tls-env",
    connectivityEnvironment: {
      DEVICE_CONNECTIVITY_MQTTS_ENABLED: "true",
      DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT: "/mqtt-ca/ca-bundle.pem",
    },
    connectivityConfigMapName: "broker-tls-connectivity",
    mounts: [
      {
        name: "mqtt-pki-mqtts",
        kind: "Secret",
        objectName: "broker-tls",
        mountPath,
        listeners: ["mqtt"],
      },
      {
        name: "mqtt-pki-ca",
        kind: "ConfigMap",
        objectName: "mqtt-ca-bundle",
        mountPath: "/mqtt-ca",
        listeners: ["connectivity"],
      },
    ],
    ports: { mqtts: 8883 },
    podAnnotations: { "mqtt-pki/certificate-sha256": checksum },
    configurationAnnotations: { "mqtt-pki/configuration-sha256": "first" },
  };
}
