import { isIP } from "node:net";
import { hostNameProblem, readAlternativeNames } from "../alternativeNames";
import type { AlternativeNames } from "../alternativeNames";
import { Purpose, purposeOf } from "../examine/leaf";
import { issued } from "../examine/order";
import { readSubject } from "../subject";
import type { Subject } from "../subject";
import { x509 } from "../webcrypto";
import { canonicalHex } from "./database";
import { readFiles } from "./files";
import type { DirectoryFinding } from "./findings";
import { examineDirectory } from "./findings";
import type { KeyMatch } from "./keys";
import { matchKeys } from "./keys";
import type { FoundCertificate, FoundRequest } from "./material";
import { readMaterial } from "./material";
import { UniqueNames, ownerFolder, slug, stemOf } from "./names";
import type { AuthorityRecords } from "./records";
import { assignRecords } from "./records";

/** A CA in a directory. */
export interface FoundAuthority {
  /** Short and unique: `root-ca`. */
  readonly name: string;
  /** The file its certificate was read from. */
  readonly file: string;
  readonly certificate: FoundCertificate;
  readonly subject: Subject;
  readonly key: KeyMatch | undefined;
  /** The CA above; left out for a root, and where it is not to be found. */
  readonly issuer: FoundAuthority | undefined;
  readonly records: AuthorityRecords;
}

/** The certificate of a server or a device in a directory. */
export interface FoundLeaf {
  readonly name: string;
  readonly file: string;
  readonly certificate: FoundCertificate;
  readonly subject: Subject;
  readonly names: AlternativeNames;
  /** One of {@link Purpose}; where the certificate does not say, guessed by its names. */
  readonly purpose: string;
  readonly key: KeyMatch | undefined;
  readonly issuer: FoundAuthority | undefined;
}

/** A PKI as OpenSSL's commands left it in a directory. */
export interface OpenSslDirectory {
  /** Each CA after the one above it. */
  readonly authorities: readonly FoundAuthority[];
  readonly leaves: readonly FoundLeaf[];
  readonly requests: readonly FoundRequest[];
  readonly findings: readonly DirectoryFinding[];
}

/** How to read a directory. */
export interface DirectoryOptions {
  /** UTC */
  readonly now: Date;
  /** Tried on every encrypted key. Without them, those keys are found by their names alone. */
  readonly passphrases?: readonly string[];
}

/**
 * Reads a PKI out of a directory: every certificate, key and request, PEM or
 * DER, whatever the files are called; who signed whom; and the records of
 * `openssl ca` (`index.txt`, `serial`, `crlnumber`).
 *
 * @throws an error of the file system where the directory cannot be read
 * @example
 * ```ts
 * readOpenSslDirectory("ecpki", { now: new Date() }).authorities.map(({ name }) => name); // ["root-ca", "server-ca"]
 * ```
 */
export function readOpenSslDirectory(
  path: string,
  { now, passphrases = [] }: DirectoryOptions,
): OpenSslDirectory {
  const { files, skipped } = readFiles(path);
  const material = readMaterial(files, passphrases);
  const { certificates } = material;
  const issuers = issuersOf(certificates);
  const keys = matchKeys(certificates, material.keys);
  const issuing = new Set(
    [...issuers].flatMap(([subject, issuer]) =>
      issuer === subject ? [] : [issuer],
    ),
  );
  const isAuthority = (certificate: FoundCertificate): boolean =>
    certificate.reading.basicConstraints?.ca === true ||
    issuing.has(certificate);
  const superseded = findSuperseded(certificates.filter(isAuthority));
  const drafts = certificates
    .filter(
      (certificate) => isAuthority(certificate) && !superseded.has(certificate),
    )
    .map((certificate) => ({
      certificate,
      files: certificate.files,
      issued: new Set(
        certificates
          .filter((one) => latest(issuers.get(one), superseded) === certificate)
          .map(({ reading }) => serialOf(reading.serialNumber)),
      ),
    }));
  const { owned, ownerless } = assignRecords(files, drafts);
  const unique = new UniqueNames();
  const authorities: FoundAuthority[] = [];
  for (const draft of issuersFirst(drafts, issuers, superseded)) {
    const { certificate } = draft;
    const above = latest(issuers.get(certificate), superseded);
    const file = ownFile(certificate);
    const subject = subjectOf(certificate);
    authorities.push({
      name: unique.take(nameFor(file, subject)),
      file,
      certificate,
      subject,
      key: keys.get(certificate),
      issuer: authorities.find((one) => one.certificate === above),
      records: owned.get(draft) ?? {},
    });
  }
  const leaves = certificates
    .filter((certificate) => !isAuthority(certificate))
    .map((certificate): FoundLeaf => {
      const file = ownFile(certificate);
      const subject = subjectOf(certificate);
      const names = namesOf(certificate);
      const above = latest(issuers.get(certificate), superseded);
      return {
        name: unique.take(nameFor(file, subject)),
        file,
        certificate,
        subject,
        names,
        purpose: purposeOf(certificate.reading) ?? guessPurpose(subject, names),
        key: keys.get(certificate),
        issuer: authorities.find((one) => one.certificate === above),
      };
    });
  return {
    authorities,
    leaves,
    requests: material.requests,
    findings: examineDirectory(
      { authorities, leaves, material, superseded, skipped, ownerless },
      now,
    ),
  };
}

