import { X509Certificate } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkedName, refuse } from "./kubernetes";
import { targetOf } from "./kubernetesTarget";
import { splitPem } from "./pemBlocks";

/** Arguments of {@link certManagerSecret}. */
export interface CertManagerSecretArgs {
  namespace: pulumi.Input<string>;
  /** Name of the Secret: `spec.secretName` of the `Certificate`. */
  secretName: pulumi.Input<string>;
  /** The provider that reads it, of a cluster. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** What cert-manager has put into a Secret. */
export interface CertManagerSecret {
  /** The certificate alone, PEM. */
  certificatePem: pulumi.Output<string>;
  /** As cert-manager wrote it: PKCS#1, SEC1 or PKCS#8, PEM; secret. */
  privateKeyPem: pulumi.Output<string>;
  /** The certificate and those above it, without a root. PEM. */
  chainPem: pulumi.Output<string>;
  /** `ca.crt`: the root, or where cert-manager does not know it the highest CA that it does; may be empty. PEM. */
  trustAnchorsPem: pulumi.Output<string>;
}

/**
 * Reads the Secret of a `Certificate` of cert-manager, in each preview and
 * update anew; for `existing` of a `RootCA` or an `IntermediateCA`, where
 * cert-manager has made the CA (`isCA: true`) and this package issues below it.
 *
 * When cert-manager renews that CA with its key, the next update takes the new
 * certificate over. With a new key it would be another CA, and is refused
 * (I10): give that `Certificate` `privateKey.rotationPolicy: Never`, since
 * `Always` is the default from cert-manager 1.18 on.
 *
 * @param name of the resource that is read
 * @throws RunError for a Secret that holds no certificate and key, with what it
 *   holds instead; for a provider that renders, since there is no cluster to read
 *
 * @example
 * ```ts
 * const made = certManagerSecret("cluster-root", {
 *   namespace: "cert-manager",
 *   secretName: "cluster-root",
 *   provider,
 * });
 * const root = new RootCA("cluster-root", { existing: made });
 * ```
 */
export function certManagerSecret(
  name: string,
  { namespace, secretName, provider }: CertManagerSecretArgs,
): CertManagerSecret {
  if (targetOf(provider)?.kind === "render") {
    refuse(name, [
      "provider: renders YAML, and there is no cluster to read from; give the provider of a KubernetesTarget that is a cluster, or the certificate and key themselves as existing.",
    ]);
  }
  const object = checkedName(namespace, secretName, {
    component: name,
    namespace: "namespace",
    name: "secretName",
  });
  const place = pulumi.interpolate`${object.namespace}/${object.name}`;
  const secret = kubernetes.core.v1.Secret.get(
    name,
    place,
    provider === undefined ? {} : { provider },
  );
  const read = pulumi
    .all([secret.data, place])
    .apply(([data, where]) => contentOf(name, where, data));
  return {
    // Certificates are public; what comes out of a Secret is none by itself.
    certificatePem: pulumi.unsecret(read.certificatePem),
    privateKeyPem: pulumi.secret(read.privateKeyPem),
    chainPem: pulumi.unsecret(read.chainPem),
    trustAnchorsPem: pulumi.unsecret(read.trustAnchorsPem),
  };
}

interface Content {
  certificatePem: string;
  privateKeyPem: string;
  chainPem: string;
  trustAnchorsPem: string;
}

function contentOf(
  component: string,
  where: string,
  data: Readonly<Record<string, string>> | undefined,
): Content {
  const text = (key: string): string =>
    Buffer.from(data?.[key] ?? "", "base64").toString("utf8");
  const held = Object.keys(data ?? {});
  const certificates = splitPem(text("tls.crt"));
  const problems = [
    ...(["tls.crt", "tls.key"] as const).flatMap((key) =>
      held.includes(key)
        ? []
        : [
            `secretName: ${where} has no ${key}${held.length === 0 ? "" : `, but ${held.sort().join(", ")}`}; name the Secret of a Certificate of cert-manager (spec.secretName), once that is ready.`,
          ],
    ),
  ];
  const [certificatePem = ""] = certificates;
  if (held.includes("tls.crt")) {
    problems.push(...certificateProblems(certificates, where));
  }
  if (
    held.includes("tls.key") &&
    !text("tls.key").includes("PRIVATE KEY-----")
  ) {
    problems.push(
      `secretName: tls.key of ${where} is no private key in PEM; name another Secret.`,
    );
  }
  refuse(component, problems);
  return {
    certificatePem,
    privateKeyPem: text("tls.key"),
    chainPem: certificates.filter((pem) => !isRoot(pem)).join(""),
    trustAnchorsPem: splitPem(text("ca.crt")).join(""),
  };
}

function certificateProblems(
  certificates: readonly string[],
  where: string,
): string[] {
  const [first] = certificates;
  if (first === undefined) {
    return [
      `secretName: tls.crt of ${where} holds no certificate in PEM; wait until the Certificate is ready (kubectl get certificate).`,
    ];
  }
  try {
    const { ca, subject } = new X509Certificate(first);
    return ca
      ? []
      : [
          `secretName: ${where} holds the certificate of ${JSON.stringify(subject.replaceAll("\n", ", "))}, which is no CA; give its Certificate isCA: true, or name another Secret.`,
        ];
  } catch {
    return [
      `secretName: tls.crt of ${where} cannot be read as X.509; name another Secret.`,
    ];
  }
}

function isRoot(pem: string): boolean {
  const certificate = new X509Certificate(pem);
  return certificate.checkIssued(certificate);
}
