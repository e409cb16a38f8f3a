import { X509Certificate } from "node:crypto";
import { readPathLength, readSubjectKeyIdentifier } from "./authority";
import type { ConstrainedNames } from "./nameConstraints";
import {
  hasOtherConstraints,
  readNameConstraints,
  violations,
} from "./nameConstraints";
import { splitCertificates } from "./pem";
import type { Problem } from "./problem";
import { quote } from "./problem";
import { formatDate } from "./validity";
import { x509 } from "./webcrypto";

interface Link {
  /** OpenSSL's reading, for signatures. */
  readonly native: X509Certificate;
  /** The library's reading, for extensions. */
  readonly parsed: x509.X509Certificate;
}

function readLinks(pem: string): Link[] {
  return splitCertificates(pem).map((text) => ({
    native: new X509Certificate(text),
    parsed: new x509.X509Certificate(text),
  }));
}

/** How a chain is verified. */
export interface VerifyOptions {
  /**
   * Whether a CA must have what RFC 5280 says it must: a key usage, a subject
   * key identifier, critical basic constraints; and whether critical extensions
   * of kinds unknown here are refused. Default true. A CA that was adopted is as
   * it is, and its owner was told who has something against it; who orders a
   * critical extension of his own knows his clients.
   */
  readonly strict?: boolean;
}

/**
 * Verifies a chain the way a strict client does (RFC 5280 §6): order,
 * signatures, validity, CA flag, key usage, path lengths, name constraints and
 * key identifiers, up to one of the trust anchors. Run over everything before
 * it is emitted (I12).
 *
 * @param chainPem leaf first, then each certificate's issuer; the root may be left out
 * @param trustAnchorsPem self-signed roots
 * @param now UTC
 * @returns the reasons why a client would refuse it; empty where none would
 */
export function verifyChain(
  chainPem: string,
  trustAnchorsPem: string,
  now: Date,
  { strict = true }: VerifyOptions = {},
): Problem[] {
  const chain = readLinks(chainPem);
  // OpenSSL and Node take no certificate for an anchor that another one signed.
  const anchors = readLinks(trustAnchorsPem).filter((anchor) =>
    issued(anchor, anchor),
  );
  const last = chain.at(-1);
  if (last === undefined) {
    return [{ path: "chain", message: "holds no certificate." }];
  }
  const isAnchor = anchors.some(({ native }) =>
    native.raw.equals(last.native.raw),
  );
  const anchor = anchors.find((candidate) => issued(candidate, last));
  if (anchor === undefined && !isAnchor) {
    return [
      {
        path: "chain",
        message: `no trust anchor signed ${quote(last.parsed.subject)}.`,
      },
    ];
  }
  const path = isAnchor || anchor === undefined ? chain : [...chain, anchor];
  return path.flatMap((link, index) => [
    ...checkDates(link, now),
    ...(strict ? checkCriticalExtensions(link) : []),
    ...(index === 0 ? [] : checkIssuer(link, path.slice(0, index))),
    ...(index === 0 || !strict ? [] : checkForm(link)),
  ]);
}

/**
 * Whether one certificate signed another: by name, key identifier and signature, whatever it was allowed to do. Names
 * must agree to the byte: OpenSSL is content with the same characters, Go is not.
 */
function issued(issuer: Link, subject: Link): boolean {
  const named = Buffer.from(subject.parsed.issuerName.toArrayBuffer()).equals(
    Buffer.from(issuer.parsed.subjectName.toArrayBuffer()),
  );
  const wanted = subject.parsed.getExtension(
    x509.AuthorityKeyIdentifierExtension,
  )?.keyId;
  const own = readSubjectKeyIdentifier(issuer.parsed);
  return (
    named &&
    (wanted === undefined ||
      own === undefined ||
      wanted.toLowerCase() === own) &&
    subject.native.verify(issuer.native.publicKey)
  );
}

function checkDates({ parsed }: Link, now: Date): Problem[] {
  return now < parsed.notBefore || now > parsed.notAfter
    ? [
        {
          path: parsed.subject,
          message: `is valid from ${formatDate(parsed.notBefore)} to ${formatDate(parsed.notAfter)} only.`,
        },
      ]
    : [];
}

/** What a verifier must understand or refuse (RFC 5280 §4.2): this one, as most, knows these. */
const KNOWN_EXTENSIONS = [
  "2.5.29.14",
  "2.5.29.15",
  "2.5.29.17",
  "2.5.29.19",
  "2.5.29.30",
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.35",
  "2.5.29.36",
  "2.5.29.37",
  "2.5.29.54",
];

