import { examineAuthority } from "../examine/authority";
import { examineLeaf } from "../examine/leaf";
import type { Finding, Rule } from "../examine/finding";
import { sortChain } from "../examine/order";
import { preventsAdoption } from "../existingAuthority";
import { quote } from "../problem";
import { formatDate } from "../validity";
import type { FoundAuthority, FoundLeaf } from "./directory";
import type { KeyMatch } from "./keys";
import type { FoundCertificate, Material } from "./material";

/** Something that was noticed about a file of a directory. */
export interface DirectoryFinding extends Finding {
  /** Relative to the directory; with `:` and a number where a line of it is meant. */
  readonly file: string;
  /** The CA cannot be taken over because of it. */
  readonly preventsAdoption: boolean;
}

/** What a directory was found to hold. */
export interface DirectoryContent {
  readonly authorities: readonly FoundAuthority[];
  readonly leaves: readonly FoundLeaf[];
  readonly material: Material;
  /** Older certificates of a CA, each with the newest one. */
  readonly superseded: ReadonlyMap<FoundCertificate, FoundCertificate>;
  readonly skipped: readonly { path: string; reason: string }[];
  /** Records whose CA is not to be found. */
  readonly ownerless: readonly string[];
}

/** Everything there is to be said about a directory, its CAs first. */
export function examineDirectory(
  content: DirectoryContent,
  now: Date,
): DirectoryFinding[] {
  const { authorities, leaves, material, superseded } = content;
  return [
    ...authorities.flatMap((authority) => [
      ...examineOne(authority, now),
      ...examineKey(authority.file, authority.key),
      ...examineRecords(authority),
    ]),
    ...[...superseded].map(([old, { reading }]) =>
      advice(
        old.files[0] ?? "",
        "older-certificate",
        old.reading.subject,
        `It is an older certificate of this CA, with the same key; the one that ends on ${formatDate(reading.notAfter)} is taken over.`,
      ),
    ),
    ...leaves.flatMap((leaf) => [
      ...examineLeaf(leaf.certificate.reading, {
        now,
        purpose: leaf.purpose,
      }).map((finding) => at(leaf.file, finding)),
      ...examineKey(leaf.file, leaf.key),
      ...(leaf.issuer === undefined && !leaf.certificate.reading.selfSigned
        ? [issuerMissing(leaf.file, leaf.certificate, false)]
        : []),
    ]),
    ...examineBundles(material),
    ...examineKeyFiles(material),
    ...material.unreadable.map(({ file, line, message }) =>
      advice(`${file}:${line}`, "unreadable", "", message),
    ),
    ...content.skipped.map(({ path, reason }) =>
      advice(path, "not-read", "", `It was not read: it ${reason}.`),
    ),
    ...content.ownerless.map((file) =>
      advice(
        file,
        "records-without-authority",
        "",
        "These are the records of a CA, and which one is not to be seen; put them beside its certificate.",
      ),
    ),
  ];
}

function examineOne(
  { certificate, issuer, file }: FoundAuthority,
  now: Date,
): DirectoryFinding[] {
  const { pem, selfSigned } = certificate.reading;
  return [
    ...examineAuthority(pem, {
      now,
      ...(issuer !== undefined && {
        issuerPem: issuer.certificate.reading.pem,
      }),
    }).map((finding) => ({
      ...finding,
      file,
      preventsAdoption: preventsAdoption(finding),
    })),
    ...(issuer === undefined && !selfSigned
      ? [issuerMissing(file, certificate, true)]
      : []),
  ];
}

function issuerMissing(
  file: string,
  { reading }: FoundCertificate,
  prevents: boolean,
): DirectoryFinding {
  return {
    code: "issuer-missing",
    subject: reading.subject,
    message: `The certificate of ${quote(reading.issuer)}, which signed it, is not here. Put it into the directory; its key is not needed.`,
    fatalFor: [],
    file,
    preventsAdoption: prevents,
  };
}

function examineKey(
  certificateFile: string,
  match: KeyMatch | undefined,
): DirectoryFinding[] {
  if (match?.key.encrypted !== true) {
    return [];
  }
  const { key, byName } = match;
  return [
    advice(
      key.file,
      "encrypted-key",
      "",
      byName
        ? `The key is encrypted, and taken for the one of ${certificateFile} by its name; whether it is shows when the program opens it with the passphrase.`
        : "The key is encrypted; the program needs its passphrase, too.",
    ),
  ];
}

function examineRecords({
  records,
  certificate,
}: FoundAuthority): DirectoryFinding[] {
  const { subject } = certificate.reading;
  const { database, nextSerial, lastSerial, crlNumber } = records;
  return [
    ...(database?.malformed ?? []).map(({ line, message }) =>
      advice(
        `${database?.file ?? ""}:${line}`,
        "malformed-line",
        subject,
        `The line ${message}`,
      ),
    ),
    ...[nextSerial, lastSerial, crlNumber].flatMap((number) =>
      number === undefined || number.value !== undefined
        ? []
        : [
            advice(
              number.file,
              "no-number",
              subject,
              "It holds no number in hex, as OpenSSL keeps one there.",
            ),
          ],
    ),
  ];
}

/** A file with a leaf in it is a chain, and has an order. */
function examineBundles({
  bundles,
  certificates,
}: Material): DirectoryFinding[] {
  const byFingerprint = new Map(
    certificates.map((one) => [one.fingerprintSha256, one.reading]),
  );
  return bundles.flatMap(({ file, fingerprints }) => {
    const readings = fingerprints.flatMap(
      (fingerprint) => byFingerprint.get(fingerprint) ?? [],
    );
    const hasLeaf = readings.some(
      ({ basicConstraints }) => basicConstraints?.ca !== true,
    );
    return hasLeaf
      ? sortChain(readings).findings.map((finding) => at(file, finding))
      : [];
  });
}

function examineKeyFiles({ keys }: Material): DirectoryFinding[] {
  // Windows keeps no such bits.
  return process.platform === "win32"
    ? []
    : keys
        .filter(({ mode }) => (mode & 0o077) !== 0)
        .map(({ file, mode, encrypted }) => {
          const who = (mode & 0o007) !== 0 ? "everybody" : "its group";
          return advice(
            file,
            "key-readable-by-others",
            "",
            `The ${encrypted ? "encrypted " : ""}key may be read by ${who} (mode ${mode.toString(8)}). Run: chmod 600`,
          );
        });
}

function at(file: string, finding: Finding): DirectoryFinding {
  return { ...finding, file, preventsAdoption: false };
}

function advice(
  file: string,
  code: string,
  subject: string,
  message: string,
): DirectoryFinding {
  const rule: Rule = { code, message, fatalFor: [] };
  return at(file, { ...rule, subject });
}
