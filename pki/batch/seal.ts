import type { Problem } from "../problem";
import { quote } from "../problem";

/** Octets of plain content in a piece of a sealed file, the last piece excepted. */
const PIECE = 64 * 1024;
/** Octets that authenticate a piece. */
const TAG = 16;
/** Octets of the random number between header and content. */
const NONCE = 16;
const VERSION = "age-encryption.org/v1";
const END_OF_HEADER = "\n---";
/** The stanza by which a sealed private key says whose it is. */
const KEY_STANZA = "mqtt-pki/private-key";

/** What a sealed private key says of itself to whoever cannot open it. */
export interface SealedKeyNote {
  /** SHA-256 over the DER of its public key, lowercase hex. */
  readonly publicKeySha256: string;
}

/**
 * Every mistake in a list of recipients; empty where all of them can be sealed
 * for. No message repeats what may be a secret.
 *
 * @param recipients public keys of age, each beginning with `age1`
 * @param path where the list stands, for messages
 */
export async function checkRecipients(
  recipients: readonly string[],
  path = "seal.recipients",
): Promise<Problem[]> {
  if (recipients.length === 0) {
    return [
      {
        path,
        message:
          'is empty, and nobody could open what is sealed; write at least one recipient, the line "age1…" that age-keygen prints, or leave seal out.',
      },
    ];
  }
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  for (const [index, recipient] of recipients.entries()) {
    const first = seen.get(recipient);
    seen.set(recipient, first ?? index);
    const message =
      first === undefined
        ? await recipientProblem(recipient)
        : `is the recipient that stands at ${path}[${first}] already; keep one of them.`;
    if (message !== undefined) {
      problems.push({ path: `${path}[${index}]`, message });
    }
  }
  const hybrid = recipients.filter(isHybrid).length;
  if (
    problems.length === 0 &&
    hybrid > 0 &&
    // What any one of them opens is as safe as the weakest of them; the age program refuses it as well.
    hybrid < recipients.length
  ) {
    problems.push({
      path,
      message:
        "mixes post-quantum recipients with others, by which the seal would lose what the former are for; write recipients of one kind.",
    });
  }
  return problems;
}

function isHybrid(recipient: string): boolean {
  return /^age1(tag)?pq1/.test(recipient);
}

async function recipientProblem(
  recipient: string,
): Promise<string | undefined> {
  const instead = 'write the line "age1…" that age-keygen prints';
  if (/age-secret-key|age-plugin-|private key/i.test(recipient)) {
    return 'is a secret key, which opens what is sealed; write its recipient instead ("age-keygen -y FILE" prints it), and make a new key if this one was saved or committed here.';
  }
  if (/^(ssh|ecdsa|sk)-/.test(recipient.trim())) {
    return `is an SSH key (${quote(recipient.trim().split(" ", 1)[0])}), for which nothing is sealed here; make an age key with "age-keygen -o key.txt", and ${instead}.`;
  }
  if (recipient !== recipient.trim()) {
    return `has a space or a line break at an end; ${instead}, and nothing else.`;
  }
  const lower = recipient.toLowerCase();
  if (!lower.startsWith("age1")) {
    // Not repeated: it may be a passphrase.
    return `is no recipient of age; ${instead}.`;
  }
  if (recipient !== lower) {
    return `${quote(recipient)} has capitals; write ${quote(lower)}.`;
  }
  const [, plugin = ""] = /^age1([a-z0-9-]+)1/.exec(recipient) ?? [];
  if (plugin !== "" && !["pq", "tag", "tagpq"].includes(plugin)) {
    return `${quote(recipient)} belongs to the plugin ${quote(plugin)} of the age program, which is not asked here; ${instead}.`;
  }
  try {
    // Also finds what reads well and no key can be agreed on with.
    await encrypt(new Uint8Array(), [recipient], []);
    return undefined;
  } catch {
    return `${quote(recipient)} is mistyped or cut: its last characters do not fit the others; copy the whole line "age1…" that age-keygen prints.`;
  }
}

/**
 * Seals content for all recipients, any one of whom opens it: a binary file of
 * age (age-encryption.org/v1). The same content never gives the same bytes
 * twice.
 *
 * @param recipients what {@link checkRecipients} let through, one at least
 *
 * @example
 * ```ts
 * const sealed = await seal(Buffer.from(keyPem), ["age1…"]); // opened by: age -d -i key.txt
 * ```
 */
export async function seal(
  plain: Uint8Array,
  recipients: readonly string[],
): Promise<Uint8Array> {
  return encrypt(plain, recipients, []);
}

/**
 * As {@link seal}, for the private key of one device. Its header says, readable
 * by all, whose key it is, since whoever sealed it cannot look any more; see
 * {@link readSealedKey}. Programs that open files of age pass over such lines.
 *
 * @param publicKeySha256 SHA-256 over the DER of its public key, lowercase hex
 */
export async function sealKey(
  privateKeyPem: string,
  publicKeySha256: string,
  recipients: readonly string[],
): Promise<Uint8Array> {
  const plain = Buffer.from(privateKeyPem);
  const note = [KEY_STANZA, publicKeySha256, String(plain.length)];
  return encrypt(plain, recipients, note);
}

/**
 * What {@link sealKey} wrote about a sealed key; `undefined` where it wrote
 * none of this file, or the file is not whole. That an octet within it changed
 * only shows where it is opened.
 */
export function readSealedKey(sealed: Uint8Array): SealedKeyNote | undefined {
  const bytes = Buffer.from(
    sealed.buffer,
    sealed.byteOffset,
    sealed.byteLength,
  );
  const end = bytes.indexOf(END_OF_HEADER);
  const lineEnd = bytes.indexOf("\n", end + 1);
  if (end < 0 || lineEnd < 0) {
    return undefined;
  }
  const lines = bytes.toString("latin1", 0, end).split("\n");
  const note = lines.find((line) => line.startsWith(`-> ${KEY_STANZA} `));
  const [, , publicKeySha256 = "", size = ""] = note?.split(" ") ?? [];
  const whole = lineEnd + 1 + NONCE + encryptedSize(Number(size));
  return lines[0] === VERSION &&
    /^[0-9a-f]{64}$/.test(publicKeySha256) &&
    whole === bytes.length
    ? { publicKeySha256 }
    : undefined;
}

/** @param note the words of a stanza that concerns no recipient; none where empty */
async function encrypt(
  plain: Uint8Array,
  recipients: readonly string[],
  note: readonly string[],
): Promise<Uint8Array> {
  if (recipients.length === 0) {
    throw new Error("content is sealed for one recipient at least");
  }
  // Only this needs it, and it can be loaded in no other way where modules are CommonJS.
  const age = await import("age-encryption");
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) {
    encrypter.addRecipient(recipient);
  }
  if (note.length > 0) {
    encrypter.addRecipient({
      wrapFileKey: () => [new age.Stanza([...note], new Uint8Array())],
    });
  }
  return encrypter.encrypt(plain);
}

function encryptedSize(plainSize: number): number {
  return plainSize + TAG * Math.max(1, Math.ceil(plainSize / PIECE));
}
