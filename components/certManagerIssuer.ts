import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ExportedAuthority } from "../resources";
import { bundleDigest } from "./annotations";
import { ROOT_REFUSED, caKeyPair } from "./caKeyPair";
import type { Issuer } from "./issuer";
import {
  LABELS,
  checkedName,
  nameProblems,
  refuse,
  secretData,
} from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";
import { RootCA } from "./rootCA";

/** Kinds of issuers of cert-manager, for {@link IssuerObjectArgs.kind}. */
export const IssuerKind = {
  /** For its own namespace. */
  Issuer: "Issuer",
  /** For all namespaces. */
  ClusterIssuer: "ClusterIssuer",
} as const;

/** The object by which cert-manager finds the CA. */
export interface IssuerObjectArgs {
  /**
   * One of {@link IssuerKind}, known while the program runs. Default `Issuer`.
   * cert-manager looks for the Secret of a `ClusterIssuer` in its
   * `--cluster-resource-namespace`, `cert-manager` unless that was changed:
   * that is then the namespace to give.
   */
  kind?: string;
  name: pulumi.Input<string>;
}

/** Arguments of {@link CertManagerIssuer}. */
export interface CertManagerIssuerArgs {
  /** An `IntermediateCA`, or its outputs; a root is refused. */
  issuer: Issuer;
  namespace: pulumi.Input<string>;
  /** Name of the Secret. It is updated in place, so give the provider `enableSecretMutable`. */
  secretName: pulumi.Input<string>;
  /**
   * Days for which the longest `spec.duration` in the cluster is valid. For that
   * long after a rotation, a generation that cert-manager signed with, and the
   * root above it, are kept in the trust bundles (I4). Default 90, as
   * cert-manager's own.
   */
  longestCertificateDays?: pulumi.Input<number>;
  /** The `Issuer` or `ClusterIssuer` as well, where cert-manager is installed. Default: the Secret only. */
  object?: IssuerObjectArgs;
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/**
 * An intermediate CA as the CA issuer of cert-manager, which then issues to
 * pods of the cluster what devices and brokers of this PKI trust: a Secret of
 * type `kubernetes.io/tls` with `tls.crt` (the CA, those above it, and last the
 * root, by which cert-manager fills `ca.crt` of what it issues), `tls.key`
 * (PKCS#8) and `ca.crt` (all roots that are to be trusted).
 *
 * **The CA's key is then in the cluster, and whoever may read Secrets of that
 * namespace can sign with it.** Give cert-manager a CA of its own, with name
 * constraints for what the cluster may issue, a short validity and path length
 * 0; neither cert-manager nor a leaf asks for more. In outputs and state the
 * key is secret.
 *
 * It is the generation that signs: a rotation of the CA changes the Secret in
 * place. cert-manager signs with the new key from then on, and leaves what it
 * has issued as it is; for as long as that may be valid, the old generation is
 * not let go (docs/cert-manager.md).
 *
 * Source: cert-manager, "CA", https://cert-manager.io/docs/configuration/ca/
 *
 * @throws RunError for a root, a CA without its key or with an encrypted one,
 *   and a chain that is none
 *
 * @example
 * ```ts
 * new CertManagerIssuer("cluster-ca", {
 *   issuer: clusterCA,
 *   namespace: "mqtt",
 *   secretName: "cluster-ca",
 *   object: { name: "cluster-ca" },
 *   provider,
 * });
 * ```
 */
export class CertManagerIssuer extends pulumi.ComponentResource {
  readonly secretName: pulumi.Output<string>;
  /** Name of the `Issuer` or `ClusterIssuer`; empty where none is made. */
  readonly issuerName: pulumi.Output<string>;

