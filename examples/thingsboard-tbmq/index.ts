import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  DeviceConnection,
  DevicePlatform,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  ThingsBoardManifest,
  ThingsBoardMqtt,
  ThingsBoardProduct,
  ThingsBoardWorkload,
} from "mqtt-pki";

const config = new pulumi.Config();
const host = config.require("host");

/** The keys of the CAs outlive a `destroy`, unless the configuration says otherwise. */
const authority = { protect: config.getBoolean("protect") ?? true };

/** TBMQ as its manifests have made it; this program patches it. */
const workloads = [{ kind: "StatefulSet", name: "tbmq" }];

// Which cluster, or a folder: `mqtt-pki:*` in the stack's configuration.
const { provider, namespace, renderDirectory } = KubernetesTarget.fromConfig(
  "kubernetes",
  { workloads },
);

// One root for server and devices: TBMQ validates devices by the certificates of its own server.pem, and Java tells
// a device's certificate from a server's by its extended key usage.
const root = new RootCA(
  "root",
  { subject: { organization: "Example", commonName: "Example Root CA" } },
  authority,
);
const serverCA = new IntermediateCA(
  "server-ca",
  {
    issuer: root,
    subject: { organization: "Example", commonName: "Example Server CA" },
  },
  authority,
);
// Without a Secret: TBMQ's own one, below, has the root as well.
const server = new ServerCertificate("server", {
  issuer: serverCA,
  subject: { commonName: host },
});
const deviceCA = new IntermediateCA(
  "device-ca",
  {
    issuer: root,
    subject: { organization: "Example", commonName: "Example Device CA" },
  },
  authority,
);
const devices = new DeviceCertificateBatch("devices", {
  issuer: deviceCA,
  manifest: "devices.csv",
  output: { directory: `${renderDirectory}/devices` },
});

const tbmq = new ThingsBoardMqtt("tbmq", {
  product: ThingsBoardProduct.Tbmq,
  server,
  namespace,
  // Refused in the preview where TBMQ would not know its devices.
  deviceAuthority: deviceCA,
  brokerSecretName: "tbmq-mqtts",
  configMapName: "tbmq-mqtts-env",
  provider,
});
const workload = new ThingsBoardWorkload("tbmq", {
  mqtt: tbmq,
  manifest: ThingsBoardManifest.Tbmq,
  namespace,
  provider,
});

// What a device needs to connect: a command to paste, scripts, a C header with the root.
const connection = new DeviceConnection("connection", {
  platform: DevicePlatform.Broker,
  host,
  trustAnchorsPem: root.trustAnchorsPem,
  batch: devices,
  devices: ["thermometer-01"],
  directory: `${renderDirectory}/connection`,
});

/** For the firmware of devices. */
export const trustAnchors = root.trustAnchorsPem;
/** Folder of the Kustomize overlay; empty where a cluster is patched. */
export const overlay = workload.kustomizeDirectory;
/** What was issued, for whom, until when. */
export const inventory = pulumi.interpolate`${devices.outputDirectory}/inventory.csv`;
/** How devices connect, with a README. */
export const connectionDirectory = connection.directory;
