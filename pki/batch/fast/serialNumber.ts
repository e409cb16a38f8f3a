import { randomFillSync } from "node:crypto";

/** Octets of a serial number. */
export const SERIAL_NUMBER_BYTES = 17;

/**
 * New serial numbers, one after the other, by the rule of `newSerialNumber`:
 * positive, never 0, in canonical DER whatever the random bytes are, with 134
 * bits of entropy each (RFC 5280 §4.1.2.2).
 *
 * @param count how many; a thousand or so at once cost nothing beside the rest
 * @returns {@link SERIAL_NUMBER_BYTES} octets for each
 * @example
 * ```ts
 * const serialNumbers = newSerialNumbers(1000);
 * writer.write(texts, publicKey, serialNumbers, 17 * index);
 * ```
 */
export function newSerialNumbers(count: number): Buffer {
  const bytes = randomFillSync(Buffer.alloc(count * SERIAL_NUMBER_BYTES));
  for (let at = 0; at < bytes.length; at += SERIAL_NUMBER_BYTES) {
    bytes[at] = ((bytes[at] ?? 0) & 0x3f) | 0x40;
  }
  return bytes;
}
