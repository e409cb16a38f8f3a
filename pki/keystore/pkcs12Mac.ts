import { createHash, createHmac, hash } from "node:crypto";
import { MacData } from "@peculiar/asn1-pfx";
import { OctetString } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { ITERATIONS } from "./stableSalts";

const SHA_256 = "2.16.840.1.101.3.4.2.1";
/** Octets that SHA-256 puts out, and those it takes in at a time. */
const OUTPUT = 32;
const BLOCK = 64;
/** The ID of RFC 7292, appendix B.3, for keys of message authentication codes. */
const MAC_KEY = 3;

/**
 * The code by which a reader knows that password and store belong together:
 * HMAC-SHA-256 under a key from the password (RFC 7292 §4). Java reads it since
 * 12, and since 11.0.12 and 8u301 (JDK-8267701). The newer PBMAC1 (RFC 9579)
 * would do without the old derivation, but neither Java 17 nor OpenSSL 3.0
 * reads it.
 */
export function macOf(
  content: Uint8Array,
  password: string,
  salt: Uint8Array,
): MacData {
  const key = deriveMacKey(password, salt, ITERATIONS);
  const data = new MacData({
    macSalt: new OctetString(salt),
    iterations: ITERATIONS,
  });
  data.mac.digestAlgorithm = new AlgorithmIdentifier({
    algorithm: SHA_256,
    parameters: null,
  });
  data.mac.digest = new OctetString(
    createHmac("sha256", key).update(content).digest(),
  );
  return data;
}

/**
 * The key derivation of RFC 7292, appendix B.2, with SHA-256, for one block of
 * output, which is all that a key of 32 octets needs.
 *
 * @param password ASCII; it goes in as UTF-16 with a zero character at its end
 */
export function deriveMacKey(
  password: string,
  salt: Uint8Array,
  iterations: number,
): Buffer {
  const diversifier = Buffer.alloc(BLOCK, MAC_KEY);
  const characters = Buffer.from(`${password}\0`, "utf16le").swap16();
  let key: Buffer = createHash("sha256")
    .update(diversifier)
    .update(fillBlocks(salt))
    .update(fillBlocks(characters))
    .digest();
  for (let round = 1; round < iterations; round += 1) {
    // In one call: this is most of what a store takes.
    key = hash("sha256", key, "buffer");
  }
  return key.subarray(0, OUTPUT);
}

/** Copies of a text, the last one cut, until they fill blocks of the hash function. */
function fillBlocks(text: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(text.length / BLOCK) * BLOCK, text);
}
