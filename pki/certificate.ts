import { createHash, randomBytes } from "node:crypto";
import { readSubjectKeyIdentifier } from "./authority";
import { encodeAlternativeNames, isEmpty } from "./alternativeNames";
import { encodeExtendedKeyUsage, encodeExtensions } from "./extensions";
import type { KeySpec, SigningKey } from "./key";
import { keyIdentifier } from "./key";
import { defaultKeyUsage, encodeKeyUsage } from "./keyUsage";
import { encodeNameConstraints } from "./nameConstraints";
import type { CertificateOrder } from "./order";
import { alternativeNamesOf, profileOf } from "./order";
import { encodePem } from "./pem";
import { InputError } from "./problem";
import type { Profile } from "./profile";
import { encodeSubject } from "./subject";
import type { Validity } from "./validity";
import { validityFrom } from "./validity";
import { x509 } from "./webcrypto";

/** Who signs: the private key, and the CA's certificate unless the certificate signs itself. */
export interface Signer {
  readonly signingKey: SigningKey;
  readonly certificate?: x509.X509Certificate;
}

/** A certificate as it was issued. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  /** Lowercase hex. */
  readonly serialNumber: string;
  readonly validity: Validity;
  /** SHA-256 over the DER, lowercase hex. */
  readonly fingerprintSha256: string;
  /** Lowercase hex; see {@link keyIdentifier}. */
  readonly subjectKeyIdentifier: string;
}

/**
 * A serial number of 17 octets: positive, never 0, in canonical DER whatever
 * the random bytes are, with 134 bits of entropy (RFC 5280 §4.1.2.2 allows 20
 * octets).
 */
export function newSerialNumber(): string {
  const bytes = randomBytes(17);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString("hex");
}

/**
 * Issues one certificate. The order has been checked (see `checkOrder` and
 * `checkAgainstCertificate`); what is cut here is only the end of the
 * validity, where the order says `truncate`.
 *
 * @param key the public key, as DER of its SubjectPublicKeyInfo, and its kind
 * @param now UTC
 */
export async function issueCertificate(
  order: CertificateOrder,
  key: { readonly publicKey: Buffer; readonly key: KeySpec },
  signer: Signer,
  now: Date,
): Promise<IssuedCertificate> {
  const profile = profileOf(order);
  if (profile === undefined) {
    throw new InputError([
      { path: "profile", message: "is no known profile." },
    ]);
  }
  const validity = validityWithin(order, signer.certificate, now);
  const subject = encodeSubject(order.subject);
  const serialNumber = newSerialNumber();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber,
    subject,
    issuer: signer.certificate?.subjectName ?? subject,
    notBefore: validity.notBefore,
    notAfter: validity.notAfter,
    publicKey: new x509.PublicKey(key.publicKey),
    signingKey: signer.signingKey.key,
    signingAlgorithm: signer.signingKey.algorithm,
    extensions: extensions(order, profile, key, signer),
  });
  const der = Buffer.from(certificate.rawData);
  return {
    certificatePem: encodePem("CERTIFICATE", der),
    serialNumber,
    validity,
    fingerprintSha256: createHash("sha256").update(der).digest("hex"),
    subjectKeyIdentifier: keyIdentifier(key.publicKey),
  };
}

function validityWithin(
  order: CertificateOrder,
  issuer: x509.X509Certificate | undefined,
  now: Date,
): Validity {
  const asked = validityFrom(now, order);
  return order.truncate !== true ||
    issuer === undefined ||
    asked.notAfter <= issuer.notAfter
    ? asked
    : { ...asked, notAfter: issuer.notAfter };
}

function extensions(
  order: CertificateOrder,
  profile: Profile,
  key: { readonly publicKey: Buffer; readonly key: KeySpec },
  signer: Signer,
): x509.Extension[] {
  const pathLength = order.pathLength ?? profile.pathLength;
  const [keyUsage, ...others] = decidedExtensions(order, profile);
  return [
    new x509.BasicConstraintsExtension(
      profile.ca,
      profile.ca ? pathLength : undefined,
      true,
    ),
    ...(keyUsage === undefined ? [] : [keyUsage]),
    new x509.SubjectKeyIdentifierExtension(keyIdentifier(key.publicKey)),
    new x509.AuthorityKeyIdentifierExtension(issuerKeyIdentifier(signer)),
    ...others,
    ...(order.nameConstraints === undefined
      ? []
      : [encodeNameConstraints(order.nameConstraints)]),
  ];
}

/** The extensions that order and profile decide, whatever the keys are; key usage comes first. */
export function decidedExtensions(
  order: CertificateOrder,
  profile: Profile,
): x509.Extension[] {
  const wanted = order.extensions ?? {};
  const names = alternativeNamesOf(order);
  const extendedKeyUsage = encodeExtendedKeyUsage(
    wanted.extendedKeyUsage ?? profile.extendedKeyUsage,
  );
  return [
    encodeKeyUsage(wanted.keyUsage ?? defaultKeyUsage(profile, order.key)),
    ...(extendedKeyUsage === undefined ? [] : [extendedKeyUsage]),
    ...(isEmpty(names) ? [] : [encodeAlternativeNames(names)]),
    ...encodeExtensions(wanted),
  ];
}

function issuerKeyIdentifier(signer: Signer): string {
  // What the issuer's certificate says counts: another tool may have made its key identifier another way.
  return (
    (signer.certificate && readSubjectKeyIdentifier(signer.certificate)) ??
    signer.signingKey.keyIdentifier
  );
}
