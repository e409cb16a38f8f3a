import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustBundle,
  TrustedBy,
} from "mqtt-pki";

const config = new pulumi.Config();
const host = config.require("host");

/** The keys of the CAs outlive a `destroy`, unless the configuration says otherwise. */
const authority = { protect: config.getBoolean("protect") ?? true };

/** The Deployment of broker.yaml: mosquitto reads its files when it starts. */
const broker = { kind: "Deployment", name: "mosquitto" };

// Which cluster, and as whom: `mqtt-pki:*` in the stack's configuration.
const { provider, namespace } = KubernetesTarget.fromConfig("kubernetes", {
  workloads: [broker],
});

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
new ServerCertificate("server", {
  issuer: serverCA,
  subject: { commonName: host },
  kubernetes: {
    namespace,
    secretName: "broker-tls",
    provider,
    restart: [broker],
  },
});

const deviceRoot = new RootCA(
  "device-root",
  {
    subject: { organization: "Example", commonName: "Example Device Root CA" },
    trustedBy: TrustedBy.Brokers,
  },
  authority,
);
new TrustBundle("device-roots", {
  authority: deviceRoot,
  namespace,
  configMapName: "device-roots",
  provider,
  restart: [broker],
});
new DeviceCertificateBatch("devices", {
  issuer: deviceRoot,
  devices: [{ id: "sensor-1" }],
  output: { directory: "devices" },
});

/** For the firmware of devices. */
export const trustAnchors = serverRoot.trustAnchorsPem;
