import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import type { Der } from "./derTree";
import { PBES2, PBKDF2 } from "./pbes2";
import { Purpose, derivePkcs12 } from "./pkcs12Derivation";
import { decryptRc2 } from "./rc2";

/** Java's limit (`PKCS12KeyStore.MAX_ITERATION_COUNT`). */
const MAXIMUM_ITERATIONS = 5_000_000;

/**
 * How often to iterate; once where nothing is said.
 *
 * @throws Error where Java would not either
 */
export function iterationsOf(value: Der | undefined): number {
  const iterations = value?.integer ?? 1;
  if (iterations < 1 || iterations > MAXIMUM_ITERATIONS) {
    throw new Error("too many iterations");
  }
  return iterations;
}

/** RFC 7292, appendix C: cipher, octets of the key. */
const PKCS12_SCHEMES: Readonly<Record<string, readonly [string, number]>> = {
  "1.2.840.113549.1.12.1.3": ["des-ede3-cbc", 24],
  "1.2.840.113549.1.12.1.4": ["des-ede-cbc", 16],
  "1.2.840.113549.1.12.1.5": ["rc2", 16],
  "1.2.840.113549.1.12.1.6": ["rc2", 5],
};
/** RFC 8018, appendix B.1: pseudorandom functions; HMAC-SHA-1 is the default. */
const HMAC_SHA1 = "1.2.840.113549.2.7";
const HASHES: Readonly<Record<string, string>> = {
  [HMAC_SHA1]: "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};
/** RFC 8018, appendix B.2, and AES of RFC 3565: cipher, octets of the key. */
const CIPHERS: Readonly<Record<string, readonly [string, number]>> = {
  "1.2.840.113549.3.7": ["des-ede3-cbc", 24],
  "2.16.840.1.101.3.4.1.2": ["aes-128-cbc", 16],
  "2.16.840.1.101.3.4.1.22": ["aes-192-cbc", 24],
  "2.16.840.1.101.3.4.1.42": ["aes-256-cbc", 32],
};

/**
 * Decrypts what was encrypted under a password, by PBES2 (RFC 8018 §6.2) or a
 * scheme of PKCS#12's own (RFC 7292, appendix C).
 *
 * @param algorithm the `AlgorithmIdentifier`
 * @throws Error for another password, and for an algorithm that Java does not know either
 */
export function decryptPasswordBased(
  algorithm: Der,
  content: Uint8Array,
  password: string,
): Buffer {
  const [oid, parameters] = algorithm.children;
  if (oid?.identifier === PBES2 && parameters !== undefined) {
    return decryptPbes2(parameters, content, password);
  }
  const [cipher, length] = PKCS12_SCHEMES[oid?.identifier ?? ""] ?? [];
  const [salt, iterations] = parameters?.children ?? [];
  if (cipher === undefined || length === undefined || salt === undefined) {
    throw new Error("unknown scheme");
  }
  const derive = (purpose: number, octets: number): Buffer =>
    derivePkcs12(
      "sha1",
      password,
      salt.octets,
      iterationsOf(iterations),
      purpose,
      octets,
    );
  const key = derive(Purpose.Encryption, length);
  const iv = derive(Purpose.Vector, 8);
  return cipher === "rc2"
    ? decryptRc2(content, key, iv)
    : decipher(cipher, key, iv, content);
}

function decryptPbes2(
  { children: [derivation, scheme] }: Der,
  content: Uint8Array,
  password: string,
): Buffer {
  const [function_, parameters] = derivation?.children ?? [];
  const [salt, iterations, ...rest] = parameters?.children ?? [];
  const [cipherId, iv] = scheme?.children ?? [];
  const [cipher, length] = CIPHERS[cipherId?.identifier ?? ""] ?? [];
  // The optional length of the key stands before the function.
  const prf = rest.find(({ children }) => children.length > 0)?.children[0];
  const hash = HASHES[prf?.identifier ?? HMAC_SHA1];
  if (
    function_?.identifier !== PBKDF2 ||
    hash === undefined ||
    cipher === undefined ||
    length === undefined ||
    salt === undefined ||
    iterations === undefined ||
    iv === undefined
  ) {
    throw new Error("unknown scheme");
  }
  const key = pbkdf2Sync(
    password,
    salt.octets,
    iterationsOf(iterations),
    length,
    hash,
  );
  return decipher(cipher, key, iv.octets, content);
}

function decipher(
  cipher: string,
  key: Uint8Array,
  iv: Uint8Array,
  content: Uint8Array,
): Buffer {
  const stream = createDecipheriv(
    // Node has no name for the one with two keys in CBC mode that all builds know.
    cipher === "des-ede-cbc" ? "des-ede3-cbc" : cipher,
    cipher === "des-ede-cbc" ? Buffer.concat([key, key.subarray(0, 8)]) : key,
    iv,
  );
  return Buffer.concat([stream.update(content), stream.final()]);
}
