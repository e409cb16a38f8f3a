import * as pulumi from "@pulumi/pulumi";
import type {
  BundleTrustArgs,
  AcknowledgementArgs,
  ExistingAuthorityArgs,
  ExtensionsArgs,
  GenerationEvidence,
  KeyArgs,
  NameConstraintsArgs,
  RenewalArgs,
  SubjectArgs,
  ValidityArgs,
} from "../resources";
import { makeAuthority } from "./authority";
import type { GenerationArgs } from "./generationArgs";
import type { Issuer, IssuerSigner } from "./issuer";

/** Arguments of {@link IntermediateCA}. */
export interface IntermediateCAArgs {
  /** A `RootCA`, an `IntermediateCA`, or the outputs of a CA made elsewhere. */
  issuer: Issuer;
  /** Left out with `existing`, and needed without. */
  subject?: pulumi.Input<SubjectArgs>;
  /** Default: ECDSA on P-256. */
  key?: pulumi.Input<KeyArgs>;
  /** Days. Default 1825. Must end before the issuer does. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  /** How many CAs may follow below. Default 0: leaves only. */
  pathLength?: pulumi.Input<number>;
  /** The names that may be issued below. Default: those the issuer allows. */
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  /** What its certificate carries beyond the profile, such as where its issuer's CRL is. */
  extensions?: pulumi.Input<ExtensionsArgs>;
  /** One of `SignatureScheme`: how an RSA key of this CA signs. Default PKCS#1 v1.5. */
  signatureScheme?: pulumi.Input<string>;
  /** What this CA asks of the subjects it signs: by attribute, `match`, `supplied` or `optional`; what has no rule is refused. Default: anything goes. */
  signingPolicy?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * The keys of this CA over the years, by id, each with its state: one change
   * of the code moves one of them one step. Left out, the CA has one key.
   * Naming the first one later changes nothing.
   */
  generations?: Record<string, GenerationArgs>;
  /** Refusals this code takes upon itself for a while. */
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
  /** TLS stacks that verify what is below, of `mbedtls`, `openssl`, `java`, `gnutls`, `go` and `wolfssl`: keys and constraints they cannot read are refused (I8). Default: none. */
  clientStacks?: pulumi.Input<pulumi.Input<string>[]>;
  renewal?: pulumi.Input<RenewalArgs>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
  /** A CA made elsewhere that `issuer` signed, taken over as it is; all else but `issuer` is then left out. */
  existing?: ExistingAuthorityArgs;
}

/**
 * A CA below another one, for servers or for devices. It can be renewed and
 * replaced without touching what trusts the root. One that another tool made is
 * adopted with {@link IntermediateCAArgs.existing}.
 *
 * Its ledger and the key that signs are protected (I13), as those of a
 * {@link RootCA} are.
 *
 * @example
 * ```ts
 * const serverCA = new IntermediateCA("server-ca", {
 *   issuer: root,
 *   subject: { commonName: "IoT Cloud (MQTT) Server CA" },
 * });
 * ```
 */
export class IntermediateCA extends pulumi.ComponentResource implements Issuer {
  /** Certificate of the generation that signs, PEM. */
  readonly certificatePem: pulumi.Output<string>;
  /** This CA and those above it, without the root. PEM. */
  readonly chainPem: pulumi.Output<string>;
  /** The roots this CA hangs from. PEM. */
  readonly trustAnchorsPem: pulumi.Output<string>;
  /** SHA-256 over the certificate's DER, lowercase hex. */
  readonly fingerprintSha256: pulumi.Output<string>;
  /** UTC, such as `2031-11-19T21:46:40Z`. */
  readonly notAfter: pulumi.Output<string>;
  /** Id of the generation that signs. */
  readonly activeGeneration: pulumi.Output<string>;
  /** What updates did with each generation, by its id. */
  readonly generations: pulumi.Output<Record<string, GenerationEvidence>>;
  /** For the resources below; holds the key. */
  readonly signer: IssuerSigner;
  /** How far the bundle of its root has got; left out where another program made the root. */
  readonly trust?: BundleTrustArgs;

  constructor(
    name: string,
    args: IntermediateCAArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:IntermediateCA", name, {}, opts);
    const { issuer, existing, signatureScheme, signingPolicy, ...rest } = args;
    const { generations, acknowledge, clientStacks, ...order } = rest;
    const ca = makeAuthority(
      name,
      {
        order,
        existing,
        signatureScheme,
        signingPolicy,
        issuer,
        kind: "intermediate",
        rotation: { generations, acknowledge, clientStacks },
        defaults: { validityDays: 1825, pathLength: 0 },
      },
      { parent: this, protect: opts?.protect ?? true },
    );

    this.certificatePem = ca.certificatePem;
    this.chainPem = ca.chainPem;
    this.trustAnchorsPem = ca.trustAnchorsPem;
    this.fingerprintSha256 = ca.fingerprintSha256;
    this.notAfter = ca.notAfter;
    this.activeGeneration = ca.activeGeneration;
    this.generations = ca.generations;
    this.signer = ca.signer;
    if (issuer.trust !== undefined) {
      this.trust = issuer.trust;
    }
    this.registerOutputs({
      certificatePem: this.certificatePem,
      chainPem: this.chainPem,
      trustAnchorsPem: this.trustAnchorsPem,
      fingerprintSha256: this.fingerprintSha256,
      notAfter: this.notAfter,
    });
  }
}
