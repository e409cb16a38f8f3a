import { createHash } from "node:crypto";
import type { TrustedEntry } from "./entries";

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** Goes into the digest after the password, so that the digest is more than one of the file (sun.security.provider.JavaKeyStore). */
const WHITENER = "Mighty Aphrodite";

/**
 * A trust store in Java's own old format, as `sun.security.provider.JavaKeyStore`
 * reads and writes it. Every entry is dated with the beginning of its
 * certificate's validity instead of "now", so that the same certificates and
 * password always give the same bytes.
 *
 * The format encrypts nothing, and guards what it holds by one round of SHA-1:
 * whoever has the file can try passwords quickly, so use a password of its own
 * for it. Private keys are not offered: their protection in this format is
 * Sun's own and long broken.
 *
 * @param trusted aliases in lower case: Java looks no other ones up
 * @param password printable ASCII
 *
 * @example
 * ```ts
 * writeJks([{ alias: "servercertificate", certificate }], password);
 * ```
 */
export function writeJks(
  trusted: readonly TrustedEntry[],
  password: string,
): Uint8Array {
  const content = Buffer.concat([
    uint32(MAGIC),
    uint32(VERSION),
    uint32(trusted.length),
    ...trusted.map(entry),
  ]);
  const digest = createHash("sha1")
    .update(Buffer.from(password, "utf16le").swap16())
    .update(WHITENER)
    .update(content)
    .digest();
  return Buffer.concat([content, digest]);
}

function entry({ alias, certificate }: TrustedEntry): Buffer {
  return Buffer.concat([
    uint32(TRUSTED_CERTIFICATE),
    text(alias),
    milliseconds(new Date(certificate.validFrom)),
    text("X.509"),
    uint32(certificate.raw.length),
    certificate.raw,
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function milliseconds(date: Date): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(date.getTime()));
  return bytes;
}

/** As Java's `DataOutput.writeUTF` does for ASCII. */
function text(value: string): Buffer {
  const characters = Buffer.from(value, "ascii");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(characters.length);
  return Buffer.concat([length, characters]);
}
