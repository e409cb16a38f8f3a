import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
} from "mqtt-pki";

const host = new pulumi.Config().require("host");

// Leave the first two lines out to deploy to the cluster of your kubeconfig.
const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "rendered",
  kubeconfig: "",
  enableSecretMutable: true,
  enableConfigMapMutable: true,
});

const root = new RootCA("root", {
  subject: { organization: "Example", commonName: "Example Root CA" },
});
const serverCA = new IntermediateCA("server-ca", {
  issuer: root,
  subject: { organization: "Example", commonName: "Example Server CA" },
});
new ServerCertificate("server", {
  issuer: serverCA,
  subject: { commonName: host },
  kubernetes: { namespace: "mqtt", secretName: "broker-tls", provider },
});

const deviceRoot = new RootCA("device-root", {
  subject: { organization: "Example", commonName: "Example Device Root CA" },
});
new DeviceCertificateBatch("devices", {
  issuer: deviceRoot,
  devices: [{ id: "sensor-1" }, { id: "sensor-2", validityDays: 90 }],
  output: { directory: "rendered/devices" },
});

/** For the firmware. */
export const trustAnchors = root.trustAnchorsPem;
