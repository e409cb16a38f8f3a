import * as pulumi from "@pulumi/pulumi";
import {
  BrokerConfiguration,
  BrokerKind,
  ConfigurationFiles,
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustedBy,
} from "mqtt-pki";

const config = new pulumi.Config();
const host = config.require("host");
const organization = "Example";

/** The keys of the CAs outlive a `destroy`, unless the configuration says otherwise. */
const authority = { protect: config.getBoolean("protect") ?? true };

// YAML in a folder or a cluster: `mqtt-pki:*` in the stack's configuration.
const { provider, namespace, renderDirectory } =
  KubernetesTarget.fromConfig("kubernetes");

// Devices know the broker by this root.
const serverRoot = new RootCA(
  "server-root",
  { subject: { organization, commonName: "Example Server Root CA" } },
  authority,
);
const server = new ServerCertificate("server", {
  issuer: new IntermediateCA(
    "server-ca",
    {
      issuer: serverRoot,
      subject: { organization, commonName: "Example Server CA" },
    },
    authority,
  ),
  subject: { commonName: host },
  kubernetes: { namespace, secretName: "mosquitto-tls", provider },
});

// The broker knows devices by that one.
const deviceRoot = new RootCA(
  "device-root",
  {
    subject: { organization, commonName: "Example Device Root CA" },
    trustedBy: TrustedBy.Brokers,
  },
  authority,
);
new DeviceCertificateBatch("devices", {
  issuer: deviceRoot,
  devices: [{ id: "sensor-1" }, { id: "sensor-2" }],
  output: { directory: `${renderDirectory}/devices` },
});

const mosquitto = new BrokerConfiguration("mosquitto", {
  broker: BrokerKind.Mosquitto,
  server,
  deviceAuthority: deviceRoot,
  // Each device has the topics below its own id, and no others.
  topics: ["devices/{device}/#"],
  kubernetes: { namespace, provider },
});

const labels = { "app.kubernetes.io/name": "mosquitto" };
const metadata = { namespace, name: "mosquitto", labels };

/** The broker itself, for `kubectl apply`: of what it mounts, the names come from above. */
const broker = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata,
  spec: {
    // A second pod would be a second broker with messages of its own.
    replicas: 1,
    serviceName: "mosquitto",
    selector: { matchLabels: labels },
    template: {
      metadata: {
        labels,
        // The pod is replaced exactly when there is something that mosquitto does not take up by itself.
        annotations: mosquitto.podAnnotations,
      },
      spec: {
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: mosquitto.fsGroup,
          runAsGroup: mosquitto.fsGroup,
          fsGroup: mosquitto.fsGroup,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "mosquitto",
            image: "docker.io/library/eclipse-mosquitto:2",
            args: mosquitto.args,
            env: mosquitto.env,
            ports: [{ name: "mqtts", containerPort: 8883 }],
            readinessProbe: { tcpSocket: { port: "mqtts" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: mosquitto.volumeMounts.apply((mounts) => [
              ...mounts,
              { name: "data", mountPath: "/mosquitto/data" },
            ]),
          },
        ],
        volumes: mosquitto.volumes,
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "1Gi" } },
        },
      },
    ],
  },
};

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata,
  spec: {
    selector: labels,
    ports: [{ name: "mqtts", port: 8883, targetPort: "mqtts" }],
  },
};

new ConfigurationFiles("broker", {
  directory: `${renderDirectory}/broker`,
  files: {
    "statefulset.json": pulumi.jsonStringify(broker, undefined, 2),
    "service.json": pulumi.jsonStringify(service, undefined, 2),
  },
});

/** For the firmware of devices. */
export const trustAnchors = serverRoot.trustAnchorsPem;
/** What makes mosquitto take up a change. */
export const reloadHint = mosquitto.reloadHint;
/** What to know before relying on it. */
export const caveats = mosquitto.caveats;
