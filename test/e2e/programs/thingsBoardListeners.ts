import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
  ThingsBoardCredentials,
  ThingsBoardMqtt,
  ThingsBoardProduct,
  TrustBundle,
} from "../../../components";

// ThingsBoard and TBMQ with key stores, TBMQ with an encrypted key, and each listener that there is; devices of two
// roots.

const config = new pulumi.Config("mqtt-pki-demo");
const password = pulumi.secret(config.require("password"));
const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "out",
  enableSecretMutable: true,
  enableConfigMapMutable: true,
});
const namespace = "default";
const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const deviceRoot = new RootCA("device-root", {
  subject: { commonName: "Device Root CA" },
  trustedBy: "brokers",
});
const sharedDeviceCA = new IntermediateCA("shared-device-ca", {
  issuer: root,
  subject: { commonName: "Device CA below the server's root" },
});
const issuer = new IntermediateCA("server-ca", {
  issuer: root,
  subject: { commonName: "Server CA" },
});
for (const [name, authority] of Object.entries({
  own: deviceRoot,
  shared: sharedDeviceCA,
})) {
  new DeviceCertificateBatch(`devices-${name}`, {
    issuer: authority,
    devices: [{ id: `device-${name}` }],
    includeRoot: true,
    output: { directory: `out/${name}` },
  });
}
const subject = { commonName: "mqtt.example.com" };

const server = new ServerCertificate("server", {
  issuer,
  subject,
  kubernetes: { namespace, secretName: "broker", provider },
});
const encrypted = new ServerCertificate("encrypted", {
  issuer,
  subject,
  kubernetes: {
    namespace,
    secretName: "encrypted",
    aliases: true,
    keyPassphrase: password,
    provider,
  },
});
const old = new ServerCertificate("old", {
  issuer,
  subject,
  key: { algorithm: "RSA" },
  kubernetes: { namespace, secretName: "old", aliases: true, provider },
});
const roots = new TrustBundle("device-roots", {
  authority: deviceRoot,
  namespace,
  configMapName: "device-roots",
  provider,
});
const keystore = { password };
const credentialsType = ThingsBoardCredentials.Keystore;

new ThingsBoardMqtt("store", {
  server,
  namespace,
  credentialsType,
  keystore,
  bundleConfigMapName: "store-roots",
  provider,
});
new ThingsBoardMqtt("tbmq-store", {
  product: ThingsBoardProduct.Tbmq,
  server,
  namespace,
  credentialsType,
  keystore: { password, secretName: "tbmq-store" },
  configMapName: "tbmq-store-env",
  environmentSecretName: "tbmq-store-passwords",
  bundleConfigMapName: "tbmq-store-roots",
  deviceAuthority: deviceRoot,
  provider,
});
new ThingsBoardMqtt("tbmq", {
  product: ThingsBoardProduct.Tbmq,
  server: encrypted,
  namespace,
  bundleConfigMapName: "tbmq-roots",
  // Of another root where the configuration says so, which the preview refuses.
  deviceAuthority:
    config.getBoolean("strangeDevices") === true ? deviceRoot : sharedDeviceCA,
  wss: {},
  provider,
});
new ThingsBoardMqtt("everything", {
  server: old,
  namespace,
  version: "4.3.1.2",
  bundleConfigMapName: "everything-roots",
  deviceAuthority: deviceRoot,
  http: {},
  coap: { server },
  lwm2m: { server, bootstrap: true, deviceRoots: roots },
  edgeRpc: {},
  connectivity: { host: "mqtt.example.com" },
  provider,
});
