import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustBundle,
} from "../../../../components";
import type { Settings } from "./settings";
import {
  BUNDLE,
  DEVICE_SECRETS,
  SERVER_SECRET,
  SETTINGS_KEY,
  settingsSchema,
} from "./settings";

// A broker's certificate, trust bundles and device Secrets on clusters, as many of each as a case asks for.

const [project = "", key = ""] = SETTINGS_KEY.split(":");
const settings = settingsSchema.parse(
  new pulumi.Config(project).requireObject(key),
);

/** The first generation has the subject of its CA, each later one its id in its own. */
function generations({ generations: states }: Settings) {
  return (
    states !== undefined && {
      generations: Object.fromEntries(
        Object.entries(states).map(([id, state]) => [
          id,
          id === "2026a"
            ? { state }
            : { state, subject: { commonName: `Root CA ${id}` } },
        ]),
      ),
    }
  );
}

/** So many that no Secret is left without. */
const DEVICES_EACH = 12;

/** The stack of a case is destroyed at its end. */
const passing = { protect: false };

const root = new RootCA(
  "root",
  { subject: { commonName: "Root CA" }, ...generations(settings) },
  passing,
);
const serverCA = new IntermediateCA(
  "server-ca",
  { issuer: root, subject: { commonName: "Server CA" } },
  passing,
);

function broker(
  name: string,
  secretName: string,
  { provider, namespace }: KubernetesTarget,
): void {
  new ServerCertificate(name, {
    issuer: serverCA,
    subject: { commonName: "mqtt.example.com" },
    dnsNames: settings.dnsNames,
    key: { algorithm: "ECDSA", ecdsaCurve: settings.curve },
    kubernetes: { namespace, secretName, provider },
  });
}

function bundles({ provider }: KubernetesTarget): void {
  for (let index = 0; index < settings.bundlesEach; index += 1) {
    new TrustBundle(`bundle-${index}`, {
      authority: root,
      namespaces: settings.bundles,
      configMapName: `${BUNDLE}-${index}`,
      provider,
    });
  }
}

function devices({ provider, namespace }: KubernetesTarget): void {
  new DeviceCertificateBatch("devices", {
    issuer: serverCA,
    range: {
      id: "meter-{number}",
      from: 1,
      to: settings.shards * DEVICES_EACH,
    },
    reissue: settings.reissue,
    output: {
      directory: "devices-issued",
      format: "files",
      kubernetes: {
        namespace,
        secretName: DEVICE_SECRETS,
        shards: settings.shards,
        provider,
      },
    },
  });
}

for (const { name, brokers, ...args } of settings.clusters) {
  const target = new KubernetesTarget(name, { target: "cluster", ...args });
  broker(name, SERVER_SECRET, target);
  for (let index = 1; index < brokers; index += 1) {
    broker(`${name}-${index}`, `${SERVER_SECRET}-${index}`, target);
  }
}
if (settings.clusters.length === 0) {
  const target = KubernetesTarget.fromConfig("kubernetes", {
    namespaces: settings.bundles,
  });
  broker("server", SERVER_SECRET, target);
  if (settings.bundles.length > 0) {
    bundles(target);
  }
  if (settings.shards > 0) {
    devices(target);
  }
}
