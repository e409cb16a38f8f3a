import { readSubjectKeyIdentifier } from "../pki/authority";
import { splitCertificates } from "../pki/pem";
import { quote } from "../pki/problem";
import { foldName } from "../pki/subject";
import { x509 } from "../pki/webcrypto";
import type {
  CertificateFacts,
  GenerationAfter,
  LedgerEvidence,
} from "./evidence";
import type { Refusal } from "./refusal";

/**
 * The subjects and keys of a CA's generations: each has its own (I6), and
 * keeps them for life, also where its certificate is renewed (I10, I11).
 *
 * @param before what earlier updates did; left out for a CA that has no evidence
 * @param after as the code wants it; those without facts are not known yet, or retired
 */
export function checkSubjectsAndKeys(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, GenerationAfter>>,
): Refusal[] {
  return [
    ...checkKept(before?.generations ?? {}, after),
    ...checkDistinct(before, after),
  ];
}

function checkKept(
  before: LedgerEvidence["generations"],
  after: Readonly<Record<string, GenerationAfter>>,
): Refusal[] {
  return Object.entries(after).flatMap(([id, { facts }]): Refusal[] => {
    const old = before[id];
    if (old === undefined || facts === undefined) {
      return [];
    }
    if (facts.subjectKeyIdentifier !== old.subjectKeyIdentifier) {
      return [
        {
          rule: "I10",
          path: `generations.${id}.certificatePem`,
          message: `has another key than before, and all that trusts ${quote(id)} (${old.state}, published on ${old.firstPublished}) would refuse what the new key signs (I10); leave ${quote(id)} as it is and stage the new key as a generation of its own.`,
        },
      ];
    }
    return foldName(facts.subject) === foldName(old.subject)
      ? []
      : [
          {
            rule: "I11",
            path: `generations.${id}.certificatePem`,
            message: `is renewed as ${quote(facts.subject)}, and what ${quote(old.subject)} signed names its issuer by the old subject (I11); write the old subject, or stage a new generation with the new one.`,
          },
        ];
  });
}

/** Some TLS stacks take the first CA with the right subject, whatever its key. */
function checkDistinct(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, GenerationAfter>>,
): Refusal[] {
  const refusals: Refusal[] = [];
  const known: { id: string; facts: CertificateFacts; gone: string }[] = [
    ...Object.entries(before?.tombstones ?? {}).map(([id, facts]) => ({
      id,
      facts,
      gone: `, which left the trust bundle on ${facts.retiredAt} and may be in old bundles still`,
    })),
    ...Object.entries(before?.generations ?? {})
      .filter(([id]) => after[id]?.facts === undefined)
      .map(([id, facts]) => ({
        id,
        facts,
        gone: ", which is in old bundles still",
      })),
  ];
  for (const [id, { facts }] of Object.entries(after)) {
    if (facts === undefined) {
      continue;
    }
    const path = `generations.${id}.certificatePem`;
    const twin = known.find((other) => sameKey(other.facts, facts));
    const namesake = known.find(
      (other) =>
        !sameKey(other.facts, facts) &&
        foldName(other.facts.subject) === foldName(facts.subject),
    );
    if (twin?.gone === "") {
      refusals.push({
        rule: "I6",
        path,
        message: `has the key of ${quote(twin.id)} (I6); a generation is a key, so make another one or leave this entry out.`,
      });
    }
    if (namesake !== undefined) {
      refusals.push({
        rule: "I6",
        path,
        message: `has the subject ${quote(facts.subject)} of ${quote(namesake.id)}${namesake.gone}, but another key (I6): OpenSSL and others take the first CA of that name and fail; give this generation another common name.`,
      });
    }
    known.push({ id, facts, gone: "" });
  }
  return refusals;
}

function sameKey(one: CertificateFacts, other: CertificateFacts): boolean {
  return one.subjectKeyIdentifier === other.subjectKeyIdentifier;
}

/**
 * The form of a generation's certificate: one certificate, so that the bundle
 * holds only the newest (I11), and key identifiers that lead to keys and not to
 * single certificates (I7): a CA with the same key cannot be renewed below
 * one that names issuer and serial number.
 *
 * @param path of the PEM text
 */
export function checkCertificateForm(
  certificatePem: string,
  path: string,
): Refusal[] {
  const blocks = splitCertificates(certificatePem, path);
  const [first] = blocks;
  if (first === undefined || blocks.length > 1) {
    return [
      {
        rule: "I11",
        path,
        message: `holds ${blocks.length} certificates, and a generation has one, its newest (I11); leave out the others.`,
      },
    ];
  }
  const certificate = new x509.X509Certificate(first);
  const refusals: Refusal[] = [];
  if (readSubjectKeyIdentifier(certificate) === undefined) {
    refusals.push({
      rule: "I7",
      path,
      message:
        "has no subject key identifier, by which clients tell two generations apart (I7); have it issued again with one.",
    });
  }
  const authority = certificate.getExtension(
    x509.AuthorityKeyIdentifierExtension,
  );
  if (authority?.certId !== undefined) {
    refusals.push({
      rule: "I7",
      path,
      message:
        "names its issuer by issuer and serial number, so that OpenSSL refuses it once the issuer is renewed (I7); have it issued again with a key identifier only.",
    });
  }
  return refusals;
}
