import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/**
 * Rounds of PBKDF2, and of the PKCS#12 derivation of the MAC's key. 10,000 is
 * what Java writes since version 16; Java 17 and OpenSSL 3.0 read any number
 * up to some millions, and a test that opens a store still takes milliseconds.
 */
export const ITERATIONS = 10_000;

/** Makes a salt or an initialization vector; another one for every label. */
export type SaltSource = (label: string, bytes: number) => Uint8Array;

/**
 * Salts and initialization vectors that depend on nothing but what is
 * encrypted, so that the same key, certificates and password always give the
 * same bytes, and an update that changes nothing rolls nothing out.
 *
 * Three properties make this as safe as random ones:
 * - Other content or another password gives other salts, hence other keys: no
 *   key and no initialization vector ever meets a second content, which is all
 *   that AES-CBC and PBKDF2 (RFC 8018 §4.1) need of them.
 * - They are keyed with the password, stretched by as many rounds as the
 *   encryption itself. A plain HMAC under the password would be a shortcut:
 *   one could try passwords on the salt instead of on the slow encryption.
 * - Where a private key is among the content, the salts cannot be foretold
 *   without it, so that no table can be made before the file is stolen. A
 *   trust store's content is public and lacks this; its password hides
 *   nothing anyway.
 *
 * @param purpose keeps formats apart that encrypt the same content
 * @param content all that goes into the file, private key included
 *
 * @example
 * ```ts
 * const salts = stableSalts("pkcs8", password, [keyDer]);
 * salts("salt", 16);
 * ```
 */
export function stableSalts(
  purpose: string,
  password: string,
  content: readonly Uint8Array[],
): SaltSource {
  const hash = createHash("sha256");
  for (const part of [Buffer.from(purpose), ...content]) {
    // With its length before each part, no two lists of parts hash the same text.
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  const key = pbkdf2Sync(password, hash.digest(), ITERATIONS, 32, "sha256");
  return (label, bytes) =>
    createHmac("sha256", key).update(label).digest().subarray(0, bytes);
}
