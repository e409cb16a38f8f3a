import { X509Certificate } from "node:crypto";
import { extendedKeyUsageOid } from "./keyUsage";
import type { NameConstraints } from "./nameConstraints";
import { readNameConstraints, violations } from "./nameConstraints";
import type { CertificateOrder } from "./order";
import { constrainedNamesOf, profileOf } from "./order";
import { firstCertificate } from "./pem";
import type { Problem } from "./problem";
import { InputError, quote } from "./problem";
import type { Subject } from "./subject";
import { equivalentSubjects, formatSubject, readSubject } from "./subject";
import type { ValidityOrder } from "./validity";
import {
  checkValidity,
  daysLeft,
  formatDate,
  parseDate,
  validityFrom,
} from "./validity";
import { x509 } from "./webcrypto";

/**
 * What is known of a CA before its certificate exists, so that a mistake below
 * it shows in the very first preview.
 */
export interface Authority extends ValidityOrder {
  readonly subject: Subject;
  readonly pathLength?: number;
  readonly nameConstraints?: NameConstraints;
}

/**
 * Every way in which an order breaks the rules of the CAs above it.
 *
 * @param authorities the issuer first, then its issuer, up to the root.
 * @param now when it is to be issued, UTC; left out for one that was issued
 * before, since days that are counted from today are not those it was given.
 */
export function checkAgainstAuthorities(
  order: CertificateOrder,
  authorities: readonly Authority[],
  now?: Date,
): Problem[] {
  const problems: Problem[] = [];
  const issuer = authorities[0];
  if (issuer === undefined) {
    return problems;
  }
  const namesake = authorities.find(({ subject }) =>
    equivalentSubjects(order.subject, subject),
  );
  if (namesake !== undefined) {
    problems.push({
      path: "subject",
      message: `${quote(formatSubject(order.subject))} is the subject of ${namesake === issuer ? "the issuer" : "a CA above it"} (I6); give this one another common name.`,
    });
  }
  problems.push(...outlives(order, issuer, now));
  for (const [depth, authority] of authorities.entries()) {
    problems.push(...pathLengthProblems(order, authority, depth));
    if (authority.nameConstraints !== undefined) {
      problems.push(
        ...violations(constrainedNamesOf(order), authority.nameConstraints),
      );
    }
  }
  return problems;
}

/** Two spans of days begin at two moments, so the one below has to be shorter; dates may be the same. */
function outlives(
  order: CertificateOrder,
  issuer: Authority,
  now: Date | undefined,
): Problem[] {
  if (
    order.truncate === true ||
    [order, issuer].some((span) => checkValidity(span).length > 0)
  ) {
    return [];
  }
  const { validityDays, validity } = order;
  const cut = "set truncate: true to cut it at the issuer's end.";
  if (validityDays !== undefined && issuer.validityDays !== undefined) {
    return validityDays < issuer.validityDays
      ? []
      : [
          {
            path: "validityDays",
            message: `${validityDays} days would outlive the issuer, valid for ${issuer.validityDays} (I5); ${issuer.validityDays > 1 ? `write ${issuer.validityDays - 1} at most, or ` : ""}${cut}`,
          },
        ];
  }
  const both = validity !== undefined && issuer.validity !== undefined;
  if (now === undefined && !both) {
    return [];
  }
  const today = now ?? new Date(0);
  const end = validityFrom(today, issuer).notAfter;
  return validityFrom(today, order).notAfter <= end
    ? []
    : [
        {
          path: validity === undefined ? "validityDays" : "validity.notAfter",
          message: `${quote(validity?.notAfter ?? validityDays)} would outlive the issuer, which ends on ${formatDate(end)} (I5); write less, or ${cut}`,
        },
      ];
}

function pathLengthProblems(
  order: CertificateOrder,
  authority: Pick<Authority, "subject" | "pathLength">,
  depth: number,
): Problem[] {
  const limit = authority.pathLength;
  if (limit === undefined) {
    return [];
  }
  const name = quote(authority.subject.commonName);
  const isCa = profileOf(order)?.ca === true;
  const casBelow = depth + (isCa ? 1 : 0);
  if (casBelow > limit) {
    return [
      {
        path: "issuer",
        message: `${name} has path length constraint ${limit}, which leaves no room for ${isCa ? "this CA" : "the CAs in between"} (I8); give ${name} a path length of ${casBelow} at least, or issue from a CA further up.`,
      },
    ];
  }
  const own = order.pathLength;
  return isCa && own !== undefined && casBelow + own > limit
    ? [
        {
          path: "pathLength",
          message: `${own} is more than ${name} with its path length constraint ${limit} leaves (I8); write ${limit - casBelow} at most.`,
        },
      ]
    : [];
}

/**
 * A CA certificate as an issuer: its facts for building certificates below it.
 *
 * @throws InputError naming `path` where the certificate cannot issue.
 */
