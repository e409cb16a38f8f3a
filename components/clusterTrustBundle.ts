import { X509Certificate } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bundleAnnotations } from "./annotations";
import { LABELS, nameProblems, refuse } from "./kubernetes";
import { splitPem } from "./pemBlocks";
import type { TrustSource } from "./publication";
import { rememberPublication } from "./publication";

/** Versions of the API, for {@link ClusterTrustBundleArgs.apiVersion}. */
export const ClusterTrustBundleVersion = {
  V1: "certificates.k8s.io/v1",
  V1Beta1: "certificates.k8s.io/v1beta1",
  V1Alpha1: "certificates.k8s.io/v1alpha1",
} as const;

/**
 * A `ClusterTrustBundle`: one object for the whole cluster, in the place of a
 * ConfigMap in each namespace. Every pod may mount it by a projected volume,
 * by its name, or all of a signer's together:
 *
 * ```yaml
 * volumes:
 *   - name: roots
 *     projected:
 *       sources:
 *         - clusterTrustBundle:
 *             name: mqtt-roots # or: signerName and labelSelector
 *             path: ca-bundle.pem
 * ```
 *
 * The kubelet leaves out what is there twice and puts the certificates into an
 * order of its own, so that the mounted file has another digest than the object.
 *
 * The API is a beta that no server serves by itself: kube-apiserver needs
 * `--feature-gates=ClusterTrustBundle=true` and
 * `--runtime-config=certificates.k8s.io/v1beta1=true`, the kubelets the gates
 * `ClusterTrustBundle` and `ClusterTrustBundleProjection`. A server without it
 * answers that it knows no such kind.
 *
 * Source: Kubernetes, "Certificates and Certificate Signing Requests", section
 * "Cluster trust bundles".
 */
export interface ClusterTrustBundleArgs {
  /** Name of the object; of one that belongs to a signer the part after the last colon. a-z 0-9 - and ., no colon. */
  name: pulumi.Input<string>;
  /**
   * The signer whose certificates these roots verify, such as
   * `example.com/mqtt`. The object is then called
   * `example.com:mqtt:<name>`, and whoever writes it needs the permission
   * `attest` on that signer. It cannot change later. Default: none.
   */
  signerName?: pulumi.Input<string>;
  /** One of {@link ClusterTrustBundleVersion}, known while the program runs. Default `certificates.k8s.io/v1beta1`. */
  apiVersion?: string;
}

/** Where the object is made, and below what. */
export interface ClusterTrustBundlePlace {
  readonly component: string;
  readonly provider: kubernetes.Provider | undefined;
  readonly parent: pulumi.Resource;
}

/** The object, of whatever version. */
export interface MadeClusterTrustBundle {
  readonly resource: pulumi.Resource;
  /** Its name on the cluster. */
  readonly name: pulumi.Output<string>;
}

const { v1, v1beta1, v1alpha1 } = kubernetes.certificates;
const CLASSES = {
  [ClusterTrustBundleVersion.V1]: v1.ClusterTrustBundle,
  [ClusterTrustBundleVersion.V1Beta1]: v1beta1.ClusterTrustBundle,
  [ClusterTrustBundleVersion.V1Alpha1]: v1alpha1.ClusterTrustBundle,
};

/** `<host name>/<path>`; a host name of two labels at least (RFC 1123). */
const SIGNER =
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+\/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Makes the object and remembers since when it has held each generation.
 *
 * @throws RunError for names that the server would refuse, all at once
 */
export function createClusterTrustBundle(
  { name, signerName, apiVersion }: ClusterTrustBundleArgs,
  source: TrustSource,
  { component, provider, parent }: ClusterTrustBundlePlace,
): MadeClusterTrustBundle {
  const version = apiVersion ?? ClusterTrustBundleVersion.V1Beta1;
  if (!Object.hasOwn(CLASSES, version)) {
    refuse(component, [
      `clusterTrustBundle.apiVersion: ${JSON.stringify(version)} has no ClusterTrustBundle; write one of ${Object.keys(CLASSES).join(", ")}.`,
    ]);
  }
  const objectName = pulumi
    .all([name, signerName ?? ""])
    .apply(([given, signer]) => objectNameOf(component, given, signer));
  const Bundle = CLASSES[version as keyof typeof CLASSES];
  const bundle = new Bundle(
    `${component}-cluster-bundle`,
    {
      metadata: {
        name: objectName,
        labels: LABELS,
        annotations: bundleAnnotations(source),
      },
      spec: {
        ...(signerName !== undefined && { signerName }),
        trustBundle: pulumi
          .output(source.trustAnchorsPem)
          .apply((pem) => acceptable(component, pem)),
      },
    },
    {
      parent,
      ...(provider !== undefined && { provider }),
    },
  );
  rememberPublication(
    bundle,
    `${component}-cluster-publication`,
    pulumi.interpolate`the ClusterTrustBundle ${objectName}`,
    source,
    parent,
  );
  return { resource: bundle, name: bundle.metadata.name };
}

function objectNameOf(component: string, name: string, signer: string): string {
  const isSigner = signer === "" || SIGNER.test(signer);
  refuse(component, [
    ...(name.includes(":")
      ? [
          `clusterTrustBundle.name: ${JSON.stringify(name)} has a colon, which stands for a signer; give that as signerName and here the rest, such as ${JSON.stringify(name.split(":").at(-1))}.`,
        ]
      : nameProblems(name, "clusterTrustBundle.name")),
    ...(isSigner
      ? []
      : [
          `clusterTrustBundle.signerName: ${JSON.stringify(signer)} is no name of a signer; write a domain and a path, such as "example.com/mqtt".`,
        ]),
  ]);
  return signer === "" ? name : `${signer.replaceAll("/", ":")}:${name}`;
}

const MOST_OCTETS = 1024 * 1024;

/** The bundle, where the server takes it: roots made elsewhere need not be CAs, and a certificate may stand there twice. */
function acceptable(component: string, pem: string): string {
  const seen = new Set<string>();
  const problems = splitPem(pem).flatMap((block, index) => {
    const path = `authority.trustAnchorsPem: certificate ${index + 1}`;
    const type = /BEGIN ([A-Z0-9 ]+)-/.exec(block)?.[1] ?? "";
    if (type !== "CERTIFICATE") {
      return [`${path} is a ${type}; a trust bundle holds certificates.`];
    }
    const certificate = read(block);
    if (certificate === undefined) {
      return [`${path} cannot be read as X.509; take it out.`];
    }
    const { ca, fingerprint256, subject } = certificate;
    const twice = seen.has(fingerprint256);
    seen.add(fingerprint256);
    const called = JSON.stringify(subject.replaceAll("\n", ", "));
    return [
      ...(ca
        ? []
        : [
            `${path}, ${called}, is no CA (basicConstraints), and a ClusterTrustBundle holds CAs only; leave clusterTrustBundle out, or use a root that is one.`,
          ]),
      ...(twice
        ? [`${path}, ${called}, stands there twice; take one out.`]
        : []),
    ];
  });
  refuse(component, [
    ...problems,
    ...(Buffer.byteLength(pem) > MOST_OCTETS
      ? [
          `authority.trustAnchorsPem: is longer than ${MOST_OCTETS} octets, and a ClusterTrustBundle holds no more.`,
        ]
      : []),
  ]);
  return pem;
}

function read(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
