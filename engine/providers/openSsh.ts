import {
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";

import { toPem } from "./pem";

const MAGIC = "openssh-key-v1\0";
const BLOCK = 8;
const CURVES: Record<string, string> = {
  "P-256": "nistp256",
  "P-384": "nistp384",
  "P-521": "nistp521",
};

/** A public key as OpenSSH writes it. */
export interface SshPublicKey {
  algorithm: string;
  blob: Buffer;
}

/** The OpenSSH form of a key's public half; undefined for keys OpenSSH does not know (P-224). */
export function openSshPublicKey(key: KeyObject): SshPublicKey | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") {
    return undefined;
  }
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const curve = CURVES[jwk.crv ?? ""];
  if (jwk.kty === "RSA") {
    return {
      algorithm: "ssh-rsa",
      blob: Buffer.concat([text("ssh-rsa"), integer(jwk.e), integer(jwk.n)]),
    };
  }
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") {
    return {
      algorithm: "ssh-ed25519",
      blob: Buffer.concat([text("ssh-ed25519"), field(bytes(jwk.x))]),
    };
  }
  if (curve === undefined) {
    return undefined;
  }
  const algorithm = `ecdsa-sha2-${curve}`;
  return {
    algorithm,
    blob: Buffer.concat([text(algorithm), text(curve), field(point(jwk))]),
  };
}

/** The OpenSSH form of a private key, not encrypted; undefined for keys OpenSSH does not know. */
export function openSshPrivateKey(key: KeyObject): string | undefined {
  const publicKey = openSshPublicKey(key);
  if (publicKey === undefined) {
    return undefined;
  }
  const check = randomBytes(4);
  const comment = text("");
  const body = Buffer.concat([
    check,
    check,
    text(publicKey.algorithm),
    privateFields(key.export({ format: "jwk" }), publicKey),
    comment,
  ]);
  const padding = Buffer.from(
    Array.from(
      { length: (BLOCK - (body.length % BLOCK)) % BLOCK },
      (_, index) => index + 1,
    ),
  );
  const file = Buffer.concat([
    Buffer.from(MAGIC, "latin1"),
    ...["none", "none", ""].map(text),
    count(1),
    field(publicKey.blob),
    field(Buffer.concat([body, padding])),
  ]);
  return toPem("OPENSSH PRIVATE KEY", file);
}

function privateFields(jwk: JsonWebKey, publicKey: SshPublicKey): Buffer {
  switch (jwk.kty) {
    case "RSA":
      return Buffer.concat(
        [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(integer),
      );
    case "OKP":
      return Buffer.concat([
        field(bytes(jwk.x)),
        field(Buffer.concat([bytes(jwk.d), bytes(jwk.x)])),
      ]);
    default:
      // What follows the algorithm in the public form, then the secret number.
      return Buffer.concat([
        publicKey.blob.subarray(4 + publicKey.algorithm.length),
        integer(jwk.d),
      ]);
  }
}

function point(jwk: JsonWebKey): Buffer {
  return Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
}

function bytes(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? "", "base64url");
}

function count(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function field(content: Buffer): Buffer {
  return Buffer.concat([count(content.length), content]);
}

function text(content: string): Buffer {
  return field(Buffer.from(content));
}

/** A number without leading zeros, but for one where its first bit would make it negative. */
function integer(base64url: string | undefined): Buffer {
  let number = bytes(base64url);
  while (number.length > 1 && number[0] === 0) {
    number = number.subarray(1);
  }
  return field(
    (number[0] ?? 0) >= 0x80
      ? Buffer.concat([Buffer.from([0]), number])
      : number,
  );
}
