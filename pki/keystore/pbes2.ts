import { createCipheriv, pbkdf2Sync } from "node:crypto";
import {
  AsnConvert,
  AsnProp,
  AsnPropTypes,
  OctetString,
} from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { ITERATIONS } from "./stableSalts";

/** RFC 8018, appendix A. */
export const PBES2 = "1.2.840.113549.1.5.13";
export const PBKDF2 = "1.2.840.113549.1.5.12";
const HMAC_WITH_SHA256 = "1.2.840.113549.2.9";
const AES_256_CBC = "2.16.840.1.101.3.4.1.42";

// The libraries have no schemas for PKCS#5. Decorators are called as the functions they are: this needs no compiler
// option.

/** `PBKDF2-params` of RFC 8018, appendix A.2, without the optional key length. */
class Pbkdf2Parameters {
  salt = new OctetString();
  iterationCount = ITERATIONS;
  prf = new AlgorithmIdentifier();
}
AsnProp({ type: OctetString })(Pbkdf2Parameters.prototype, "salt");
AsnProp({ type: AsnPropTypes.Integer })(
  Pbkdf2Parameters.prototype,
  "iterationCount",
);
AsnProp({ type: AlgorithmIdentifier })(Pbkdf2Parameters.prototype, "prf");

/** `PBES2-params` of RFC 8018, appendix A.4. */
class Pbes2Parameters {
  keyDerivationFunc = new AlgorithmIdentifier();
  encryptionScheme = new AlgorithmIdentifier();
}
AsnProp({ type: AlgorithmIdentifier })(
  Pbes2Parameters.prototype,
  "keyDerivationFunc",
);
AsnProp({ type: AlgorithmIdentifier })(
  Pbes2Parameters.prototype,
  "encryptionScheme",
);

/** What was encrypted, and what a reader needs besides the password. */
export interface Pbes2Encrypted {
  readonly algorithm: AlgorithmIdentifier;
  readonly content: Buffer;
}

/**
 * Encrypts under a password by PBES2 (RFC 8018 §6.2): PBKDF2 with HMAC-SHA-256
 * and AES-256-CBC, as Java 17 and OpenSSL 3.0 themselves write it.
 *
 * @param salt 16 octets, never used for other content
 * @param iv 16 octets
 */
export function encryptPbes2(
  content: Uint8Array,
  password: string,
  salt: Uint8Array,
  iv: Uint8Array,
): Pbes2Encrypted {
  const key = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  return {
    algorithm: algorithm(iv, salt),
    content: Buffer.concat([cipher.update(content), cipher.final()]),
  };
}

function algorithm(iv: Uint8Array, salt: Uint8Array): AlgorithmIdentifier {
  const derivation = new Pbkdf2Parameters();
  derivation.salt = new OctetString(salt);
  derivation.prf = new AlgorithmIdentifier({
    algorithm: HMAC_WITH_SHA256,
    parameters: null,
  });
  const parameters = new Pbes2Parameters();
  parameters.keyDerivationFunc = new AlgorithmIdentifier({
    algorithm: PBKDF2,
    parameters: AsnConvert.serialize(derivation),
  });
  parameters.encryptionScheme = new AlgorithmIdentifier({
    algorithm: AES_256_CBC,
    parameters: AsnConvert.serialize(new OctetString(iv)),
  });
  return new AlgorithmIdentifier({
    algorithm: PBES2,
    parameters: AsnConvert.serialize(parameters),
  });
}
