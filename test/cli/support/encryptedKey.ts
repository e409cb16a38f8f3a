import type { KeyObject } from "node:crypto";

/** A key as PKCS#8, encrypted the way OpenSSL does. */
export function encryptedKey(key: KeyObject, passphrase: string): string {
  return key
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase })
    .toString();
}
