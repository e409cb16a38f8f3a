import * as pulumi from "@pulumi/pulumi";
import {
  CertManagerIssuer,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustBundle,
  certManagerSecret,
} from "../../../components";
import type { RestartArgs } from "../../../components";

// What a cluster is given beside a broker's Secret, as much of it as a test asks for.

/** What a test wants of the program. */
export interface Wanted {
  readonly host?: string;
  /** Namespaces of the trust bundle beside the first. */
  readonly namespaces?: string[];
  readonly clusterTrustBundle?: { name: string; signerName?: string };
  readonly restart?: RestartArgs[];
  /** States of the generations of cert-manager's CA, by id; the first has the CA's own subject. */
  readonly generations?: Record<string, string>;
  readonly certManager?: "intermediate" | "root" | "without its key";
  /** Name of a Secret of cert-manager, with a CA to issue below. */
  readonly read?: string;
  /** Secrets that the program reads are allowed for, too. */
  readonly secretName?: string;
}

const config = new pulumi.Config("distribution");
const wanted = config.requireObject<Wanted>("wanted");
const { provider, namespace } = KubernetesTarget.fromConfig();
/** The stack of a test is destroyed at its end. */
const passing = { protect: false };

const root = new RootCA("root", { subject: { commonName: "Root" } }, passing);
const restart = wanted.restart ?? [];
const server = new ServerCertificate("server", {
  issuer: root,
  subject: { commonName: wanted.host ?? "mqtt.example.com" },
  kubernetes: {
    namespace,
    secretName: wanted.secretName ?? "broker-tls",
    provider,
    restart,
  },
});
new TrustBundle("roots", {
  authority: root,
  namespace,
  namespaces: wanted.namespaces ?? [],
  configMapName: "mqtt-roots",
  provider,
  ...(wanted.clusterTrustBundle !== undefined && {
    clusterTrustBundle: wanted.clusterTrustBundle,
  }),
  restart: restart.map((one) => ({
    ...one,
    namespace: config.require("namespace"),
  })),
});

function clusterCA(): IntermediateCA | RootCA {
  if (wanted.certManager === "root") {
    return root;
  }
  return new IntermediateCA(
    "cluster-ca",
    {
      issuer: root,
      subject: { commonName: "Cluster CA" },
      nameConstraints: { permittedDnsNames: ["svc.example.com"] },
      generations: Object.fromEntries(
        Object.entries(wanted.generations ?? { "2026a": "active" }).map(
          ([id, state], index) => [
            id,
            index === 0
              ? { state }
              : { state, subject: { commonName: `Cluster CA ${id}` } },
          ],
        ),
      ),
    },
    passing,
  );
}

if (wanted.certManager !== undefined) {
  const issuer = clusterCA();
  const withoutKey = { signer: { privateKeyPem: "" } };
  const { certificatePem, chainPem, trustAnchorsPem } = issuer;
  new CertManagerIssuer("cert-manager", {
    issuer:
      wanted.certManager === "without its key"
        ? { certificatePem, chainPem, trustAnchorsPem, ...withoutKey }
        : issuer,
    namespace,
    secretName: "cluster-ca",
    object: { name: "cluster-ca" },
    provider,
  });
}

if (wanted.read !== undefined) {
  const existing = certManagerSecret("made", {
    namespace,
    secretName: wanted.read,
    provider,
  });
  new ServerCertificate("below", {
    issuer: new RootCA("adopted", { existing }, passing),
    subject: { commonName: "other.example.com" },
    validityDays: 30,
  });
}

export const { podAnnotations } = server;
