import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { RsaAlgorithm, cryptoProvider } from "@peculiar/x509";

// @peculiar/x509 is typed with a browser's names for these.
declare global {
  type Crypto = webcrypto.Crypto;
  type CryptoKey = webcrypto.CryptoKey;
  type CryptoKeyPair = webcrypto.CryptoKeyPair;
  type Algorithm = webcrypto.Algorithm;
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier;
  type RsaPssParams = webcrypto.RsaPssParams;
  type EcdsaParams = webcrypto.EcdsaParams;
  type EcKeyImportParams = webcrypto.EcKeyImportParams;
  type RsaHashedImportParams = webcrypto.RsaHashedImportParams;
  type BufferSource = ArrayBufferView | ArrayBuffer;
}

cryptoProvider.set(webcrypto);

const NULL = Uint8Array.of(5, 0).buffer;

// The library leaves the NULL out that RFC 4055 §2.1 has in the parameters of PSS, and not every verifier does without.
const withoutNull = RsaAlgorithm.getHashAlgorithm.bind(RsaAlgorithm);
RsaAlgorithm.getHashAlgorithm = (algorithm) => {
  const found = withoutNull(algorithm);
  return (
    found &&
    new AlgorithmIdentifier({ algorithm: found.algorithm, parameters: NULL })
  );
};

/** The Web Cryptography implementation every signature here is made with. */
export const subtle = webcrypto.subtle;

export * as x509 from "@peculiar/x509";
