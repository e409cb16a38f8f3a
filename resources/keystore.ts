import * as pulumi from "@pulumi/pulumi";

/** File formats, for {@link KeystoreArgs.format}. */
export const KeystoreFormat = {
  /** RFC 7292: Java 8u301, 11.0.12, 12 and later, and OpenSSL. */
  Pkcs12: "PKCS12",
  /** Java's old format, for trusted certificates only. */
  Jks: "JKS",
} as const;

/** Arguments of {@link Keystore}. Give a key with its chain, certificates to trust, or (better in two stores) both. */
export interface KeystoreArgs {
  /** One of {@link KeystoreFormat}. */
  format: pulumi.Input<string>;
  /** Unencrypted PEM; a secret whatever it was. */
  privateKeyPem?: pulumi.Input<string>;
  /** The certificate of the key first, then each one's issuer, PEM. With or without the root. */
  chainPem?: pulumi.Input<string>;
  /** Certificates to trust, PEM; one that is repeated counts once. */
  trustAnchorsPem?: pulumi.Input<string>;
  /** Name of the key: `a-z 0-9 . _ @ / -` and spaces, 1 to 64 characters. Default `devicekeyentry`. */
  alias?: pulumi.Input<string>;
  /** Name of the first trusted certificate; the others get `-2`, `-3` at its end. Default `servercertificate`. */
  trustAlias?: pulumi.Input<string>;
  /** 6 to 512 printable ASCII characters, for the store and its key; a secret whatever it was. */
  password: pulumi.Input<string>;
}

/**
 * A key store or trust store as a file, for Java clients and brokers, and for
 * ThingsBoard in mode `KEYSTORE`. The same arguments always give the same
 * bytes, so an update without a change restarts nothing.
 *
 * Refused in the preview: a key and a certificate that do not belong together,
 * a chain out of order, an empty store, a key in JKS, a password Java cannot
 * use. A store with key and trusted certificates gets a warning.
 *
 * @example
 * ```ts
 * const store = new Keystore("gateway", {
 *   format: KeystoreFormat.Pkcs12,
 *   privateKeyPem: server.privateKeyPem,
 *   chainPem: server.chainPem,
 *   password: config.requireSecret("keystorePassword"),
 * });
 * new kubernetes.core.v1.Secret("gateway", {
 *   // `data` takes base64, and the content is that already.
 *   data: { "keystore.p12": store.contentBase64 },
 * });
 * ```
 */
export class Keystore extends pulumi.CustomResource {
  /** The file in base64, as `data` of a Kubernetes Secret takes it. Secret. */
  declare readonly contentBase64: pulumi.Output<string>;
  /** SHA-256 of the file, lowercase hex: changes exactly where the file does. Secret for JKS, whose password could be tried on it. */
  declare readonly sha256: pulumi.Output<string>;
  /** Every alias in the store, the key's first. */
  declare readonly entries: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: KeystoreArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const { privateKeyPem } = args;
    super(
      "mqtt-pki:index:Keystore",
      name,
      {
        ...args,
        ...(privateKeyPem !== undefined && {
          privateKeyPem: pulumi.secret(privateKeyPem),
        }),
        password: pulumi.secret(args.password),
        contentBase64: undefined,
        sha256: undefined,
        entries: undefined,
      },
      pulumi.mergeOptions(opts, {
        additionalSecretOutputs: ["contentBase64"],
      }),
    );
  }
}
