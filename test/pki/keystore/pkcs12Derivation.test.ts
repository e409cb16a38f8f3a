import { Purpose, derivePkcs12 } from "../../../pki/keystore/pkcs12Derivation";

const { Encryption, Vector, Mac } = Purpose;
const SALT = "000102030405060708090a0b0c0d0e0f";

/** Made by `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt id:3 … PKCS12KDF` of OpenSSL 3.0. */
const VECTORS: readonly [string, number, string, string, number, string][] = [
  [
    "sha256",
    Mac,
    "changeit",
    SALT,
    1,
    "593a88bea5c595b94fe7a758bc4bffab51abe96a7dae81afe5f9cba902784180",
  ],
  [
    "sha256",
    Mac,
    "changeit",
    SALT,
    10_000,
    "04f324108fb2ac9a77729c84bc77f98f6be093b823aad9102bd78e1d00cafb9c",
  ],
  [
    // Longer than a block of the hash function.
    "sha256",
    Mac,
    "correct horse battery staple and then some more words",
    "a1b2c3d4e5f60718",
    1000,
    "1dead9b0064d6e0bf414685dd44f821b4f1c0273e48e76a6949acc2129fedbc8",
  ],
  [
    // More than the hash function puts out.
    "sha1",
    Encryption,
    "changeit",
    SALT,
    1000,
    "65a326e0cf2a19e4ddc08299a1f6ada90d36e29d1bfe5483",
  ],
  [
    "sha512",
    Vector,
    "changeit",
    SALT,
    3,
    "1b2034d06ebda83e17653acbd1450c4a63eccf1b622a2f4ea7fdb20976c0da4201f654e29484c8d87f308ab298b1aca82dd543a5c750e68c88dd284baac98a1a0db4182c8cf2913e283ec5f883efef939e4e789d6d2d0f7bfe4eaf7886f208165bf233b8",
  ],
];

test.each(VECTORS)(
  "the key by %s for purpose %d from %j with salt %s after %d rounds is OpenSSL's",
  (hash, purpose, password, salt, rounds, key) => {
    expect(
      derivePkcs12(
        hash,
        password,
        Buffer.from(salt, "hex"),
        rounds,
        purpose,
        key.length / 2,
      ).toString("hex"),
    ).toBe(key);
  },
);
