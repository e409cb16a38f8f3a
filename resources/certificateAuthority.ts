import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";

/** States of a generation, for {@link GenerationArgs.state}. */
export const GenerationState = {
  Staged: "staged",
  Active: "active",
  Retiring: "retiring",
  Retired: "retired",
  Compromised: "compromised",
} as const;

/** One generation of a CA. */
export interface GenerationArgs {
  /** One of {@link GenerationState}. */
  state: pulumi.Input<string>;
  certificatePem: pulumi.Input<string>;
}

/** What earlier updates did with a generation. */
export interface GenerationEvidence {
  state: string;
  /** UTC, such as `2026-11-20T21:46:40Z`. */
  firstPublished: string;
  fingerprintSha256: string;
  subjectKeyIdentifier: string;
  notAfter: string;
}

/** Arguments of {@link CertificateAuthority}. */
export interface CertificateAuthorityArgs {
  /** By id; exactly one is active. */
  generations: pulumi.Input<Record<string, pulumi.Input<GenerationArgs>>>;
  /** For an intermediate: its issuer's chain, without the root. */
  issuerChainPem?: pulumi.Input<string>;
  /** For an intermediate: the anchors of the root it hangs from. */
  rootTrustAnchorsPem?: pulumi.Input<string>;
}

/** The ledger of a CA: which generations there are, which one signs, what is to be trusted. */
export class CertificateAuthority extends pulumi.CustomResource {
  /** Id of the generation that signs. */
  declare readonly activeGeneration: pulumi.Output<string>;
  /** Its certificate, PEM. */
  declare readonly certificatePem: pulumi.Output<string>;
  /** The CA up to, not including, the root; empty for a root. PEM. */
  declare readonly chainPem: pulumi.Output<string>;
  /** All roots that must be trusted, in a stable order. PEM. */
  declare readonly trustAnchorsPem: pulumi.Output<string>;
  /** SHA-256 over {@link trustAnchorsPem}, lowercase hex. */
  declare readonly bundleSha256: pulumi.Output<string>;
  declare readonly evidence: pulumi.Output<Record<string, GenerationEvidence>>;

  constructor(
    name: string,
    args: CertificateAuthorityArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:CertificateAuthority",
      name,
      {
        ...args,
        ...allowClockOverride(),
        activeGeneration: undefined,
        certificatePem: undefined,
        chainPem: undefined,
        trustAnchorsPem: undefined,
        bundleSha256: undefined,
        evidence: undefined,
      },
      opts,
    );
  }
}
