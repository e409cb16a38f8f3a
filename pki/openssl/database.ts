import { quote } from "../problem";

/** States of an entry of OpenSSL's database. */
export const EntryStatus = {
  Valid: "valid",
  Revoked: "revoked",
  Expired: "expired",
} as const;

/** When and why a certificate was revoked. */
export interface Revocation {
  readonly at: Date;
  /** As OpenSSL writes it: `keyCompromise`, `superseded`, …; left out where none was given. */
  readonly reason?: string;
  /** With `holdInstruction` an object identifier, with `keyTime` and `CAkeyTime` a time. */
  readonly detail?: string;
}

/** One certificate in OpenSSL's database. */
export interface DatabaseEntry {
  /** Line of the file, from 1. */
  readonly line: number;
  /** One of {@link EntryStatus}. `expired` is only set by `openssl ca -updatedb`. */
  readonly status: string;
  readonly notAfter: Date;
  /** Only where the status is `revoked`. */
  readonly revocation?: Revocation;
  /** Lowercase hex without leading zeros. */
  readonly serialNumber: string;
  /** Nearly always `unknown`. */
  readonly file: string;
  /** As OpenSSL writes it: `/C=DE/O=My IoT Cloud/CN=valve-1`. */
  readonly subject: string;
}

/** A line of a database that is none. */
export interface MalformedLine {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** What a database holds. */
export interface Database {
  readonly entries: readonly DatabaseEntry[];
  readonly malformed: readonly MalformedLine[];
}

const STATUS: Readonly<Record<string, string>> = {
  V: EntryStatus.Valid,
  R: EntryStatus.Revoked,
  E: EntryStatus.Expired,
};

const REASONS = [
  "unspecified",
  "keyCompromise",
  "CACompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
  "certificateHold",
  "removeFromCRL",
  "holdInstruction",
  "keyTime",
  "CAkeyTime",
];

/**
 * Reads the database of `openssl ca`, usually called `index.txt`: a line for
 * each certificate with six fields between tabs, which are status, end of the
 * validity, revocation, serial number, file and subject (openssl-ca(1); the
 * fields are those of OpenSSL's `apps/include/apps.h`). A line that is none is
 * reported and passed over.
 *
 * @example
 * ```ts
 * parseDatabase("V\t271120214640Z\t\t1000\tunknown\t/CN=valve-1\n").entries[0].serialNumber; // "1000"
 * ```
 */
export function parseDatabase(text: string): Database {
  const entries: DatabaseEntry[] = [];
  const malformed: MalformedLine[] = [];
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (content === "" || content.startsWith("#")) {
      continue;
    }
    const entry = parseLine(content, line);
    if (typeof entry === "string") {
      malformed.push({ line, message: entry });
    } else {
      entries.push(entry);
    }
  }
  return { entries, malformed };
}

/** Does a text look like such a database, whatever its file is called? */
export function looksLikeDatabase(text: string): boolean {
  return /^(#.*\r?\n)*[VRE]\t\d{12,14}Z\t/.test(text);
}

/** The entry on a line, or what is wrong with it. */
function parseLine(content: string, line: number): DatabaseEntry | string {
  const fields = splitFields(content);
  if (fields.length !== 6) {
    return `has ${fields.length} fields between tabs where a database has 6.`;
  }
  const [letter = "", end = "", revoked = "", serial = "", file = "", subject] =
    fields;
  const status = Object.hasOwn(STATUS, letter) ? STATUS[letter] : undefined;
  if (status === undefined) {
    return `${quote(letter)} is no status; OpenSSL writes V, R or E.`;
  }
  const notAfter = parseTime(end);
  if (notAfter === undefined) {
    return `${quote(end)} is no time; OpenSSL writes YYMMDDHHMMSSZ.`;
  }
  if (!/^[0-9A-Fa-f]{1,64}$/.test(serial)) {
    return `${quote(serial)} is no serial number in hex.`;
  }
  const revocation = revoked === "" ? undefined : parseRevocation(revoked);
  if (typeof revocation === "string") {
    return revocation;
  }
  if ((status === EntryStatus.Revoked) !== (revocation !== undefined)) {
    return status === EntryStatus.Revoked
      ? "is revoked, and does not say when."
      : `says when it was revoked, and has status ${letter}.`;
  }
  return {
    line,
    status,
    notAfter,
    ...(revocation !== undefined && { revocation }),
    serialNumber: canonicalHex(serial),
    file,
    subject: subject ?? "",
  };
}

/** Fields between tabs; a backslash takes the tab after it for a character (OpenSSL's `TXT_DB_read`). */
function splitFields(content: string): string[] {
  return content
    .split(/(?<!\\)\t/)
    .map((field) => field.replaceAll("\\\t", "\t"));
}

/** `210304050607Z,keyCompromise`, or what is wrong with it. */
function parseRevocation(text: string): Revocation | string {
  const [time = "", reason, ...details] = text.split(",");
  const at = parseTime(time);
  if (at === undefined) {
    return `${quote(time)} is no time of a revocation; OpenSSL writes YYMMDDHHMMSSZ.`;
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    return `${quote(reason)} is no reason of a revocation; OpenSSL writes one of ${REASONS.join(", ")}.`;
  }
  const detail = details.join(",");
  return {
    at,
    ...(reason !== undefined && { reason }),
    ...(detail !== "" && { detail }),
  };
}

/** UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5); `undefined` for anything else. */
export function parseTime(text: string): Date | undefined {
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(
    text,
  );
  if (match === null) {
    return undefined;
  }
  const [, digits = "", ...rest] = match;
  const year =
    digits.length === 4
      ? digits
      : `${Number(digits) < 50 ? "20" : "19"}${digits}`;
  const [month = "", day = "", hour = "", minute = "", second = ""] = rest;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(iso);
  // JavaScript takes 30 February for 2 March.
  return !Number.isNaN(date.getTime()) && date.toISOString() === iso
    ? date
    : undefined;
}

/** A number in hex as it is compared: lowercase, without leading zeros. */
export function canonicalHex(text: string): string {
  return text.toLowerCase().replace(/^0+(?=.)/, "");
}

/**
 * The common name in a subject as OpenSSL writes it on one line, with `\xC3`
 * for a byte beyond ASCII; `undefined` where it has none.
 */
export function commonNameOf(subject: string): string | undefined {
  // A slash may belong to the name; only one before the next attribute ends it.
  const [, , text] = /(^|\/)CN=(.*?)(?=\/[A-Za-z][A-Za-z0-9.]*=|$)/.exec(
    subject,
  ) ?? [undefined, undefined, undefined];
  if (text === undefined) {
    return undefined;
  }
  const bytes = text.replace(/\\x([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /^[\0-\xff]*$/.test(bytes)
    ? Buffer.from(bytes, "latin1").toString("utf8")
    : text;
}

/**
 * The number in a file such as `serial` or `crlnumber`: the one OpenSSL gives
 * next, in lowercase hex; `undefined` where the text is no number.
 */
export function parseNumberFile(text: string): string | undefined {
  const match = /^\s*([0-9A-Fa-f]{1,64})\s*$/.exec(text);
  return match?.[1] === undefined ? undefined : canonicalHex(match[1]);
}
