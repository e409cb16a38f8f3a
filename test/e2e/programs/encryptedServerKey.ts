import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  RootCA,
  ServerCertificate,
  ThingsBoardMqtt,
} from "../../../components";

// ThingsBoard's broker, its key encrypted where the configuration has a passphrase.

const keyPassphrase = new pulumi.Config("mqtt-pki-demo").get("keyPassphrase");
const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "out",
  enableSecretMutable: true,
  enableConfigMapMutable: true,
});
const server = new ServerCertificate("server", {
  issuer: new RootCA("root", { subject: { commonName: "Root CA" } }),
  subject: { commonName: "mqtt.example.com" },
  kubernetes: {
    namespace: "default",
    secretName: "broker",
    aliases: true,
    provider,
    ...(keyPassphrase !== undefined && { keyPassphrase }),
  },
});
new ThingsBoardMqtt("thingsboard", { server, namespace: "default", provider });
