import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DeviceConnectionArgs } from "../../../components";
import {
  DeviceCertificateBatch,
  DeviceConnection,
  RootCA,
  ServerCertificate,
} from "../../../components";

// A broker, two devices, and how they connect, with what the configuration says of it.

const config = new pulumi.Config("mqtt-pki-demo");
const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const server = new ServerCertificate("server", {
  issuer: root,
  subject: { commonName: "localhost" },
  dnsNames: ["localhost"],
  kubernetes: {
    namespace: "default",
    secretName: "broker",
    provider: new kubernetes.Provider("kubernetes", {
      renderYamlToDirectory: "out",
      enableSecretMutable: true,
    }),
  },
});
const devices = new DeviceCertificateBatch("devices", {
  issuer: root,
  devices: [{ id: "Valve-1" }, { id: "site/valve-2" }],
  output: {
    directory: "devices-out",
    keystore: { password: pulumi.secret("key store password") },
  },
});
new DeviceConnection("connection", {
  host: "localhost",
  trustAnchorsPem: server.trustAnchorsPem,
  batch: devices,
  directory: "connection",
  ...config.getObject<Partial<DeviceConnectionArgs>>("connection"),
});
