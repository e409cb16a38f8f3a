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
  /** O, where there are several; instead of `organization`. */
  organizations?: pulumi.Input<pulumi.Input<string>[]>;
  /** OU: department, up to 64 characters. */
  organizationalUnit?: pulumi.Input<string>;
  /** OU, where there are several; instead of `organizationalUnit`. */
  organizationalUnits?: pulumi.Input<pulumi.Input<string>[]>;
  /** emailAddress (PKCS#9), up to 255 characters; new certificates have it among the alternative names. */
  emailAddress?: pulumi.Input<string>;
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
  organizations?: pulumi.Input<pulumi.Input<string>[]>;
  organizationalUnit?: pulumi.Input<string>;
  organizationalUnits?: pulumi.Input<pulumi.Input<string>[]>;
  emailAddress?: pulumi.Input<string>;
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

/** Dates in the place of a number of days; they stay until the code names others. */
export interface ValidityArgs {
  /** UTC, such as `2026-12-01T00:00:00Z`. Default: one hour before the moment of issuance, since device clocks run late. */
  notBefore?: pulumi.Input<string>;
  /** UTC; `99991231235959Z` for no end (RFC 5280 §4.1.2.5), as IEEE 802.1AR wants it for IDevIDs. */
  notAfter: pulumi.Input<string>;
}

/** A name of a kind of its own (otherName, RFC 5280 §4.2.1.6). */
export interface OtherNameArgs {
  /** The kind, as an object identifier. */
  type: pulumi.Input<string>;
  /** Encoded as UTF8String. */
  value: pulumi.Input<string>;
}

/** hardwareModuleName (RFC 4108 §5), as IEEE 802.1AR puts it into an IDevID. */
export interface HardwareModuleNameArgs {
  /** The manufacturer's object identifier of this kind of hardware. */
  type: pulumi.Input<string>;
  serialNumber: pulumi.Input<string>;
}

/** A certificate policy (RFC 5280 §4.2.1.4). */
export interface CertificatePolicyArgs {
  /** Object identifier. */
  oid: pulumi.Input<string>;
  /** Where the certification practice statement stands. */
  practiceStatementUrl?: pulumi.Input<string>;
}

/** An extension of one's own. */
export interface CustomExtensionArgs {
  oid: pulumi.Input<string>;
  /** Whether clients that do not know it must refuse the certificate. Default false. */
  critical?: pulumi.Input<boolean>;
  /** DER of the value, in base64. */
  valueBase64: pulumi.Input<string>;
}

/**
 * What a certificate carries beyond its profile. Keep one in a constant and
 * hand it to every component that is to have it: that is a profile of your own.
 *
 * @example
 * ```ts
 * const published: ExtensionsArgs = {
 *   crlDistributionPoints: ["http://pki.example.com/device-ca.crl"],
 *   issuerUrls: ["http://pki.example.com/device-ca.cer"],
 * };
 * ```
 */
export interface ExtensionsArgs {
  /** keyUsage in the place of the profile's, by the names of RFC 5280: `digitalSignature`, `keyEncipherment`, … */
  keyUsage?: pulumi.Input<pulumi.Input<string>[]>;
  /** extendedKeyUsage in the place of the profile's: `serverAuth`, `clientAuth`, … or object identifiers. */
  extendedKeyUsage?: pulumi.Input<pulumi.Input<string>[]>;
  /** Where the issuer's CRL is: `http://` or `ldap://`. */
  crlDistributionPoints?: pulumi.Input<pulumi.Input<string>[]>;
  /** Where the issuer's OCSP responder is. */
  ocspUrls?: pulumi.Input<pulumi.Input<string>[]>;
  /** Where the issuer's certificate is, in DER. */
  issuerUrls?: pulumi.Input<pulumi.Input<string>[]>;
  policies?: pulumi.Input<pulumi.Input<CertificatePolicyArgs>[]>;
  custom?: pulumi.Input<pulumi.Input<CustomExtensionArgs>[]>;
}

/** How an RSA key signs, for the `signatureScheme` of a CA. */
export const SignatureScheme = {
  Pkcs1: "RSASSA-PKCS1-v1_5",
  /** With SHA-256. Not for clients older than TLS 1.3. */
  Pss: "RSASSA-PSS",
} as const;

/** What is known of a CA before its certificate exists, so that the first preview can check what hangs below it. */
export interface AuthorityArgs {
  subject: pulumi.Input<SubjectArgs>;
  /** Days, where it has no `validity`. */
  validityDays?: pulumi.Input<number>;
  validity?: pulumi.Input<ValidityArgs>;
  pathLength?: pulumi.Input<number>;
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
}

/** A refusal the code takes upon itself for a while; every preview prints it until it ends. */
export interface AcknowledgementArgs {
  /** `I3`, `I4` or `I8`. */
  rule: pulumi.Input<string>;
  /** Why it does no harm here, for those who review the change. */
  reason: pulumi.Input<string>;
  /** The last day on which it holds, such as `2027-01-31`; at most 90 days away. */
  until: pulumi.Input<string>;
  /** The CA that it stands on. Components set it. */
  authority?: pulumi.Input<string>;
}

/** A generation of a CA, as what it issued sees it. */
export interface IssuerGenerationArgs {
  /** The CA's name in the program. */
  authority: pulumi.Input<string>;
  id: pulumi.Input<string>;
  /** `staged`, `active`, `retiring` or `compromised`. */
  state: pulumi.Input<string>;
  certificatePem: pulumi.Input<string>;
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
  /** All generations in the trust bundles of the CA and of those above it: what lives below one that is missing here is refused (I4). */
  generations?: pulumi.Input<pulumi.Input<IssuerGenerationArgs>[]>;
  /** Refusals that the CAs above take upon themselves for a while. */
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
  /** One of {@link SignatureScheme}, for RSA keys. Default PKCS#1 v1.5. */
  signatureScheme?: pulumi.Input<string>;
  /** Rules for the subjects it signs: by attribute, `match`, `supplied` or `optional`. */
  signingPolicy?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}
