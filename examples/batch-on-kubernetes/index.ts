import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DeviceBatchJob, IntermediateCA, RootCA } from "mqtt-pki";

const config = new pulumi.Config();
const isRendered = config.require("target") === "render";
const name = "gateways";
const namespace = "pki";

const provider = new kubernetes.Provider("kubernetes", {
  ...(isRendered && { renderYamlToDirectory: "rendered", kubeconfig: "" }),
  enableSecretMutable: true,
  enableConfigMapMutable: true,
});

const root = new RootCA("root", {
  subject: { organization: "Example", commonName: "Example Device Root CA" },
});
const gatewayCA = new IntermediateCA("gateway-ca", {
  issuer: root,
  subject: { organization: "Example", commonName: "Example Gateway CA" },
});

const pki = new kubernetes.core.v1.Namespace(
  "namespace",
  {
    metadata: {
      name: namespace,
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    },
  },
  // With the namespace, everything in it would go.
  { provider, retainOnDelete: true },
);

// Inventories and private keys: a destroyed stack leaves them where they are, and another size makes no other volume.
const volume = new kubernetes.core.v1.PersistentVolumeClaim(
  "volume",
  {
    metadata: {
      name,
      namespace: pki.metadata.name,
      // Some storage binds when the first pod comes, which waits for this.
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: config.get("storage") ?? "5Gi" } },
      ...(config.get("storageClass") !== undefined && {
        storageClassName: config.require("storageClass"),
      }),
    },
  },
  { provider, retainOnDelete: true, ignoreChanges: ["spec"] },
);

const gateways = new DeviceBatchJob(name, {
  issuer: gatewayCA,
  range: {
    id: "gateway-{number}",
    from: 1,
    to: config.requireNumber("devices"),
    digits: 7,
  },
  profile: {
    subject: { organization: "Example" },
    key: { algorithm: "RSA", rsaBits: 3072 },
    validityDays: 3 * 365,
  },
  ...(config.get("recipient") !== undefined && {
    seal: { recipients: [config.require("recipient")] },
  }),
  pods: {
    namespace: pki.metadata.name,
    jobName: name,
    image: config.require("image"),
    claimName: volume.metadata.name,
    shards: config.requireNumber("shards"),
    resources: {
      requests: { cpu: "4", memory: "1Gi" },
      limits: { cpu: "4", memory: "1Gi" },
    },
    provider,
  },
  ...(config.get("run") !== undefined && { run: config.require("run") }),
  ...(isRendered && { collect: false }),
});

/** One digest over all shards; empty while nothing but files is rendered. */
export const digest = gateways.digest;
export const count = gateways.count;
/** When to set `run` to a new text, for renewals. */
export const renewsFirst = gateways.renewsFirst;
export const trustAnchors = root.trustAnchorsPem;
