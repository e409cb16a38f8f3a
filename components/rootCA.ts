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

/** Arguments of {@link RootCA}. */
export interface RootCAArgs {
  subject: pulumi.Input<SubjectArgs>;
  /** Default: ECDSA on P-256. Cannot change later: a CA's key is what devices trust. */
  key?: pulumi.Input<KeyArgs>;
  /** Days. Default 3650. */
  validityDays?: pulumi.Input<number>;
  /** How many CAs may follow below. Default: no limit. */
  pathLength?: pulumi.Input<number>;
  /** The names that may be issued below. Default: all. */
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  renewal?: pulumi.Input<RenewalArgs>;
}

/**
 * A root CA: its key, its self-signed certificate and the ledger of its
 * generations. Devices (for a server root) or brokers (for a device root) are
 * given {@link trustAnchorsPem} and nothing else.
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
  /** Empty: no chain holds its root. */
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

  constructor(
    name: string,
    args: RootCAArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:RootCA", name, {}, opts);
    const { subject, nameConstraints, renewal, key, pathLength } = args;
    const validityDays = args.validityDays ?? 3650;
    const { privateKeyPem, certificate, ledger, limits } = makeAuthority(
      name,
      { subject, key, validityDays, pathLength, nameConstraints, renewal },
      { parent: this },
    );

    this.certificatePem = ledger.certificatePem;
    this.chainPem = pulumi.output("");
    this.trustAnchorsPem = ledger.trustAnchorsPem;
    this.fingerprintSha256 = certificate.fingerprintSha256;
    this.notAfter = certificate.notAfter;
    this.activeGeneration = ledger.activeGeneration;
    this.generations = ledger.evidence;
    this.signer = {
      privateKeyPem,
      authorities: [{ subject, validityDays, ...limits }],
    };
    this.registerOutputs({
      certificatePem: this.certificatePem,
      trustAnchorsPem: this.trustAnchorsPem,
      fingerprintSha256: this.fingerprintSha256,
      notAfter: this.notAfter,
    });
  }
}
