import { createECDH, generateKeyPairSync, randomFillSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { KeySpec } from "../../key";

/** Makes the keys of devices, one after the other. */
export interface DeviceKeyMaker {
  /** DER of the SubjectPublicKeyInfo (RFC 5480) of the last key; the next one is written over it. */
  readonly publicKey: Buffer;
  /** DER of the last private key, PKCS#8 (RFC 5208); the next one is written over it. */
  readonly privateKey: Buffer;
  /** Makes the next key. */
  next(): void;
  /** Overwrites what is left here of private keys; the next one can be made all the same. */
  wipe(): void;
}

/**
 * What makes keys of this kind fastest.
 *
 * @param key it has been checked, see `checkKeySpec`
 * @example
 * ```ts
 * const keys = deviceKeyMaker({ algorithm: "ECDSA", ecdsaCurve: "P256" });
 * keys.next();
 * writer.write(["thermometer-1"], keys.publicKey, serialNumber);
 * ```
 */
export function deviceKeyMaker(key: KeySpec): DeviceKeyMaker {
  return key.algorithm === "ECDSA" && key.ecdsaCurve === "P256"
    ? new P256KeyMaker()
    : new AnyKeyMaker(key);
}

const SCALAR_BYTES = 32;
const POINT_BYTES = 65;
/** One call to the random source for so many keys. */
const POOLED = 256;
/** Two scalars in a row are refused once in 10^19 keys. */
const MOST_REFUSED = 8;

/** id-ecPublicKey with prime256v1, and the beginning of the BIT STRING with the point. */
const SPKI_HEAD = Buffer.from(
  "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  "hex",
);
/** PrivateKeyInfo of version 0 with the same algorithm, and in it an ECPrivateKey of version 1 up to the scalar (RFC 5915). */
const PKCS8_HEAD = Buffer.from(
  "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
  "hex",
);
/** `[1]` with the BIT STRING of the point. */
const PKCS8_MIDDLE = Buffer.from("a144034200", "hex");

const ONE = Buffer.alloc(SCALAR_BYTES);
ONE[SCALAR_BYTES - 1] = 1;

/**
 * Keys on P-256. `setPrivateKey` with `getPublicKey` of one reused object is
 * the fastest way from Node 22 on to 26; `generateKeys` takes three times as
 * long from 24 on.
 */
export class P256KeyMaker implements DeviceKeyMaker {
  readonly publicKey = Buffer.concat([SPKI_HEAD, Buffer.alloc(POINT_BYTES)]);
  readonly privateKey = Buffer.concat([
    PKCS8_HEAD,
    Buffer.alloc(SCALAR_BYTES),
    PKCS8_MIDDLE,
    Buffer.alloc(POINT_BYTES),
  ]);
  private readonly ecdh = createECDH("prime256v1");
  private readonly pool = Buffer.alloc(POOLED * SCALAR_BYTES);
  private readonly scalars = Array.from({ length: POOLED }, (_, index) =>
    this.pool.subarray(index * SCALAR_BYTES, (index + 1) * SCALAR_BYTES),
  );
  private used = POOLED;

  /** @param random fills a buffer with random bytes; another one than the system's is for tests only */
  constructor(
    private readonly random: (bytes: Buffer) => unknown = randomFillSync,
  ) {}

  next(): void {
    const scalarAt = PKCS8_HEAD.length;
    const pointAt = scalarAt + SCALAR_BYTES + PKCS8_MIDDLE.length;
    const scalar = this.draw();
    const point = this.ecdh.getPublicKey();
    this.publicKey.set(point, SPKI_HEAD.length);
    this.privateKey.set(scalar, scalarAt);
    this.privateKey.set(point, pointAt);
    scalar.fill(0);
  }

  wipe(): void {
    this.pool.fill(0);
    this.used = POOLED;
    // Any other scalar in the place of the last one: an object without any cannot be had.
    this.ecdh.setPrivateKey(ONE);
    const scalarAt = PKCS8_HEAD.length;
    this.privateKey.fill(0, scalarAt, scalarAt + SCALAR_BYTES);
  }

  /** A scalar in [1, n - 1] (FIPS 186-5 §A.2.2), which the curve's object has as its private key then. */
  private draw(): Buffer {
    for (let refused = 0; ; refused += 1) {
      if (this.used === POOLED) {
        this.random(this.pool);
        this.used = 0;
      }
      const scalar = this.scalars[this.used] ?? this.pool;
      this.used += 1;
      try {
        this.ecdh.setPrivateKey(scalar);
        return scalar;
      } catch (error) {
        // 0, n and what lies above are refused: draw again.
        if (refused === MOST_REFUSED) {
          throw error;
        }
      }
    }
  }
}

/** Keys of every other kind, as Node makes and encodes them. */
class AnyKeyMaker implements DeviceKeyMaker {
  publicKey: Buffer = Buffer.alloc(0);
  privateKey: Buffer = Buffer.alloc(0);

  constructor(private readonly key: KeySpec) {}

  next(): void {
    this.wipe();
    // As objects: asked for encodings at once, Node takes much longer.
    const { publicKey, privateKey } = generateKeyPair(this.key);
    this.publicKey = publicKey.export({ type: "spki", format: "der" });
    this.privateKey = privateKey.export({ type: "pkcs8", format: "der" });
  }

  wipe(): void {
    this.privateKey.fill(0);
  }
}

function generateKeyPair({ algorithm, ecdsaCurve, rsaBits }: KeySpec): {
  publicKey: KeyObject;
  privateKey: KeyObject;
} {
  switch (algorithm) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: rsaBits ?? 2048 });
    case "ED25519":
      return generateKeyPairSync("ed25519");
    default:
      // P384 is P-384 to Node.
      return generateKeyPairSync("ec", {
        namedCurve: (ecdsaCurve ?? "P256").replace(/^P/, "P-"),
      });
  }
}
