import type * as pulumi from "@pulumi/pulumi";

/** A distinguished name (RFC 5280 §4.1.2.6). */
export interface SubjectArgs {
  /** C: two capital letters, ISO 3166. */
  country?: pulumi.Input<string>;
  /** ST: state or province, up to 128 characters. */
  province?: pulumi.Input<string>;
  /** L: city, up to 128 characters. */
  locality?: pulumi.Input<string>;
  /** O: organization, up to 64 characters. */
  organization?: pulumi.Input<string>;
  /** OU: department, up to 64 characters. */
  organizationalUnit?: pulumi.Input<string>;
  /** CN: 1 to 64 characters. */
  commonName: pulumi.Input<string>;
  /** serialNumber (2.5.4.5) of the device or person named, up to 64 characters. */
  serialNumber?: pulumi.Input<string>;
}

/** The subject of a batch's devices: all of it but the common name, which is each device's id. */
export interface DeviceSubjectArgs {
  country?: pulumi.Input<string>;
  province?: pulumi.Input<string>;
  locality?: pulumi.Input<string>;
  organization?: pulumi.Input<string>;
  organizationalUnit?: pulumi.Input<string>;
  serialNumber?: pulumi.Input<string>;
}

/** Key algorithms, for {@link KeyArgs.algorithm}. */
export const KeyAlgorithm = {
  Ecdsa: "ECDSA",
  Rsa: "RSA",
  /** Not for devices: Mbed TLS cannot read it. */
  Ed25519: "ED25519",
} as const;

/** Curves, for {@link KeyArgs.ecdsaCurve}. */
export const EcdsaCurve = { P256: "P256", P384: "P384", P521: "P521" } as const;

/** What kind of key to make. Default: ECDSA on P-256. */
export interface KeyArgs {
  /** One of {@link KeyAlgorithm}. */
  algorithm: pulumi.Input<string>;
  /** One of {@link EcdsaCurve}; for ECDSA. */
  ecdsaCurve?: pulumi.Input<string>;
  /** Modulus in bits: 2048, 3072 or 4096; for RSA. */
  rsaBits?: pulumi.Input<number>;
}

/** When to renew. */
export interface RenewalArgs {
  /** Days before the end. Default: a third of the validity, a little more by a jitter from the name. */
  beforeDays?: pulumi.Input<number>;
}

/** The names a CA may issue for (RFC 5280 §4.2.1.10). */
export interface NameConstraintsArgs {
  /** These DNS names and all below them are allowed. */
  permittedDnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  excludedDnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  /** Address ranges, such as `192.0.2.0/24`. */
  permittedIpRanges?: pulumi.Input<pulumi.Input<string>[]>;
  excludedIpRanges?: pulumi.Input<pulumi.Input<string>[]>;
  /** Whether clients that cannot read it must refuse the CA. Default false, since Mbed TLS refuses it. */
  critical?: pulumi.Input<boolean>;
}

/** What is known of a CA before its certificate exists, so that the first preview can check what hangs below it. */
export interface AuthorityArgs {
  subject: pulumi.Input<SubjectArgs>;
  validityDays: pulumi.Input<number>;
  pathLength?: pulumi.Input<number>;
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
}

/** A CA's key and certificates, for the resources that sign with it. */
export interface SignerArgs {
  /** PEM, unencrypted; becomes a secret whatever it was. */
  privateKeyPem: pulumi.Input<string>;
  /** The CA's certificate; left out where a certificate signs itself. */
  certificatePem?: pulumi.Input<string>;
  /** The CA and those above it, without the root. */
  chainPem?: pulumi.Input<string>;
  trustAnchorsPem?: pulumi.Input<string>;
  /** The CA, then its issuer, up to the root. */
  authorities?: pulumi.Input<pulumi.Input<AuthorityArgs>[]>;
}