function checkCriticalExtensions({ parsed }: Link): Problem[] {
  return parsed.extensions
    .filter(
      ({ critical, type }) => critical && !KNOWN_EXTENSIONS.includes(type),
    )
    .map(({ type }) => ({
      path: parsed.subject,
      message: `has the critical extension ${type}, which clients that do not know it refuse.`,
    }));
}

function isCa({ parsed }: Link): boolean {
  return parsed.getExtension(x509.BasicConstraintsExtension)?.ca === true;
}

/** Checks a CA against all that stands below it in the path, leaf first. */
function checkIssuer(issuer: Link, subjects: readonly Link[]): Problem[] {
  const problems: Problem[] = [];
  const path = issuer.parsed.subject;
  const direct = subjects.at(-1);
  if (direct !== undefined && !issued(issuer, direct)) {
    problems.push({
      path,
      message: `did not sign ${quote(direct.parsed.subject)}, which stands before it.`,
    });
  }
  const basic = issuer.parsed.getExtension(x509.BasicConstraintsExtension);
  if (basic?.ca !== true) {
    problems.push({ path, message: "is no CA." });
  }
  const usage = issuer.parsed.getExtension(x509.KeyUsagesExtension);
  if (usage !== null && (usage.usages & x509.KeyUsageFlags.keyCertSign) === 0) {
    problems.push({ path, message: "may not sign certificates (key usage)." });
  }
  problems.push(...checkExtendedKeyUsage(issuer, subjects));
  const limit = readPathLength(issuer.parsed);
  const casBelow = subjects.filter(isCa).length;
  if (limit !== undefined && casBelow > limit) {
    problems.push({
      path,
      message: `has path length constraint ${limit}, and ${casBelow} CAs stand below it.`,
    });
  }
  if (hasOtherConstraints(issuer.parsed)) {
    problems.push({
      path,
      message:
        "constrains names other than DNS names and addresses, which cannot be checked here.",
    });
  }
  const constraints = readNameConstraints(issuer.parsed);
  if (constraints !== undefined) {
    for (const { parsed } of subjects.filter((subject) => !isCa(subject))) {
      problems.push(...violations(namesIn(parsed), constraints));
    }
  }
  return problems;
}

const ANY_USAGE = "2.5.29.37.0";

/** A CA with an extended key usage issues for that and nothing else, as Go, OpenSSL and Windows read it. */
function checkExtendedKeyUsage(
  issuer: Link,
  subjects: readonly Link[],
): Problem[] {
  const allowed = extendedKeyUsages(issuer);
  const [leaf] = subjects;
  if (
    allowed === undefined ||
    allowed.includes(ANY_USAGE) ||
    leaf === undefined ||
    isCa(leaf)
  ) {
    return [];
  }
  return (extendedKeyUsages(leaf) ?? [])
    .filter((usage) => !allowed.includes(usage))
    .map((usage) => ({
      path: issuer.parsed.subject,
      message: `does not issue for extended key usage ${usage}, which ${quote(leaf.parsed.subject)} has.`,
    }));
}

function extendedKeyUsages({ parsed }: Link): string[] | undefined {
  return parsed
    .getExtension(x509.ExtendedKeyUsageExtension)
    ?.usages.map(String);
}

/** What RFC 5280 asks of a CA, and only strict clients do. */
function checkForm({ parsed }: Link): Problem[] {
  const problems: Problem[] = [];
  const path = parsed.subject;
  const basic = parsed.getExtension(x509.BasicConstraintsExtension);
  if (basic?.ca === true && !basic.critical) {
    problems.push({
      path,
      message:
        "has basic constraints that are not critical, which strict clients refuse (RFC 5280 §4.2.1.9).",
    });
  }
  if (readSubjectKeyIdentifier(parsed) === undefined) {
    problems.push({
      path,
      message:
        "has no subject key identifier, which strict clients refuse (RFC 5280 §4.2.1.2).",
    });
  }
  if (parsed.getExtension(x509.KeyUsagesExtension) === null) {
    problems.push({
      path,
      message:
        "has no key usage, which strict clients refuse (RFC 5280 §4.2.1.3).",
    });
  }
  return problems;
}

function namesIn(certificate: x509.X509Certificate): ConstrainedNames {
  const names =
    certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names
      .items ?? [];
  const ofType = (type: string): string[] =>
    names.filter((name) => name.type === type).map(({ value }) => value);
  const [commonName] = certificate.subjectName.getField("CN");
  return {
    dnsNames: ofType("dns"),
    ipAddresses: ofType("ip"),
    otherKinds: names.some(({ type }) => type !== "dns" && type !== "ip"),
    ...(commonName !== undefined && { commonName }),
  };
}
