const ALPHABET = Buffer.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
const PADDING = 0x3d;
const LINE_CHARACTERS = 64;
const LINE_BYTES = 48;

/**
 * Writes DER as PEM, byte for byte as `encodePem` does and about five times as
 * fast, into a buffer: text of a private key that was a string once cannot be
 * wiped.
 *
 * @example
 * ```ts
 * const certificates = new PemEncoder("CERTIFICATE", "\\n"); // to stand in a JSON text
 * end = certificates.write(der, target, end);
 * ```
 */
export class PemEncoder {
  private readonly head: string;
  private readonly tail: string;
  private readonly headBytes: Buffer;
  private readonly tailBytes: Buffer;
  private readonly breakBytes: readonly number[];

  /**
   * @param label `CERTIFICATE` or `PRIVATE KEY`
   * @param lineBreak what ends each line: a line feed by default, or the two characters that stand for one in JSON
   */
  constructor(
    label: string,
    private readonly lineBreak = "\n",
  ) {
    this.head = `-----BEGIN ${label}-----${lineBreak}`;
    this.tail = `-----END ${label}-----${lineBreak}`;
    this.headBytes = Buffer.from(this.head);
    this.tailBytes = Buffer.from(this.tail);
    this.breakBytes = [...Buffer.from(lineBreak)];
  }

  /** How many bytes {@link write} needs for so many bytes of DER. */
  lengthOf(derBytes: number): number {
    const characters = Math.ceil(derBytes / 3) * 4;
    const lines = Math.ceil(characters / LINE_CHARACTERS);
    return (
      this.headBytes.length +
      characters +
      // One empty line where there are no bytes at all, as encodePem has it.
      Math.max(lines, 1) * this.breakBytes.length +
      this.tailBytes.length
    );
  }

  /**
   * Writes the text into a buffer.
   *
   * @returns where it ends there
   * @throws RangeError where there is no room for it
   */
  write(der: Uint8Array, target: Uint8Array, offset: number): number {
    const length = der.length;
    if (offset + this.lengthOf(length) > target.length) {
      throw new RangeError("there is no room for this PEM text");
    }
    target.set(this.headBytes, offset);
    let at = offset + this.headBytes.length;
    let line = 0;
    do {
      const end = Math.min(line + LINE_BYTES, length);
      at = writeBase64(der, line, end, target, at);
      for (const octet of this.breakBytes) {
        target[at] = octet;
        at += 1;
      }
      line = end;
    } while (line < length);
    target.set(this.tailBytes, at);
    return at + this.tailBytes.length;
  }

  /** The text as a string. */
  encode(der: Buffer): string {
    const base64 = der.toString("base64");
    let text = this.head;
    let line = 0;
    do {
      text += base64.slice(line, line + LINE_CHARACTERS) + this.lineBreak;
      line += LINE_CHARACTERS;
    } while (line < base64.length);
    return text + this.tail;
  }
}

/** Base64 (RFC 4648 §4); where it ends in the target. */
function writeBase64(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
): number {
  let from = start;
  let at = offset;
  // Plain index arithmetic: this loop runs 300 million times for a million devices.
  for (; from + 3 <= end; from += 3) {
    const bits =
      ((source[from] ?? 0) << 16) |
      ((source[from + 1] ?? 0) << 8) |
      (source[from + 2] ?? 0);
    target[at] = ALPHABET[bits >> 18] ?? 0;
    target[at + 1] = ALPHABET[(bits >> 12) & 63] ?? 0;
    target[at + 2] = ALPHABET[(bits >> 6) & 63] ?? 0;
    target[at + 3] = ALPHABET[bits & 63] ?? 0;
    at += 4;
  }
  if (from < end) {
    const bits =
      ((source[from] ?? 0) << 16) |
      (from + 1 < end ? (source[from + 1] ?? 0) << 8 : 0);
    target[at] = ALPHABET[bits >> 18] ?? 0;
    target[at + 1] = ALPHABET[(bits >> 12) & 63] ?? 0;
    target[at + 2] =
      from + 1 < end ? (ALPHABET[(bits >> 6) & 63] ?? 0) : PADDING;
    target[at + 3] = PADDING;
    at += 4;
  }
  return at;
}
