import type { KeyObject } from "node:crypto";
import { createCipheriv, createHash, createPrivateKey } from "node:crypto";
import { EncryptedData, EncryptedPrivateKeyInfo } from "@peculiar/asn1-pkcs8";
import { AsnConvert } from "@peculiar/asn1-schema";
import { checkPassword } from "./keystore/password";
import { encryptPbes2 } from "./keystore/pbes2";
import { stableSalts } from "./keystore/stableSalts";
import { readPrivateKey } from "./key";
import { encodePem } from "./pem";
import type { Problem } from "./problem";
import { InputError, quote } from "./problem";

/** Forms of an encrypted private key. */
export const EncryptedKeyForm = {
  /** See {@link encryptPkcs8}. */
  Pkcs8: "PKCS8",
  /** See {@link encryptTraditional}. */
  Traditional: "TRADITIONAL",
} as const;

/** What to encrypt, how. */
export interface EncryptionOrder {
  /** Unencrypted PEM. */
  readonly privateKeyPem: string;
  readonly passphrase: string;
  /** One of {@link EncryptedKeyForm}. Default `PKCS8`. */
  readonly form?: string;
}

/** Every mistake in an order; nothing of key and passphrase stands in the messages. */
export function checkEncryption(order: EncryptionOrder): Problem[] {
  const { privateKeyPem, passphrase, form = EncryptedKeyForm.Pkcs8 } = order;
  const forms: readonly string[] = Object.values(EncryptedKeyForm);
  const problems = checkPassword(passphrase, "passphrase");
  if (!forms.includes(form)) {
    problems.push({
      path: "form",
      message: `${quote(form)} is no form of an encrypted key; write "PKCS8" or "TRADITIONAL".`,
    });
  }
  try {
    const key = readPrivateKey(privateKeyPem, "privateKeyPem");
    if (
      form === EncryptedKeyForm.Traditional &&
      exportTraditional(key).der === undefined
    ) {
      problems.push(NO_TRADITIONAL_FORM);
    }
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    problems.push(...error.problems);
  }
  return problems;
}

/**
 * A private key as the order wants it, PEM. The same order always gives the
 * same text.
 *
 * @throws InputError with all that {@link checkEncryption} finds
 *
 * @example
 * ```ts
 * encryptPrivateKey({ privateKeyPem, passphrase, form: "TRADITIONAL" });
 * ```
 */
export function encryptPrivateKey(order: EncryptionOrder): string {
  refuse(checkEncryption(order));
  const key = readPrivateKey(order.privateKeyPem, "privateKeyPem");
  return order.form === EncryptedKeyForm.Traditional
    ? encryptTraditional(key, order.passphrase)
    : encryptPkcs8(key, order.passphrase);
}

const NO_TRADITIONAL_FORM: Problem = {
  path: "privateKeyPem",
  message:
    "is a key without a traditional form, which ECDSA and RSA keys have; use one of those, or PKCS#8.",
};

/**
 * A private key encrypted as PKCS#8 (RFC 5958 §3, RFC 7468 §11), by PBES2 with
 * AES-256. Not for ThingsBoard, which does not read it and then does not start
 * (thingsboard/thingsboard#5570). The same key and passphrase
 * always give the same text; see {@link stableSalts}.
 *
 * @throws InputError naming `passphrase`
 *
 * @example
 * ```ts
 * encryptPkcs8(key, passphrase); // "-----BEGIN ENCRYPTED PRIVATE KEY-----\n…"
 * ```
 */
export function encryptPkcs8(key: KeyObject, passphrase: string): string {
  refuse(checkPassword(passphrase, "passphrase"));
  const der = key.export({ type: "pkcs8", format: "der" });
  const salts = stableSalts("pkcs8", passphrase, [der]);
  const encrypted = encryptPbes2(
    der,
    passphrase,
    salts("salt", 16),
    salts("iv", 16),
  );
  const info = new EncryptedPrivateKeyInfo({
    encryptionAlgorithm: encrypted.algorithm,
    encryptedData: new EncryptedData(encrypted.content),
  });
  return encodePem(
    "ENCRYPTED PRIVATE KEY",
    new Uint8Array(AsnConvert.serialize(info)),
  );
}

