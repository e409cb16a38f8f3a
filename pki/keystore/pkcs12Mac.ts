import { createHmac } from "node:crypto";
import { MacData } from "@peculiar/asn1-pfx";
import { OctetString } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { Purpose, derivePkcs12 } from "./pkcs12Derivation";
import { ITERATIONS } from "./stableSalts";

const SHA_256 = "2.16.840.1.101.3.4.2.1";

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
  const key = derivePkcs12(
    "sha256",
    password,
    salt,
    ITERATIONS,
    Purpose.Mac,
    32,
  );
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
