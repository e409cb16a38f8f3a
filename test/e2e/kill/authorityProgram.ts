import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
} from "../../../components";

// One of each of our components, so that an update takes no longer than it has to.

const config = new pulumi.Config("mqtt-pki-demo");
const { dnsNames } = config.requireObject<{ dnsNames: string[] }>("server");
const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "rendered",
});

// Its life ends with a destruction.
const mortal = { protect: false };
const root = new RootCA("root", { subject: { commonName: "Root CA" } }, mortal);
const issuer = new IntermediateCA(
  "ca",
  { issuer: root, subject: { commonName: "CA" } },
  mortal,
);
new ServerCertificate("server", {
  issuer,
  subject: { commonName: "mqtt.example.com" },
  dnsNames,
  kubernetes: { namespace: "fleet", secretName: "server", provider },
});
new DeviceCertificateBatch("devices", {
  issuer,
  manifest: "devices/demo.csv",
  output: { directory: "rendered/devices" },
});