export function readIssuer(pem: string, path: string): x509.X509Certificate {
  const text = firstCertificate(pem, path);
  let certificate: x509.X509Certificate;
  try {
    certificate = new x509.X509Certificate(text);
    // Node's parser is OpenSSL's: what it cannot read, no broker can.
    new X509Certificate(text);
    // The library reads these late: all that is asked of an issuer afterwards is there.
    readPathLength(certificate);
    readSubjectKeyIdentifier(certificate);
    readNameConstraints(certificate);
    readExtendedKeyUsage(certificate);
    formatDate(certificate.notAfter);
    readSubject(certificate.subjectName);
  } catch {
    throw new InputError([
      { path, message: "is no readable X.509 certificate." },
    ]);
  }
  const basic = certificate.getExtension(x509.BasicConstraintsExtension);
  if (basic?.ca !== true) {
    throw new InputError([
      {
        path,
        message: `${quote(certificate.subject)} is no CA (basicConstraints CA:TRUE is missing); issue from a RootCA or an IntermediateCA.`,
      },
    ]);
  }
  return certificate;
}

/** The path length constraint of a CA certificate, `undefined` where it has none. */
export function readPathLength(
  certificate: x509.X509Certificate,
): number | undefined {
  return certificate.getExtension(x509.BasicConstraintsExtension)?.pathLength;
}

/** The key identifier a certificate gives itself, in lowercase hex; `undefined` where it has none. */
export function readSubjectKeyIdentifier(
  certificate: x509.X509Certificate,
): string | undefined {
  return certificate
    .getExtension(x509.SubjectKeyIdentifierExtension)
    ?.keyId.toLowerCase();
}

/** The extended key usages of a certificate as object identifiers; `undefined` where it has none. */
function readExtendedKeyUsage(
  certificate: x509.X509Certificate,
): readonly string[] | undefined {
  return certificate
    .getExtension(x509.ExtendedKeyUsageExtension)
    ?.usages.map(String);
}

/** Verifiers of TLS hold a leaf to the extended key usages of the CAs above it, too. */
function extendedKeyUsageProblems(
  order: CertificateOrder,
  issuer: x509.X509Certificate,
): Problem[] {
  const allowed = readExtendedKeyUsage(issuer);
  const profile = profileOf(order);
  if (allowed === undefined || allowed.includes(ANY_EXTENDED_KEY_USAGE)) {
    return [];
  }
  return (order.extensions?.extendedKeyUsage ?? profile?.extendedKeyUsage ?? [])
    .filter((usage) => !allowed.includes(extendedKeyUsageOid(usage) ?? usage))
    .map((usage) => ({
      path: "issuer",
      message: `${quote(issuer.subject)} is for other uses than ${quote(usage)} (its extendedKeyUsage); issue from another CA, or add it there.`,
    }));
}

const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

const MOST_KNOWN = 1000;
const known = new Map<string, string | undefined>();

/** Which key signed a certificate, in lowercase hex; `undefined` where it does not say or cannot be read. */
export function readAuthorityKeyIdentifier(pem: string): string | undefined {
  // An update looks at the same certificates in each of its steps, and to read one takes milliseconds.
  if (!known.has(pem)) {
    if (known.size >= MOST_KNOWN) {
      known.clear();
    }
    known.set(pem, parseAuthorityKeyIdentifier(pem));
  }
  return known.get(pem);
}

function parseAuthorityKeyIdentifier(pem: string): string | undefined {
  try {
    return new x509.X509Certificate(pem)
      .getExtension(x509.AuthorityKeyIdentifierExtension)
      ?.keyId?.toLowerCase();
  } catch {
    return undefined;
  }
}

/** Every way in which an order breaks the rules of an issuer whose certificate is there. */
export function checkAgainstCertificate(
  order: CertificateOrder,
  issuer: x509.X509Certificate,
  now: Date,
): Problem[] {
  const problems: Problem[] = [];
  const pathLength = readPathLength(issuer);
  if (pathLength !== undefined) {
    problems.push(
      ...pathLengthProblems(
        order,
        { subject: { commonName: issuer.subject }, pathLength },
        0,
      ),
    );
  }
  const constraints = readNameConstraints(issuer);
  if (constraints !== undefined) {
    problems.push(...violations(constrainedNamesOf(order), constraints));
  }
  problems.push(...extendedKeyUsageProblems(order, issuer));
  const left = daysLeft(issuer.notAfter, now);
  const { validity, validityDays = 0 } = order;
  const end = parseDate(validity?.notAfter);
  const begin = parseDate(validity?.notBefore);
  if (left >= 1 && begin !== undefined && begin >= issuer.notAfter) {
    problems.push({
      path: "validity.notBefore",
      message: `${quote(validity?.notBefore)} is after the issuer's end on ${formatDate(issuer.notAfter)} (I5); write an earlier date, or renew the issuer first.`,
    });
  } else if (left < 1) {
    problems.push({
      path: "issuer",
      message: `${quote(issuer.subject)} ended on ${formatDate(issuer.notAfter)}; renew it first.`,
    });
  } else if (order.truncate === true) {
    return problems;
  } else if (end !== undefined && end > issuer.notAfter) {
    problems.push({
      path: "validity.notAfter",
      message: `${quote(validity?.notAfter)} would outlive the issuer, which ends on ${formatDate(issuer.notAfter)} (I5); write that date at most, renew the issuer first, or set truncate: true.`,
    });
  } else if (end === undefined && validityDays > left) {
    problems.push({
      path: "validityDays",
      message: `${validityDays} days would outlive the issuer, which ends on ${formatDate(issuer.notAfter)} (I5); write ${left} at most, renew the issuer first, or set truncate: true.`,
    });
  }
  return problems;
}
