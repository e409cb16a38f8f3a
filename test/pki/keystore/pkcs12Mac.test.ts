import { deriveMacKey } from "../../../pki/keystore/pkcs12Mac";

/** Made by `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt id:3 … PKCS12KDF` of OpenSSL 3.0. */
const VECTORS: readonly [string, string, number, string][] = [
  [
    "changeit",
    "000102030405060708090a0b0c0d0e0f",
    1,
    "593a88bea5c595b94fe7a758bc4bffab51abe96a7dae81afe5f9cba902784180",
  ],
  [
    "changeit",
    "000102030405060708090a0b0c0d0e0f",
    10_000,
    "04f324108fb2ac9a77729c84bc77f98f6be093b823aad9102bd78e1d00cafb9c",
  ],
  [
    // Longer than a block of the hash function.
    "correct horse battery staple and then some more words",
    "a1b2c3d4e5f60718",
    1000,
    "1dead9b0064d6e0bf414685dd44f821b4f1c0273e48e76a6949acc2129fedbc8",
  ],
];

test.each(VECTORS)(
  "the key of %j with salt %s after %d rounds is OpenSSL's",
  (password, salt, rounds, key) => {
    expect(
      deriveMacKey(password, Buffer.from(salt, "hex"), rounds).toString("hex"),
    ).toBe(key);
  },
);
