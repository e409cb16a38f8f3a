import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { cryptoProvider } from "@peculiar/x509";

// @peculiar/x509 is typed with a browser's names for these.
declare global {
  type Crypto = webcrypto.Crypto;
  type CryptoKey = webcrypto.CryptoKey;
  type CryptoKeyPair = webcrypto.CryptoKeyPair;
  type Algorithm = webcrypto.Algorithm;
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier;
  type EcdsaParams = webcrypto.EcdsaParams;
  type EcKeyImportParams = webcrypto.EcKeyImportParams;
  type RsaHashedImportParams = webcrypto.RsaHashedImportParams;
  type BufferSource = ArrayBufferView | ArrayBuffer;
}

cryptoProvider.set(webcrypto);

/** The Web Cryptography implementation every signature here is made with. */
export const subtle = webcrypto.subtle;

export * as x509 from "@peculiar/x509";
