import { Purpose } from "../../pki/examine/leaf";
import type { DatabaseEntry } from "../../pki/openssl/database";
import { canonicalHex, commonNameOf } from "../../pki/openssl/database";
import type {
  FoundAuthority,
  FoundLeaf,
  OpenSslDirectory,
} from "../../pki/openssl/directory";
import type { DirectoryFinding } from "../../pki/openssl/findings";
import { formatDate } from "../../pki/validity";

/** A CA that is left as it was found, and why. */
export interface RefusedAuthority {
  readonly authority: FoundAuthority;
  /** Empty where only a CA above it is refused. */
  readonly findings: readonly DirectoryFinding[];
}

/** One certificate that a CA issued, as far as it is known. */
export interface IssuedRecord {
  /** Lowercase hex without leading zeros. */
  readonly serialNumber: string;
  /** `valid`, `revoked` or `expired`. */
  readonly status: string;
  /** UTC, such as `2027-11-20T21:46:40Z`. */
  readonly notAfter: string;
  /** Empty unless it is revoked. */
  readonly revokedAt: string;
  /** Empty unless one was given. */
  readonly reason: string;
  readonly commonName: string;
  /** As its source writes it. */
  readonly subject: string;
  /** The certificate's file, empty where only the database knows it. */
  readonly file: string;
}

/** What of a directory is taken over, and how. */
export interface AdoptionPlan {
  readonly authorities: readonly FoundAuthority[];
  readonly refused: readonly RefusedAuthority[];
  readonly servers: readonly FoundLeaf[];
  /** CAs that issued devices: each gets an empty batch for new ones. */
  readonly deviceAuthorities: readonly FoundAuthority[];
  /** What each CA issued, by its name. */
  readonly issued: ReadonlyMap<string, readonly IssuedRecord[]>;
}

/** Decides what of a directory is taken over: every CA that nothing stands against, and all below those. */
export function planAdoption({
  authorities,
  leaves,
  findings,
}: OpenSslDirectory): AdoptionPlan {
  const refused: RefusedAuthority[] = [];
  const taken: FoundAuthority[] = [];
  for (const authority of authorities) {
    const against = findings.filter(
      ({ preventsAdoption, file }) =>
        preventsAdoption && file === authority.file,
    );
    const hangs =
      authority.issuer !== undefined && !taken.includes(authority.issuer);
    if (against.length > 0 || hangs) {
      refused.push({ authority, findings: against });
    } else {
      taken.push(authority);
    }
  }
  const below = leaves.filter(
    ({ issuer }) => issuer !== undefined && taken.includes(issuer),
  );
  const issued = new Map(
    taken.map((authority) => [
      authority.name,
      recordsOf(authority, authorities, leaves),
    ]),
  );
  const devices = new Set(
    below
      .filter(({ purpose }) => purpose === Purpose.Device)
      .map(({ issuer }) => issuer),
  );
  return {
    authorities: taken,
    refused,
    servers: below.filter(({ purpose }) => purpose === Purpose.Server),
    deviceAuthorities: taken.filter((authority) => devices.has(authority)),
    issued,
  };
}

/** What the database of a CA lists, then what else it was seen to have issued. */
function recordsOf(
  authority: FoundAuthority,
  authorities: readonly FoundAuthority[],
  leaves: readonly FoundLeaf[],
): IssuedRecord[] {
  const found = new Map(
    [...authorities, ...leaves]
      .filter(({ issuer }) => issuer === authority)
      .map((one) => [serialOf(one), one]),
  );
  const listed = (authority.records.database?.entries ?? []).map((entry) =>
    fromDatabase(entry, found.get(entry.serialNumber)?.file ?? ""),
  );
  const known = new Set(listed.map(({ serialNumber }) => serialNumber));
  return [
    ...listed,
    ...[...found]
      .filter(([serialNumber]) => !known.has(serialNumber))
      .map(([serialNumber, { certificate, subject, file }]) => ({
        serialNumber,
        status: "valid",
        notAfter: formatDate(certificate.reading.notAfter),
        revokedAt: "",
        reason: "",
        commonName: subject.commonName,
        subject: certificate.reading.subject,
        file,
      })),
  ];
}

function serialOf({ certificate }: FoundAuthority | FoundLeaf): string {
  return canonicalHex(certificate.reading.serialNumber.toString("hex"));
}

function fromDatabase(entry: DatabaseEntry, file: string): IssuedRecord {
  const { serialNumber, status, notAfter, revocation, subject } = entry;
  return {
    serialNumber,
    status,
    notAfter: formatDate(notAfter),
    revokedAt: revocation === undefined ? "" : formatDate(revocation.at),
    reason: revocation?.reason ?? "",
    commonName: commonNameOf(subject) ?? "",
    subject,
    file,
  };
}
