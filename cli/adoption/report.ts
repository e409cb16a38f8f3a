import { formatFinding } from "../../pki/existingAuthority";
import type {
  FoundAuthority,
  FoundLeaf,
  OpenSslDirectory,
} from "../../pki/openssl/directory";
import type { DirectoryFinding } from "../../pki/openssl/findings";
import type { KeyMatch } from "../../pki/openssl/keys";
import { formatSubject } from "../../pki/subject";
import { formatDate } from "../../pki/validity";
import type { AdoptionPlan } from "./plan";

/** Of more leaves than this below one CA, the first ones are shown. */
const SHOWN = 12;

/** The PKI as a tree: each CA with its key and its records, and what it issued. */
export function treeText({ authorities, leaves }: OpenSslDirectory): string {
  const lines: string[] = [];
  const branch = (
    parent: FoundAuthority | undefined,
    indentation: string,
  ): void => {
    for (const authority of authorities.filter(
      ({ issuer }) => issuer === parent,
    )) {
      lines.push(
        `${indentation}${authority.name}: ${describe(authority)}`,
        `${indentation}    ${details(authority)}`,
      );
      branch(authority, `${indentation}  `);
      list(authority, `${indentation}  `);
    }
  };
  const list = (
    parent: FoundAuthority | undefined,
    indentation: string,
  ): void => {
    const own = leaves.filter(({ issuer }) => issuer === parent);
    for (const leaf of own.slice(0, SHOWN)) {
      lines.push(
        `${indentation}${leaf.name} (${leaf.purpose}): ${describe(leaf)}`,
      );
    }
    if (own.length > SHOWN) {
      lines.push(`${indentation}… and ${own.length - SHOWN} more`);
    }
  };
  branch(undefined, "");
  list(undefined, "");
  return `${lines.join("\n")}\n`;
}

function describe({
  subject,
  certificate,
  file,
}: FoundAuthority | FoundLeaf): string {
  const end = formatDate(certificate.reading.notAfter).slice(0, 10);
  return `${formatSubject(subject)}, until ${end} (${file})`;
}

function details({ key, records }: FoundAuthority): string {
  const { database, crlNumber, nextSerial } = records;
  return [
    keyText(key),
    ...(database === undefined
      ? []
      : [`${database.file} lists ${database.entries.length} certificates`]),
    ...(nextSerial?.value === undefined
      ? []
      : [`next serial number ${nextSerial.value}`]),
    ...(crlNumber?.value === undefined
      ? []
      : [`next revocation list ${crlNumber.value}`]),
  ].join(", ");
}

function keyText(match: KeyMatch | undefined): string {
  if (match === undefined) {
    return "its key is not here";
  }
  const { key, byName } = match;
  return `key ${key.file}${key.encrypted ? " (encrypted)" : ""}${byName ? ", by its name" : ""}`;
}

/** What is wrong, the worst first. */
export function findingsText(findings: readonly DirectoryFinding[]): string {
  const rank = ({ preventsAdoption, fatalFor }: DirectoryFinding): number =>
    preventsAdoption ? 0 : fatalFor.length > 0 ? 1 : 2;
  const words = ["not taken over", "refused by some", "note"];
  return [...findings]
    .sort((one, other) => rank(one) - rank(other))
    .map((finding) => `${words[rank(finding)] ?? ""}: ${line(finding)}\n`)
    .join("");
}

function line(finding: DirectoryFinding): string {
  const text = formatFinding(finding);
  // What is not about a certificate has no subject to begin with.
  return `${finding.file}: ${finding.subject === "" ? text.replace(/^"": /, "") : text}`;
}

/** All of it for programs; never a key. */
export function reportJson(
  { authorities, leaves, findings, requests }: OpenSslDirectory,
  plan: AdoptionPlan,
  written: readonly string[],
  commands: readonly string[],
): object {
  const shared = (one: FoundAuthority | FoundLeaf): object => ({
    name: one.name,
    file: one.file,
    subject: one.subject,
    issuer: one.issuer?.name,
    fingerprintSha256: one.certificate.fingerprintSha256,
    notAfter: formatDate(one.certificate.reading.notAfter),
    keyFile: one.key?.key.file,
    keyEncrypted: one.key?.key.encrypted,
  });
  return {
    schema: "mqtt-pki/adopt/1",
    authorities: authorities.map((authority) => ({
      ...shared(authority),
      takenOver: plan.authorities.includes(authority),
      nextSerialNumber: authority.records.nextSerial?.value,
      crlNumber: authority.records.crlNumber?.value,
      issued: plan.issued.get(authority.name)?.length,
    })),
    leaves: leaves.map((leaf) => ({ ...shared(leaf), purpose: leaf.purpose })),
    requests: requests.map(({ file, subject }) => ({ file, subject })),
    findings,
    written,
    commands,
  };
}
