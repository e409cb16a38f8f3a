import * as kubernetes from "@pulumi/kubernetes";
import {
  Keystore,
  KeystoreFormat,
  RootCA,
  ServerCertificate,
} from "../../../components";

// A broker that reads its certificate from a key store, and clients that know it by a trust store.

const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "out",
});
const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const server = new ServerCertificate("server", {
  issuer: root,
  subject: { commonName: "mqtt.example.com" },
});
const key = new Keystore("key-store", {
  format: KeystoreFormat.Pkcs12,
  privateKeyPem: server.privateKeyPem,
  chainPem: server.chainPem,
  password: "store-password-of-the-test",
});
const trust = new Keystore("trust-store", {
  format: KeystoreFormat.Jks,
  trustAnchorsPem: root.trustAnchorsPem,
  password: "store-password-of-the-test",
});
new kubernetes.core.v1.Secret(
  "stores",
  {
    metadata: { namespace: "default", name: "stores" },
    data: {
      "keystore.p12": key.contentBase64,
      "truststore.jks": trust.contentBase64,
    },
  },
  { provider },
);

export const entries = [key.entries, trust.entries];
