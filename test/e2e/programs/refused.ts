import { readFileSync } from "node:fs";
import * as kubernetes from "@pulumi/kubernetes";
import * as tls from "@pulumi/tls";
import {
  Certificate,
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
  ThingsBoardMqtt,
} from "../../../components";

// What the demo's configuration cannot ask for; each of these resources is refused for one reason.

const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "out",
});

new IntermediateCA("below-a-server", {
  issuer: {
    certificatePem: readFileSync("server.pem", "utf8"),
    chainPem: "",
    trustAnchorsPem: readFileSync("server.pem", "utf8"),
    signer: { privateKeyPem: readFileSync("server-key.pem", "utf8") },
  },
  subject: { commonName: "CA below a server" },
});

const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const upper = new IntermediateCA("upper", {
  issuer: root,
  subject: { commonName: "Upper CA" },
});
new IntermediateCA("below-path-length-0", {
  issuer: upper,
  subject: { commonName: "Lower CA" },
  validityDays: 100,
});

const key = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const { privateKeyPem } = new tls.PrivateKey("device", key);
new Certificate("device-with-a-colon", {
  profile: "device",
  subject: { commonName: "valve:1" },
  key,
  requestPem: new tls.CertRequest("device", { privateKeyPem }).certRequestPem,
  signer: {
    privateKeyPem: upper.signer.privateKeyPem,
    certificatePem: upper.certificatePem,
  },
  validityDays: 30,
});

const server = new ServerCertificate("server", {
  issuer: upper,
  subject: { commonName: "mqtt.example.com" },
});
const broker = {
  secretName: "tb-mqtts",
  trustAnchorsPem: server.trustAnchorsPem,
};
new ThingsBoardMqtt("environment-of-thingsboard", {
  server: broker,
  namespace: "thingsboard",
  configMapName: "tb-mqtts-config",
  provider,
});
new ThingsBoardMqtt("bundle-of-thingsboard", {
  server: broker,
  namespace: "thingsboard",
  configMapName: "mqtt-env",
  bundleConfigMapName: "tb-node-config",
  provider,
});

const batches = [
  { name: "missing-manifest", manifest: "none.csv" },
  { name: "malformed-rows", manifest: "malformed.csv" },
  { name: "open-quotation", manifest: "quotation.csv" },
  { name: "unknown-column", manifest: "column.csv" },
  { name: "too-many", manifest: "many.csv" },
  { name: "below-a-file", manifest: "good.csv", folder: "good.csv/devices" },
  { name: "forbidden", manifest: "good.csv", folder: "forbidden/devices" },
];
for (const { name, manifest, folder } of batches) {
  new DeviceCertificateBatch(name, {
    issuer: upper,
    manifest,
    output: {
      directory: folder ?? `out/${name}`,
      kubernetes: { namespace: "thingsboard", secretName: name, provider },
    },
  });
}