/**
 * A private key in OpenSSL's traditional encrypted form (RFC 1421 §4.6.1.1,
 * with `DEK-Info: AES-256-CBC`): SEC1 for ECDSA, PKCS#1 for RSA. The only
 * encrypted form ThingsBoard reads. One round of MD5 stands between passphrase
 * and key, so the passphrase has to be long and random; anywhere else use
 * {@link encryptPkcs8}. The same key and passphrase always give the same text.
 *
 * @throws InputError naming `passphrase`, or `privateKeyPem` for a key this
 *   form does not exist for
 *
 * @example
 * ```ts
 * encryptTraditional(key, passphrase); // "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n…"
 * ```
 */
export function encryptTraditional(key: KeyObject, passphrase: string): string {
  const { label, der } = exportTraditional(key);
  refuse([
    ...checkPassword(passphrase, "passphrase"),
    ...(der === undefined ? [NO_TRADITIONAL_FORM] : []),
  ]);
  const content = der ?? Buffer.alloc(0);
  const iv = stableSalts("traditional", passphrase, [content])("iv", 16);
  const cipher = createCipheriv(
    "aes-256-cbc",
    traditionalKey(passphrase, iv),
    iv,
  );
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  const header = `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${Buffer.from(iv).toString("hex").toUpperCase()}\n\n`;
  const begin = `-----BEGIN ${label}-----\n`;
  return encodePem(label, encrypted).replace(begin, `${begin}${header}`);
}

function exportTraditional(key: KeyObject): { label: string; der?: Buffer } {
  switch (key.asymmetricKeyType) {
    case "ec":
      return {
        label: "EC PRIVATE KEY",
        der: key.export({ type: "sec1", format: "der" }),
      };
    case "rsa":
      return {
        label: "RSA PRIVATE KEY",
        der: key.export({ type: "pkcs1", format: "der" }),
      };
    default:
      return { label: "" };
  }
}

/** OpenSSL's `EVP_BytesToKey` with MD5 and one round, salted with the first half of the initialization vector. */
function traditionalKey(passphrase: string, iv: Uint8Array): Buffer {
  const blocks: Buffer[] = [];
  for (let size = 0; size < 32; size += 16) {
    const hash = createHash("md5");
    blocks.slice(-1).forEach((block) => hash.update(block));
    hash.update(passphrase).update(iv.subarray(0, 8));
    blocks.push(hash.digest());
  }
  return Buffer.concat(blocks);
}

const PKCS8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const TRADITIONAL =
  /-----BEGIN [A-Z]+ PRIVATE KEY-----\s+Proc-Type: 4,ENCRYPTED/;

/**
 * Reads a private key from its encrypted PEM, in either of the forms OpenSSL
 * writes: PKCS#8, or the traditional one.
 *
 * @throws InputError naming `path`; the message says nothing of key and passphrase
 *
 * @example
 * ```ts
 * readEncryptedPrivateKey(pem, passphrase, "existing.privateKeyPem");
 * ```
 */
export function readEncryptedPrivateKey(
  pem: string,
  passphrase: string,
  path: string,
): KeyObject {
  if (!pem.includes(PKCS8) && !TRADITIONAL.test(pem)) {
    throw new InputError([
      {
        path,
        message: pem.includes("PRIVATE KEY-----")
          ? "is not encrypted; leave its passphrase out."
          : 'holds no encrypted private key in PEM; give the text that begins with "-----BEGIN ENCRYPTED PRIVATE KEY-----", or one with "Proc-Type: 4,ENCRYPTED".',
      },
    ]);
  }
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    throw new InputError([
      {
        path,
        // What OpenSSL says does not tell these apart: a wrong passphrase may look like an unknown cipher.
        message:
          "cannot be decrypted: its passphrase is another one, the text is damaged, or its cipher is one that OpenSSL 3 no longer reads (DES, RC2). Check the passphrase with: openssl pkey -noout -in FILE",
      },
    ]);
  }
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}