/** Who signed each certificate; itself for a root. */
function issuersOf(
  certificates: readonly FoundCertificate[],
): ReadonlyMap<FoundCertificate, FoundCertificate> {
  const bySubject = new Map<string, FoundCertificate[]>();
  for (const certificate of certificates) {
    const name = certificate.reading.subjectDer.toString("hex");
    bySubject.set(name, [...(bySubject.get(name) ?? []), certificate]);
  }
  const result = new Map<FoundCertificate, FoundCertificate>();
  for (const certificate of certificates) {
    const { issuerDer, selfSigned } = certificate.reading;
    const issuer = selfSigned
      ? certificate
      : bySubject
          .get(issuerDer.toString("hex"))
          ?.find(({ reading }) => issued(reading, certificate.reading));
    if (issuer !== undefined) {
      result.set(certificate, issuer);
    }
  }
  return result;
}

/** Certificates of a CA that a later one with the same name and key took the place of. */
function findSuperseded(
  authorities: readonly FoundCertificate[],
): ReadonlyMap<FoundCertificate, FoundCertificate> {
  const newest = new Map<string, FoundCertificate>();
  const idOf = ({ reading, publicKeySha256 }: FoundCertificate): string =>
    `${publicKeySha256} ${reading.subjectDer.toString("hex")}`;
  for (const certificate of authorities) {
    const other = newest.get(idOf(certificate));
    if (
      other === undefined ||
      certificate.reading.notAfter > other.reading.notAfter
    ) {
      newest.set(idOf(certificate), certificate);
    }
  }
  const result = new Map<FoundCertificate, FoundCertificate>();
  for (const certificate of authorities) {
    const other = newest.get(idOf(certificate));
    if (other !== undefined && other !== certificate) {
      result.set(certificate, other);
    }
  }
  return result;
}

function latest(
  certificate: FoundCertificate | undefined,
  superseded: ReadonlyMap<FoundCertificate, FoundCertificate>,
): FoundCertificate | undefined {
  return certificate && (superseded.get(certificate) ?? certificate);
}

function issuersFirst<T extends { certificate: FoundCertificate }>(
  drafts: readonly T[],
  issuers: ReadonlyMap<FoundCertificate, FoundCertificate>,
  superseded: ReadonlyMap<FoundCertificate, FoundCertificate>,
): T[] {
  const depth = (certificate: FoundCertificate): number => {
    let current: FoundCertificate | undefined = certificate;
    const seen = new Set<FoundCertificate>();
    while (current !== undefined && !seen.has(current)) {
      seen.add(current);
      current = latest(issuers.get(current), superseded);
    }
    return seen.size;
  };
  return [...drafts].sort(
    (one, other) => depth(one.certificate) - depth(other.certificate),
  );
}

function serialOf(octets: Buffer): string {
  return canonicalHex(octets.toString("hex"));
}

/** The file that is the certificate's own, rather than a bundle, or the copy `openssl ca` keeps by serial number. */
function ownFile({ files }: FoundCertificate): string {
  const own = files.filter(
    (file) =>
      stemOf(file) !== "" && !/bundle|chain|full|trust|anchor/i.test(file),
  );
  return own[0] ?? files[0] ?? "";
}

function nameFor(file: string, { commonName }: Subject): string {
  const stem = stemOf(file);
  const folder = ownerFolder(file).split("/").at(-1) ?? "";
  return slug(stem !== "" ? stem : commonName !== "" ? commonName : folder);
}

function subjectOf({ reading }: FoundCertificate): Subject {
  return readSubject(new x509.X509Certificate(reading.pem).subjectName);
}

function namesOf({ reading }: FoundCertificate): AlternativeNames {
  try {
    return readAlternativeNames(
      new x509.X509Certificate(reading.pem).getExtension("2.5.29.17"),
    );
  } catch {
    return {};
  }
}

/** OpenSSL's default is to say nothing of the purpose. A broker is known by a host name, and a host name has a dot. */
function guessPurpose(
  { commonName }: Subject,
  { dnsNames = [], ipAddresses = [] }: AlternativeNames,
): string {
  const host =
    isIP(commonName) !== 0 ||
    (commonName.includes(".") && hostNameProblem(commonName) === undefined);
  return dnsNames.length + ipAddresses.length > 0 || host
    ? Purpose.Server
    : Purpose.Device;
}
