import { hash as digest } from "node:crypto";

/** What a key of PKCS#12 is for (RFC 7292, appendix B.3). */
export const Purpose = { Encryption: 1, Vector: 2, Mac: 3 } as const;

/**
 * The key derivation of RFC 7292, appendix B.2.
 *
 * @param hash Node's name of it: `sha1`
 * @param password goes in as UTF-16 with a zero character at its end
 * @param purpose a member of {@link Purpose}
 * @param length octets
 */
export function derivePkcs12(
  hash: string,
  password: string,
  salt: Uint8Array,
  iterations: number,
  purpose: number,
  length: number,
): Buffer {
  const block = hash === "sha384" || hash === "sha512" ? 128 : 64;
  const characters = Buffer.from(`${password}\0`, "utf16le").swap16();
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([
    fillBlocks(salt, block),
    fillBlocks(characters, block),
  ]);
  const parts: Buffer[] = [];
  for (let size = 0; size < length;) {
    let part = digest(hash, Buffer.concat([diversifier, input]), "buffer");
    for (let round = 1; round < iterations; round += 1) {
      // In one call: this is most of what a store takes.
      part = digest(hash, part, "buffer");
    }
    parts.push(part);
    size += part.length;
    addToBlocks(input, Buffer.alloc(block, part));
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Copies of a text, the last one cut, until they fill blocks of the hash function. */
function fillBlocks(text: Uint8Array, block: number): Buffer {
  return text.length === 0
    ? Buffer.alloc(0)
    : Buffer.alloc(Math.ceil(text.length / block) * block, text);
}

/** Adds a number and one to each block, all of them big-endian, modulo the size of a block. */
function addToBlocks(input: Buffer, number: Buffer): void {
  for (let start = 0; start < input.length; start += number.length) {
    let carry = 1;
    for (let at = number.length - 1; at >= 0; at -= 1) {
      carry += (input[start + at] ?? 0) + (number[at] ?? 0);
      input[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}
