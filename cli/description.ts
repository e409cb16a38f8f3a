import { createHash } from "node:crypto";
import { formatKeySpec, describeKey } from "../pki/key";
import {
  extendedKeyUsageName,
  extensionName,
  keyUsageNames,
} from "../pki/examine/names";
import { matchProfile } from "../pki/examine/profile";
import type {
  CertificateReading,
  ExtensionReading,
} from "../pki/examine/reading";
import { ExtensionOid, attempt } from "../pki/examine/reading";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";
import { daysLeft, formatDate } from "../pki/validity";
import { x509 } from "../pki/webcrypto";
import type { KeyObject } from "node:crypto";

/** What a file holds, by names for people; values are texts. */
export type Description = Readonly<Record<string, string>>;

/** A certificate, without judging it. */
export function describeCertificate(
  certificate: CertificateReading,
  now: Date,
): Description {
  const { native, serialNumber, notBefore, notAfter, selfSigned } = certificate;
  const profile = matchProfile(certificate);
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(native.raw).digest("hex");
  return {
    subject: certificate.subject,
    issuer: `${certificate.issuer}${selfSigned ? " (self-signed)" : ""}`,
    serial: serialNumber.toString("hex"),
    version: String(certificate.version),
    valid: `${formatDate(notBefore)} to ${formatDate(notAfter)} (${left(daysLeft(notAfter, now))})`,
    key: describePublicKey(certificate.publicKey),
    profile:
      profile === undefined
        ? "none of ours"
        : [
            profile.name,
            ...(profile.differs.length > 0
              ? [`but ${profile.differs.join(", ")}`]
              : []),
          ].join(", "),
    ...describeExtensions(certificate),
    sha256: digest("sha256"),
    "sha1 (Cumulocity)": digest("sha1"),
    "sha3-256 (ThingsBoard)": thingsBoardCredentialsId(certificate.pem),
  };
}

function left(days: number): string {
  return days < 0 ? `ended ${-days} days ago` : `${days} days left`;
}

/** `ECDSA P256`, without a word of the key itself. */
export function describePublicKey(key: KeyObject | undefined): string {
  if (key === undefined) {
    return "of a kind that OpenSSL cannot read";
  }
  const spec = describeKey(key);
  return spec === undefined
    ? [key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve]
        .filter((part) => part !== undefined)
        .join(" ")
    : formatKeySpec(spec);
}

function describeExtensions(certificate: CertificateReading): Description {
  return Object.fromEntries(
    certificate.extensions.map((extension) => [
      extensionName(extension.oid),
      `${describeExtension(extension, certificate)}${extension.critical ? " (critical)" : ""}`,
    ]),
  );
}

function describeExtension(
  { oid, value }: ExtensionReading,
  certificate: CertificateReading,
): string {
  if (certificate.malformed.includes(oid)) {
    return "cannot be read";
  }
  const { basicConstraints, authority } = certificate;
  switch (oid) {
    case ExtensionOid.BasicConstraints:
      return [
        basicConstraints?.ca === true ? "CA:TRUE" : "CA:FALSE",
        ...(basicConstraints?.pathLength === undefined
          ? []
          : [`path length ${basicConstraints.pathLength}`]),
      ].join(", ");
    case ExtensionOid.KeyUsage:
      return keyUsageNames(certificate.keyUsage ?? 0).join(", ");
    case ExtensionOid.ExtendedKeyUsage:
      return (certificate.extendedKeyUsage ?? [])
        .map(extendedKeyUsageName)
        .join(", ");
    case ExtensionOid.SubjectKeyIdentifier:
      return certificate.subjectKeyIdentifier ?? "";
    case ExtensionOid.AuthorityKeyIdentifier:
      return [
        authority?.keyIdentifier,
        authority?.serialNumber === undefined
          ? undefined
          : `serial ${authority.serialNumber} of its issuer's certificate`,
      ]
        .filter((part) => part !== undefined)
        .join(", ");
    case ExtensionOid.SubjectAlternativeName:
      return certificate.native.subjectAltName ?? "";
    default:
      return Buffer.from(value).toString("hex");
  }
}

/** A request, without judging it; `undefined` where it cannot be read. */
export function describeRequest(pem: string): Description | undefined {
  return attempt(() => {
    const request = new x509.Pkcs10CertificateRequest(pem);
    return {
      subject: request.subject,
      "asks for": request.extensions
        .map(({ type }) => extensionName(type))
        .join(", "),
    };
  });
}
