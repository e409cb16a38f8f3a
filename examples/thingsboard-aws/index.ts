import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  DeviceConnection,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  ThingsBoardManifest,
  ThingsBoardMqtt,
  ThingsBoardOnboarding,
  ThingsBoardWorkload,
  TrustedBy,
} from "mqtt-pki";

const config = new pulumi.Config();
const host = config.require("host");

/** The keys of the CAs outlive a `destroy`, unless the configuration says otherwise. */
const authority = { protect: config.getBoolean("protect") ?? true };

/** What ThingsBoard's manifests have made, and this program patches. */
const workloads = [
  { kind: "StatefulSet", name: "tb-mqtt-transport" },
  { kind: "StatefulSet", name: "tb-node" },
];

// Which cluster, or a folder: `mqtt-pki:*` in the stack's configuration.
const { provider, namespace, renderDirectory } = KubernetesTarget.fromConfig(
  "kubernetes",
  { workloads },
);

// Devices trust this root, and nothing else.
const serverRoot = new RootCA(
  "server-root",
  {
    subject: { organization: "Example", commonName: "Example Server Root CA" },
  },
  authority,
);
const serverCA = new IntermediateCA(
  "server-ca",
  {
    issuer: serverRoot,
    subject: { organization: "Example", commonName: "Example Server CA" },
  },
  authority,
);
const server = new ServerCertificate("server", {
  issuer: serverCA,
  subject: { commonName: host },
  kubernetes: { namespace, secretName: "tb-mqtts", aliases: true, provider },
});

// Another root for devices: ThingsBoard looks at no extended key usage, and would take a server for a device.
const deviceRoot = new RootCA(
  "device-root",
  {
    subject: { organization: "Example", commonName: "Example Device Root CA" },
    trustedBy: TrustedBy.Brokers,
  },
  authority,
);
const deviceCA = new IntermediateCA(
  "device-ca",
  {
    issuer: deviceRoot,
    subject: { organization: "Example", commonName: "Example Device CA" },
  },
  authority,
);
const devices = new DeviceCertificateBatch("devices", {
  issuer: deviceCA,
  manifest: "devices.csv",
  output: { directory: `${renderDirectory}/devices` },
});

const thingsBoard = new ThingsBoardMqtt("thingsboard", {
  server,
  namespace,
  version: config.require("version"),
  deviceAuthority: deviceCA,
  // Shown in the web interface, with the root for download.
  connectivity: { host },
  provider,
});
const transport = new ThingsBoardWorkload("transport", {
  mqtt: thingsBoard,
  manifest: ThingsBoardManifest.AwsMicroservices,
  namespace,
  provider,
});
const node = new ThingsBoardWorkload("node", {
  mqtt: thingsBoard,
  manifest: ThingsBoardManifest.MicroservicesNode,
  namespace,
  provider,
});

// Without a server, as files for the web interface.
const onboarding = new ThingsBoardOnboarding("onboarding", {
  authority: deviceCA,
  batch: devices,
  directory: `${renderDirectory}/onboarding`,
});

// What a device needs to connect: a command to paste, scripts, a C header with the root.
const connection = new DeviceConnection("connection", {
  host,
  trustAnchorsPem: serverRoot.trustAnchorsPem,
  batch: devices,
  devices: ["thermometer-01"],
  directory: `${renderDirectory}/connection`,
});

/** For the firmware of devices. */
export const trustAnchors = serverRoot.trustAnchorsPem;
/** Folders of the Kustomize overlays; empty where a cluster is patched. */
export const overlays = [transport.kustomizeDirectory, node.kustomizeDirectory];
/** Where the device profile and the devices are, for ThingsBoard. */
export const onboardingDirectory = onboarding.directory;
/** How devices connect, with a README. */
export const connectionDirectory = connection.directory;
