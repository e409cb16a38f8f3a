import {
  createCipheriv,
  createDecipheriv,
  pbkdf2Sync,
  randomBytes,
} from "node:crypto";

// Written from the description of the format and not with the engine's own code, which it checks.

export const PASSPHRASE = "for this suite only";
const TAG = 16;
// One key a stack for all sites: it takes a third of a second to derive.
const keys = new Map<string, { salt: Buffer; key: Buffer }>();

function keyOf(stack: string): { salt: Buffer; key: Buffer } {
  let found = keys.get(stack);
  if (found === undefined) {
    const salt = randomBytes(8);
    const key = pbkdf2Sync(PASSPHRASE, salt, 1_000_000, 32, "sha256");
    found = { salt, key };
    keys.set(stack, found);
  }
  return found;
}

function encrypt(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([
    cipher.update(text, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

/** Opens what an engine has encrypted for a stack with the salt of {@link saltLine}. */
export function decrypt(stack: string, ciphertext: string): string {
  const [, nonce = "", sealed = ""] = ciphertext.split(":");
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv(
    "aes-256-gcm",
    keyOf(stack).key,
    Buffer.from(nonce, "base64"),
  );
  decipher.setAuthTag(bytes.subarray(-TAG));
  return Buffer.concat([
    decipher.update(bytes.subarray(0, -TAG)),
    decipher.final(),
  ]).toString("utf8");
}

/** The line of a stack's configuration file that makes engines encrypt with its key. */
export function saltLine(stack: string): string {
  const { salt, key } = keyOf(stack);
  return `encryptionsalt: v1:${salt.toString("base64")}:${encrypt(key, "pulumi")}\n`;
}
