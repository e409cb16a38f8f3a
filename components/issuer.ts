import type * as pulumi from "@pulumi/pulumi";
import type {
  AcknowledgementArgs,
  AuthorityArgs,
  BundleTrustArgs,
  IssuerGenerationArgs,
  SignerArgs,
} from "../resources";

/**
 * A CA as an issuer. A `RootCA` or an `IntermediateCA` is one; so is a set of
 * outputs of a CA that another program made.
 */
export interface Issuer {
  /** Certificate of the generation that signs, PEM. */
  certificatePem: pulumi.Input<string>;
  /** The CA up to, not including, the root; empty for a root. PEM. */
  chainPem: pulumi.Input<string>;
  /** All roots to be trusted, PEM. */
  trustAnchorsPem: pulumi.Input<string>;
  /** Id of the generation that signs; goes into the annotations of what it signed. */
  activeGeneration?: pulumi.Input<string>;
  /** How far the bundle of its root has got; left out where another program made the root. */
  trust?: BundleTrustArgs;
  signer: IssuerSigner;
}

/** How an issuer signs. */
export interface IssuerSigner {
  /** PKCS#8 PEM, secret. */
  privateKeyPem: pulumi.Input<string>;
  /** The CA, then its issuer, up to the root; lets the very first preview check what hangs below. */
  authorities?: pulumi.Input<pulumi.Input<AuthorityArgs>[]>;
  /** All generations in the trust bundles of the CA and of those above it. */
  generations?: pulumi.Input<pulumi.Input<IssuerGenerationArgs>[]>;
  /** Refusals that the CA and those above it take upon themselves for a while. */
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
  /** One of `SignatureScheme`, for RSA keys. Default PKCS#1 v1.5. */
  signatureScheme?: pulumi.Input<string>;
  /** Rules for the subjects below: by attribute, `match`, `supplied` or `optional`. Default: none. */
  signingPolicy?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** An issuer the way the resources that sign want it. */
export function signerOf(issuer: Issuer): SignerArgs {
  const { signatureScheme, signingPolicy } = issuer.signer;
  const { generations, acknowledge } = issuer.signer;
  return {
    ...(generations !== undefined && { generations }),
    ...(acknowledge !== undefined && { acknowledge }),
    ...(signatureScheme !== undefined && { signatureScheme }),
    ...(signingPolicy !== undefined && { signingPolicy }),
    privateKeyPem: issuer.signer.privateKeyPem,
    certificatePem: issuer.certificatePem,
    chainPem: issuer.chainPem,
    trustAnchorsPem: issuer.trustAnchorsPem,
    authorities: issuer.signer.authorities ?? [],
  };
}
