import { fails } from "./thingsBoardAnswer";

/** A block of a PEM file, as BouncyCastle's `PEMParser` hands it over. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  readonly der: Buffer;
  /** By name: `Proc-Type`, `DEK-Info`. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What `PEMParser` knows; at any other label it throws. */
const LABELS: readonly string[] = [
  "CERTIFICATE REQUEST",
  "NEW CERTIFICATE REQUEST",
  "CERTIFICATE",
  "TRUSTED CERTIFICATE",
  "X509 CERTIFICATE",
  "X509 CRL",
  "PKCS7",
  "CMS",
  "ATTRIBUTE CERTIFICATE",
  "EC PARAMETERS",
  "PUBLIC KEY",
  "RSA PUBLIC KEY",
  "RSA PRIVATE KEY",
  "DSA PRIVATE KEY",
  "EC PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "PRIVATE KEY",
];

const BEGIN = "-----BEGIN ";
/** What Java's `String.trim` takes off, which is less than JavaScript's. */
// eslint-disable-next-line no-control-regex -- all that is not above the blank
const JAVA_BLANKS = /^[\u0000-\u0020]+|[\u0000-\u0020]+$/g;

/**
 * The blocks of a PEM text, one after the other, as BouncyCastle finds them:
 * a marker counts only where it begins its line, so that a byte order mark
 * hides the first block, and indented text is none. Blocks are read when they
 * are asked for: what stands behind the one that is looked for does no harm.
 *
 * @param file what to call it: `certificate file`
 * @throws Refusal at what makes BouncyCastle give up
 */
export function* pemBlocks(text: string, file: string): Generator<PemBlock> {
  const lines = text.split(/\r\n|\r|\n/)[Symbol.iterator]();
  for (const line of lines) {
    if (!line.startsWith(BEGIN)) {
      continue;
    }
    const label = /^([^-]+)-----$/.exec(trimmed(line.slice(BEGIN.length)))?.[1];
    if (label === undefined) {
      // A marker that is none: it takes this for the end of the file.
      return;
    }
    const block = finish(label, lines, file);
    if (!LABELS.includes(label)) {
      throw fails(
        "unknown kind of PEM block",
        `The ${file} holds a block "${label}", at which ThingsBoard gives up ("unrecognised object"). Take it out.`,
      );
    }
    yield block;
  }
}

function finish(
  label: string,
  lines: IterableIterator<string>,
  file: string,
): PemBlock {
  const headers = new Map<string, string>();
  let body = "";
  // Not for…of, which would close the caller's iterator.
  for (let next = lines.next(); next.done !== true; next = lines.next()) {
    const line = next.value;
    const colon = line.indexOf(":");
    if (colon >= 0) {
      headers.set(line.slice(0, colon), trimmed(line.slice(colon + 1)));
    } else if (line.startsWith(`-----END ${label}-----`)) {
      return { label, der: decode(body, label, file), headers };
    } else {
      body += trimmed(line);
    }
  }
  throw fails(
    "unfinished PEM block",
    `The ${file} ends within a block "${label}": its last line has to be "-----END ${label}-----", at the beginning of a line. Write the file anew.`,
  );
}

function decode(body: string, label: string, file: string): Buffer {
  const text = body.replaceAll(/[ \t]/g, "");
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw fails(
      label.endsWith("CERTIFICATE")
        ? "unreadable certificate"
        : "unreadable key",
      `A block "${label}" of the ${file} holds what is no base64. Write the file anew.`,
    );
  }
  return Buffer.from(text, "base64");
}

function trimmed(text: string): string {
  return text.replaceAll(JAVA_BLANKS, "");
}

/** Whether a byte order mark stands before the first block, which then is none. */
export function hidesFirstBlock(text: string): boolean {
  return text.startsWith(`\uFEFF${BEGIN}`);
}
