import * as pulumi from "@pulumi/pulumi";
import type { AuthorityArgs } from "./types";

/**
 * A CA made elsewhere, by OpenSSL or any other tool. Certificate and key are
 * taken over as they are and never changed.
 *
 * @example
 * ```ts
 * const root = new RootCA("root", {
 *   existing: {
 *     certificatePem: readFileSync("authorities/root-ca.pem", "utf8"),
 *     privateKeyPem: config.requireSecret("root-ca-key"),
 *     passphrase: config.getSecret("root-ca-passphrase"),
 *   },
 * });
 * ```
 */
export interface ExistingAuthorityArgs {
  /** The CA's certificate, PEM. For a RootCA a self-signed one, for an IntermediateCA one that `issuer` signed. */
  certificatePem: pulumi.Input<string>;
  /**
   * The CA's key as OpenSSL wrote it: PKCS#8, SEC1 or PKCS#1 in PEM, encrypted
   * or not; becomes a secret whatever it was. Left out, the CA is trusted and
   * signs nothing, as is right for a root whose key is kept offline.
   */
  privateKeyPem?: pulumi.Input<string | undefined>;
  /** Of an encrypted key; becomes a secret whatever it was, and is not kept in the state. */
  passphrase?: pulumi.Input<string | undefined>;
}

/** The CA that signed the one that is adopted. */
export interface ExistingIssuerArgs {
  certificatePem: pulumi.Input<string>;
  /** That CA up to, not including, the root; empty for a root. PEM. */
  chainPem: pulumi.Input<string>;
  /** Roots, PEM. */
  trustAnchorsPem: pulumi.Input<string>;
}

/** Arguments of {@link ExistingAuthority}. */
export interface ExistingAuthorityResourceArgs {
  existing: ExistingAuthorityArgs;
  /** Left out for a root. */
  issuer?: ExistingIssuerArgs;
}

/**
 * A CA made elsewhere, read and judged: what it may issue, until when, and who
 * has something against it. One whose certificates OpenSSL would refuse is
 * refused in the preview; what only some programs refuse is a warning.
 */
export class ExistingAuthority extends pulumi.CustomResource {
  /** The CA's certificate and nothing else, PEM. */
  declare readonly certificatePem: pulumi.Output<string>;
  /** PKCS#8 PEM, unencrypted, secret; empty where no key was given. */
  declare readonly privateKeyPem: pulumi.Output<string>;
  /** What the certificate says, for the resources below. */
  declare readonly authority: pulumi.Output<AuthorityArgs>;
  /** SHA-256 over the certificate's DER, lowercase hex. */
  declare readonly fingerprintSha256: pulumi.Output<string>;
  /** UTC, such as `2026-11-20T21:46:40Z`. */
  declare readonly notBefore: pulumi.Output<string>;
  declare readonly notAfter: pulumi.Output<string>;
  /** Lowercase hex (RFC 5280 §4.2.1.2, method 1). */
  declare readonly subjectKeyIdentifier: pulumi.Output<string>;

  constructor(
    name: string,
    args: ExistingAuthorityResourceArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const { certificatePem, privateKeyPem, passphrase } = args.existing;
    super(
      "mqtt-pki:index:ExistingAuthority",
      name,
      {
        existing: {
          certificatePem,
          ...(privateKeyPem !== undefined && {
            privateKeyPem: pulumi.secret(privateKeyPem),
          }),
          ...(passphrase !== undefined && {
            passphrase: pulumi.secret(passphrase),
          }),
        },
        ...(args.issuer !== undefined && { issuer: args.issuer }),
        certificatePem: undefined,
        privateKeyPem: undefined,
        authority: undefined,
        fingerprintSha256: undefined,
        notBefore: undefined,
        notAfter: undefined,
        subjectKeyIdentifier: undefined,
      },
      opts,
    );
  }
}
