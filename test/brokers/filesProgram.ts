import * as pulumi from "@pulumi/pulumi";
import {
  BrokerConfiguration,
  BrokerKind,
  DeviceCertificateBatch,
  RootCA,
  ServerCertificate,
  TrustedBy,
} from "../../components";

// A mosquitto on a machine of its own: no object of Kubernetes, files alone.

const config = new pulumi.Config("mqtt-pki-demo");
const folder = config.require("folder");
const crlPem = config.get("crlPem");
const unprotected = { protect: false };

const serverRoot = new RootCA(
  "server-root",
  { subject: { commonName: "Server Root CA" } },
  unprotected,
);
const deviceRoot = new RootCA(
  "device-root",
  {
    subject: { commonName: "Device Root CA" },
    trustedBy: TrustedBy.Brokers,
  },
  unprotected,
);
new DeviceCertificateBatch("devices", {
  issuer: deviceRoot,
  devices: [{ id: "sensor-1" }],
  output: { directory: "out/devices" },
});
const server = new ServerCertificate("server", {
  issuer: serverRoot,
  subject: { commonName: "mqtt.example.com" },
  dnsNames: ["localhost"],
});
const broker = new BrokerConfiguration("mosquitto", {
  broker: BrokerKind.Mosquitto,
  server,
  deviceAuthority: deviceRoot,
  port: config.requireNumber("port"),
  address: "127.0.0.1",
  ...(crlPem !== undefined && { crlPem }),
  paths: {
    server: `${folder}/server`,
    trust: `${folder}/device-roots`,
    crl: `${folder}/crl`,
    configuration: `${folder}/configuration`,
    data: `${folder}/data`,
  },
  output: {
    directory: "out/mosquitto",
    privateKey: config.getBoolean("privateKey") ?? false,
  },
});

/** What devices know the broker by. */
export const serverAnchors = serverRoot.trustAnchorsPem;
export const paths = broker.paths;
