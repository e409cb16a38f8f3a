import { encodePem } from "../pem";
import type { CertificateReading } from "./reading";
import { attempt, readCertificate } from "./reading";
import { fails } from "./thingsBoardAnswer";
import type { PemBlock } from "./thingsBoardPem";

/** Whether ThingsBoard takes a block for a certificate. */
export function isCertificate({ label }: PemBlock): boolean {
  return label === "CERTIFICATE" || label === "X509 CERTIFICATE";
}

/**
 * Reads a certificate.
 *
 * @param place which one of its file it is, from 1 on
 * @throws Refusal where Java would not
 */
export function certificateOf(
  { der }: Pick<PemBlock, "der">,
  place: number,
): CertificateReading {
  const certificate = attempt(() =>
    readCertificate(encodePem("CERTIFICATE", der), ""),
  );
  if (certificate === undefined) {
    throw fails(
      "unreadable certificate",
      `Certificate number ${place} of the certificate file cannot be read. Take it from its source again.`,
    );
  }
  return certificate;
}

/** Why a file has no certificate, though it may look as if. */
export function withoutCertificate(text: string): string {
  const why = /^\s+-----BEGIN (X509 )?CERTIFICATE-----/m.test(text)
    ? "Its PEM marker lines are indented; they have to begin their lines."
    : text.includes("BEGIN TRUSTED CERTIFICATE")
      ? 'It says "BEGIN TRUSTED CERTIFICATE", which only OpenSSL reads; write it anew with "openssl x509".'
      : text.includes("BEGIN CERTIFICATE")
        ? "Its PEM marker lines do not stand on lines of their own; keep the line breaks."
        : "Give it a PEM file with the server's certificate first.";
  return `The certificate file holds no certificate that ThingsBoard reads. ${why}`;
}

/**
 * What a Java key store holds a chain to: names, and no certificate twice.
 * Nobody looks at signatures there.
 *
 * @throws Refusal
 */
export function checkChain(certificates: readonly CertificateReading[]): void {
  for (const [index, certificate] of certificates.entries()) {
    if (
      certificates
        .slice(0, index)
        .some(({ native }) => native.raw.equals(certificate.native.raw))
    ) {
      throw fails(
        "duplicate certificate",
        `"${certificate.subject}" stands in the certificate file twice ("Certificate chain is not valid"). Leave one out.`,
      );
    }
  }
  for (const [index, certificate] of certificates.entries()) {
    const above = certificates[index + 1];
    if (above !== undefined && !isNamedBy(certificate, above)) {
      throw fails(
        "chain out of order, with a gap, or with an unrelated CA",
        `"${above.subject}" stands after "${certificate.subject}", whose issuer is "${certificate.issuer}" ("Certificate chain is not valid"). Write the leaf first, then each certificate's issuer, and nothing else.`,
      );
    }
  }
}

/** Whether a certificate calls its issuer as another one calls itself, in Java's eyes. */
function isNamedBy(
  certificate: CertificateReading,
  above: CertificateReading,
): boolean {
  // Java compares names without regard to case and repeated blanks.
  const fold = (name: string): string =>
    name.toLowerCase().replace(/\s+/g, " ");
  return (
    certificate.issuerDer.equals(above.subjectDer) ||
    fold(certificate.issuer) === fold(above.subject)
  );
}
