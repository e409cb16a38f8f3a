import * as pulumi from "@pulumi/pulumi";

/** Forms of an encrypted private key, for {@link EncryptedPrivateKeyArgs.form}. */
export const EncryptedKeyForm = {
  /** PKCS#8 with PBES2 (RFC 5958, RFC 8018): OpenSSL, Node, Java, TBMQ; not ThingsBoard. */
  Pkcs8: "PKCS8",
  /** `Proc-Type: 4,ENCRYPTED` (RFC 1421), for ECDSA and RSA keys: the only encrypted form ThingsBoard reads. */
  Traditional: "TRADITIONAL",
} as const;

/** Arguments of {@link EncryptedPrivateKey}. */
export interface EncryptedPrivateKeyArgs {
  /** Unencrypted PEM: PKCS#8, SEC1 or PKCS#1; a secret whatever it was. */
  privateKeyPem: pulumi.Input<string>;
  /** 6 to 512 printable ASCII characters, and 16 random ones at least for the traditional form; a secret whatever it was. */
  passphrase: pulumi.Input<string>;
  /** One of {@link EncryptedKeyForm}. Default `PKCS8`. */
  form?: pulumi.Input<string>;
}

/**
 * A private key under a passphrase, in PEM. The same key, passphrase and form
 * always give the same text, so an update without a change restarts nothing.
 *
 * Refused in the preview: a text that is no unencrypted key, a passphrase that
 * programs read differently, an Ed25519 key in the traditional form. A short
 * passphrase for the traditional form, which a single round of MD5 guards,
 * gets a warning.
 *
 * Source: RFC 5958 §3 and RFC 8018 §6.2 for `PKCS8`, RFC 1421 §4.6.1.1 and
 * OpenSSL's `PEM_write_bio_PrivateKey_traditional` for `TRADITIONAL`.
 *
 * @example
 * ```ts
 * const key = new EncryptedPrivateKey("broker", {
 *   privateKeyPem: server.privateKeyPem,
 *   passphrase: config.requireSecret("keyPassphrase"),
 *   form: EncryptedKeyForm.Traditional,
 * });
 * ```
 */
export class EncryptedPrivateKey extends pulumi.CustomResource {
  /** PEM. Secret. */
  declare readonly encryptedPrivateKeyPem: pulumi.Output<string>;

  constructor(
    name: string,
    args: EncryptedPrivateKeyArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:EncryptedPrivateKey",
      name,
      {
        ...args,
        privateKeyPem: pulumi.secret(args.privateKeyPem),
        passphrase: pulumi.secret(args.passphrase),
        encryptedPrivateKeyPem: undefined,
      },
      pulumi.mergeOptions(opts, {
        additionalSecretOutputs: ["encryptedPrivateKeyPem"],
      }),
    );
  }
}