  constructor(
    name: string,
    args: CertManagerIssuerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:CertManagerIssuer", name, {}, opts);
    if (args.issuer instanceof RootCA) {
      refuse(name, [ROOT_REFUSED]);
    }
    const object = checkedName(args.namespace, args.secretName, {
      component: name,
      namespace: "namespace",
      name: "secretName",
    });
    const child = {
      parent: this,
      ...(args.provider !== undefined && { provider: args.provider }),
    };
    const { issuer } = args;
    const secret = new kubernetes.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: {
          ...object,
          labels: LABELS,
          annotations: annotationsOf(issuer),
        },
        type: "kubernetes.io/tls",
        data: keyPairData(name, issuer),
      },
      child,
    );
    warnOfOtherOwners(
      args.provider,
      { apiVersion: "v1", kind: "Secret", ...object },
      this,
    );
    rememberSigner(`${name}-certificates`, args, secret, this);
    this.secretName = secret.metadata.name;
    this.issuerName =
      args.object === undefined
        ? pulumi.output("")
        : createIssuer(name, args.object, object.namespace, secret, child);
    this.registerOutputs({
      secretName: this.secretName,
      issuerName: this.issuerName,
    });
  }
}

/** What cert-manager signs is nowhere in the stack; that it does sign is. */
function rememberSigner(
  name: string,
  { issuer, longestCertificateDays }: CertManagerIssuerArgs,
  secret: pulumi.Resource,
  parent: pulumi.Resource,
): void {
  const { generations, acknowledge } = issuer.signer;
  if (generations === undefined) {
    return;
  }
  const { certificatePem, chainPem, trustAnchorsPem } = issuer;
  new ExportedAuthority(
    name,
    {
      certificatePem,
      chainPem,
      trustAnchorsPem,
      generations,
      ...(acknowledge !== undefined && { acknowledge }),
      longestDays: longestCertificateDays ?? 90,
    },
    { parent, dependsOn: [secret] },
  );
}

function annotationsOf(issuer: Issuer): Record<string, pulumi.Input<string>> {
  return {
    ...bundleDigest(issuer.trustAnchorsPem),
    ...(issuer.activeGeneration !== undefined && {
      "mqtt-pki/generation": issuer.activeGeneration,
    }),
  };
}

/** The Secret's data; a secret as a whole. */
function keyPairData(
  component: string,
  { certificatePem, chainPem, trustAnchorsPem, signer }: Issuer,
): pulumi.Output<Record<string, string>> {
  return pulumi
    .all([
      certificatePem,
      chainPem,
      trustAnchorsPem,
      pulumi.secret(signer.privateKeyPem),
    ])
    .apply(([certificate, chain, anchors, privateKeyPem]) => {
      const made = caKeyPair({
        certificatePem: certificate,
        chainPem: chain,
        trustAnchorsPem: anchors,
        privateKeyPem,
      });
      refuse(component, made.problems);
      return secretData({
        "tls.crt": made.chainToRootPem,
        "tls.key": made.privateKeyPem,
        "ca.crt": anchors,
      });
    });
}

function createIssuer(
  component: string,
  { kind = IssuerKind.Issuer, name }: IssuerObjectArgs,
  namespace: pulumi.Output<string>,
  secret: kubernetes.core.v1.Secret,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const kinds: readonly string[] = Object.values(IssuerKind);
  refuse(
    component,
    kinds.includes(kind)
      ? []
      : [
          `object.kind: ${JSON.stringify(kind)} is no issuer of cert-manager; write one of ${kinds.join(", ")}.`,
        ],
  );
  const checked = pulumi.output(name).apply((given) => {
    refuse(component, nameProblems(given, "object.name"));
    return given;
  });
  return new kubernetes.apiextensions.CustomResource(
    `${component}-issuer`,
    {
      apiVersion: "cert-manager.io/v1",
      kind,
      metadata: {
        name: checked,
        ...(kind === IssuerKind.Issuer && { namespace }),
        labels: LABELS,
      },
      spec: { ca: { secretName: secret.metadata.name } },
    },
    { ...opts, dependsOn: [secret] },
  ).metadata.name;
}
