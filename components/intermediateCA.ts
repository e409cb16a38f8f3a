import * as pulumi from "@pulumi/pulumi";
import type {
  GenerationEvidence,
  KeyArgs,
  NameConstraintsArgs,
  RenewalArgs,
  SubjectArgs,
} from "../resources";
import { makeAuthority } from "./authority";
import type { Issuer, IssuerSigner } from "./issuer";

/** Arguments of {@link IntermediateCA}. */
export interface IntermediateCAArgs {
  /** A `RootCA`, an `IntermediateCA`, or the outputs of a CA made elsewhere. */
  issuer: Issuer;
  subject: pulumi.Input<SubjectArgs>;
  /** Default: ECDSA on P-256. */
  key?: pulumi.Input<KeyArgs>;
  /** Days. Default 1825. Must end before the issuer does. */
  validityDays?: pulumi.Input<number>;
  /** How many CAs may follow below. Default 0: leaves only. */
  pathLength?: pulumi.Input<number>;
  /** The names that may be issued below. Default: those the issuer allows. */
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  renewal?: pulumi.Input<RenewalArgs>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
}

/**
 * A CA below another one, for servers or for devices. It can be renewed and
 * replaced without touching what trusts the root.
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

  constructor(
    name: string,
    args: IntermediateCAArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:IntermediateCA", name, {}, opts);
    const { issuer, subject, key, nameConstraints, renewal, truncate } = args;
    const validityDays = args.validityDays ?? 1825;
    const pathLength = args.pathLength ?? 0;
    const { privateKeyPem, certificate, ledger, limits } = makeAuthority(
      name,
      {
        issuer,
        subject,
        key,
        validityDays,
        pathLength,
        nameConstraints,
        renewal,
        truncate,
      },
      { parent: this },
    );

    this.certificatePem = ledger.certificatePem;
    this.chainPem = ledger.chainPem;
    // Not by way of the ledger: what the root's devices trust does not change with this CA.
    this.trustAnchorsPem = pulumi.output(issuer.trustAnchorsPem);
    this.fingerprintSha256 = certificate.fingerprintSha256;
    this.notAfter = certificate.notAfter;
    this.activeGeneration = ledger.activeGeneration;
    this.generations = ledger.evidence;
    this.signer = {
      privateKeyPem,
      authorities: pulumi
        .output(issuer.signer.authorities ?? [])
        .apply((above) => [{ subject, validityDays, ...limits }, ...above]),
    };
    this.registerOutputs({
      certificatePem: this.certificatePem,
      chainPem: this.chainPem,
      trustAnchorsPem: this.trustAnchorsPem,
      fingerprintSha256: this.fingerprintSha256,
      notAfter: this.notAfter,
    });
  }
}
