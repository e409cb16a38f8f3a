import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { IntermediateCA, RootCA, ServerCertificate } from "../../../components";
import { createServerSecret } from "../../../components/serverSecret";
import type { Certificate } from "../../../resources";

// The Secret of a broker: where the configuration says so, with a chain that holds the CA twice, which ThingsBoard does
// not start with. No argument leads there, so it is made as ServerCertificate makes it.

const config = new pulumi.Config("mqtt-pki-demo");
const twice = config.getBoolean("twice") === true;
const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const ca = new IntermediateCA("ca", {
  issuer: root,
  subject: { commonName: "Server CA" },
});
const server = new ServerCertificate("server", {
  issuer: ca,
  subject: { commonName: "mqtt.example.com" },
});
const certificate = {
  fingerprintSha256: pulumi.output("none"),
  serialNumber: pulumi.output("none"),
  notAfter: server.notAfter,
} as unknown as Certificate;
createServerSecret(
  "broker",
  {
    certificate,
    chainPem: twice
      ? pulumi.concat(server.chainPem, ca.certificatePem)
      : server.chainPem,
    privateKeyPem: server.privateKeyPem,
    algorithm: pulumi.output("ECDSA"),
    keyPassphrase: undefined,
    trustAnchorsPem: server.trustAnchorsPem,
    activeGeneration: undefined,
    certificateSha256: pulumi.output("none"),
  },
  {
    namespace: "default",
    secretName: "broker",
    aliases: true,
    provider: new kubernetes.Provider("kubernetes", {
      renderYamlToDirectory: "out",
      enableSecretMutable: true,
    }),
  },
  server,
);
