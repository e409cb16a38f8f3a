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
import { TrustedBy } from "../resources";
import { makeAuthority } from "./authority";
import type { GenerationArgs } from "./generationArgs";
import type { Issuer, IssuerSigner } from "./issuer";

/** Arguments of {@link RootCA}. */
export interface RootCAArgs {
  /** Left out with `existing`, and needed without. */
  subject?: pulumi.Input<SubjectArgs>;
  /** Default: ECDSA on P-256. Cannot change later: a CA's key is what devices trust. */
  key?: pulumi.Input<KeyArgs>;
  /** Days. Default 3650. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  /** How many CAs may follow below. Default: no limit. */
  pathLength?: pulumi.Input<number>;
  /** The names that may be issued below. Default: all. */
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
  /** SHA-256 of the trust bundle that is known to be everywhere, as the update that published it printed it: in the place of the soak time (I3). */
  confirmedBundle?: pulumi.Input<string>;
  /** One of `TrustedBy`: who is given the trust bundle. Default `devices`. */
  trustedBy?: string;
  /** Days a new generation must have been published before it may sign (I3). Default 7 for devices, 10 minutes for brokers. */
  minimumTrustSoakDays?: pulumi.Input<number>;
  /** TLS stacks that verify what is below, of `mbedtls`, `openssl`, `java`, `gnutls`, `go` and `wolfssl`: keys and constraints they cannot read are refused (I8). Default: none. */
  clientStacks?: pulumi.Input<pulumi.Input<string>[]>;
  renewal?: pulumi.Input<RenewalArgs>;
  /** A root made elsewhere, taken over as it is; all else is then left out. */
  existing?: ExistingAuthorityArgs;
}

/**
 * A root CA: its key, its self-signed certificate and the ledger of its
 * generations; or a root that another tool made, adopted with
 * {@link RootCAArgs.existing}. Devices (for a server root) or brokers (for a device root) are
 * given {@link trustAnchorsPem} and nothing else.
 *
 * Its ledger and the key that signs are protected (I13): neither `destroy` nor
 * a change of the code deletes them, unless the component's option `protect`
 * is false.
 *
 * @example
 * ```ts
 * const root = new RootCA("server-root", {
 *   subject: { country: "DE", organization: "My IoT Cloud", commonName: "My IoT Cloud Root CA" },
 * });
 * export const bundle = root.trustAnchorsPem;
 * ```
 */
export class RootCA extends pulumi.ComponentResource implements Issuer {
  /** Certificate of the generation that signs, PEM. */
  readonly certificatePem: pulumi.Output<string>;
  /** SHA-256 over {@link trustAnchorsPem}, lowercase hex: what `confirmedBundle` confirms. */
  readonly bundleSha256: pulumi.Output<string>;
  /** No chain holds its root; the link certificate where the active generation has one, else empty. PEM. */
  readonly chainPem: pulumi.Output<string>;
  /** Every root certificate that must be trusted, in a stable order. PEM. */
  readonly trustAnchorsPem: pulumi.Output<string>;
  /** SHA-256 over the certificate's DER, lowercase hex. */
  readonly fingerprintSha256: pulumi.Output<string>;
  /** UTC, such as `2036-11-17T21:46:40Z`. */
  readonly notAfter: pulumi.Output<string>;
  /** Id of the generation that signs. */
  readonly activeGeneration: pulumi.Output<string>;
  /** What updates did with each generation, by its id. */
  readonly generations: pulumi.Output<Record<string, GenerationEvidence>>;
  /** For the resources below; holds the key. */
  readonly signer: IssuerSigner;
  /** How far the bundle has got, for a `BundlePublication` of your own. */
  readonly trust: BundleTrustArgs;

  constructor(
    name: string,
    args: RootCAArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:RootCA", name, {}, opts);
    const { existing, signatureScheme, signingPolicy, ...rest } = args;
    const { generations, acknowledge, confirmedBundle, trustedBy, ...others } =
      rest;
    const { minimumTrustSoakDays, clientStacks, ...order } = others;
    const root = makeAuthority(
      name,
      {
        order,
        existing,
        signatureScheme,
        signingPolicy,
        kind: kindOf(name, trustedBy),
        rotation: {
          generations,
          acknowledge,
          confirmedBundle,
          minimumTrustSoakDays,
          clientStacks,
        },
        defaults: { validityDays: 3650 },
      },
      { parent: this, protect: opts?.protect ?? true },
    );

    this.certificatePem = root.certificatePem;
    this.chainPem = root.chainPem;
    this.trustAnchorsPem = root.trustAnchorsPem;
    this.fingerprintSha256 = root.fingerprintSha256;
    this.notAfter = root.notAfter;
    this.activeGeneration = root.activeGeneration;
    this.generations = root.generations;
    this.bundleSha256 = root.bundleSha256;
    this.signer = root.signer;
    this.trust = root.trust;
    this.registerOutputs({
      certificatePem: this.certificatePem,
      trustAnchorsPem: this.trustAnchorsPem,
      fingerprintSha256: this.fingerprintSha256,
      notAfter: this.notAfter,
    });
  }
}

function kindOf(name: string, trustedBy: string = TrustedBy.Devices): string {
  const kinds: Readonly<Record<string, string>> = {
    [TrustedBy.Devices]: "serverRoot",
    [TrustedBy.Brokers]: "deviceRoot",
  };
  const kind = Object.hasOwn(kinds, trustedBy) ? kinds[trustedBy] : undefined;
  if (kind === undefined) {
    throw new pulumi.RunError(
      `${name}: trustedBy: ${JSON.stringify(trustedBy)} is nobody this package knows; write "devices" or "brokers".`,
    );
  }
  return kind;
}
