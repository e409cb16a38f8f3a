import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";
import type { AcknowledgementArgs } from "./types";

/** States of a generation of a CA. */
export const GenerationState = {
  /** Its key and certificate exist and are trusted; it signs nothing yet. */
  Staged: "staged",
  /** It signs. Exactly one generation is active. */
  Active: "active",
  /** Trusted still; signs nothing any more. */
  Retiring: "retiring",
  /** Out of the trust bundle; its key is destroyed. */
  Retired: "retired",
  /** Its key is known to others: trusted only until its successor is out. */
  Compromised: "compromised",
} as const;

/** Who verifies the certificates below a root CA, for `trustedBy`. */
export const TrustedBy = {
  /** Devices, whose bundles come with firmware: a server root. */
  Devices: "devices",
  /** Brokers, whose bundle is a Secret or a ConfigMap: a device root. */
  Brokers: "brokers",
} as const;

/** One generation of a CA, as its ledger sees it. */
export interface LedgerGenerationArgs {
  /** One of {@link GenerationState}. */
  state: pulumi.Input<string>;
  /** Left out where it is retired. */
  certificatePem?: pulumi.Input<string>;
  /** SubjectPublicKeyInfo in PEM: by this a generation is known in a preview that renews its certificate. Left out where it is retired or was made elsewhere. */
  publicKeyPem?: pulumi.Input<string>;
  /** The older generation that certifies this one's key as well; for the phase table. */
  linkedBy?: pulumi.Input<string>;
}

/** What earlier updates did with a generation. */
export interface GenerationEvidence {
  state: string;
  /** When an update first put it into the trust bundle. UTC, such as `2026-11-20T21:46:40Z`. */
  firstPublished: string;
  /** Since when it has been active, where it is or was. UTC. */
  activeSince?: string;
  /** When it last stopped being active. UTC. */
  deactivatedAt?: string;
  fingerprintSha256: string;
  subjectKeyIdentifier: string;
  subject: string;
  notAfter: string;
}

/** What stays of a generation that left the trust bundle, for ever. */
export interface Tombstone {
  fingerprintSha256: string;
  subjectKeyIdentifier: string;
  subject: string;
  notAfter: string;
  /** UTC. */
  retiredAt: string;
  /** Its key was known to others; it is never trusted again. */
  compromised?: boolean;
}

/** Arguments of {@link CertificateAuthority}. */
export interface CertificateAuthorityArgs {
  /** `serverRoot`, `deviceRoot` or `intermediate`: who verifies what is below it. Default by whether it has an issuer. */
  kind?: pulumi.Input<string>;
  /** By id; exactly one is active. */
  generations: pulumi.Input<Record<string, pulumi.Input<LedgerGenerationArgs>>>;
  /** Refusals that the code takes upon itself for a while. */
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
  /** SHA-256 of the published bundle that is known to be everywhere; see {@link CertificateAuthority.bundleSha256}. */
  confirmedBundle?: pulumi.Input<string>;
  /** Days a generation must have been published before it may sign. */
  minimumTrustSoakDays?: pulumi.Input<number>;
  /** TLS stacks that verify what is below: `mbedtls`, `openssl`, `java`, `gnutls`, `go`, `wolfssl`. */
  clientStacks?: pulumi.Input<pulumi.Input<string>[]>;
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
  /** When an update first published that bundle. UTC. */
  declare readonly bundlePublished: pulumi.Output<string>;
  declare readonly evidence: pulumi.Output<Record<string, GenerationEvidence>>;
  declare readonly tombstones: pulumi.Output<Record<string, Tombstone>>;

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
        bundlePublished: undefined,
        evidence: undefined,
        tombstones: undefined,
      },
      opts,
    );
  }
}
