import { createHash } from "node:crypto";
import { readDer } from "./derTree";
import type { StoreContent, StoredKey } from "./readStore";
import { StoreError } from "./readStore";

/** How a JKS store begins. */
export const JKS_MAGIC = 0xfeedfeed;
const PRIVATE_KEY = 1;
const TRUSTED_CERTIFICATE = 2;
/** See jks.ts. */
const WHITENER = "Mighty Aphrodite";
const DIGEST = 20;

/**
 * What Java finds in a store of its own old format, JKS.
 *
 * @throws StoreError
 */
export function readJks(content: Buffer, password: string): StoreContent {
  const body = content.subarray(0, -DIGEST);
  const digest = createHash("sha1")
    .update(characters(password))
    .update(WHITENER)
    .update(body)
    .digest();
  if (!digest.equals(content.subarray(-DIGEST))) {
    throw new StoreError("the password is another one", true);
  }
  try {
    return entries(new Reader(body));
  } catch {
    throw new StoreError("damaged", false);
  }
}

class Reader {
  private at = 4;

  constructor(private readonly bytes: Buffer) {}

  number(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  skip(octets: number): void {
    this.at += octets;
  }

  octets(length: number): Buffer {
    if (this.at + length > this.bytes.length) {
      throw new RangeError("too short");
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    const length = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return this.octets(length).toString("utf8");
  }
}

function entries(reader: Reader): StoreContent {
  const version = reader.number();
  const keys: StoredKey[] = [];
  const trusted: string[] = [];
  const certificate = (): Buffer => {
    if (version === 2) {
      reader.text();
    }
    return reader.octets(reader.number());
  };
  for (let count = reader.number(); count > 0; count -= 1) {
    const tag = reader.number();
    const alias = reader.text();
    // The moment at which it was made.
    reader.skip(8);
    if (tag === TRUSTED_CERTIFICATE) {
      certificate();
      trusted.push(alias);
    } else if (tag === PRIVATE_KEY) {
      const key = reader.octets(reader.number());
      const chain = Array.from({ length: reader.number() }, certificate);
      keys.push({ alias, chain, open: (password) => open(key, password) });
    } else {
      throw new RangeError("no entry");
    }
  }
  return { keys, trusted };
}

/** Sun's protection of keys (`sun.security.provider.KeyProtector`): octets of a chain of SHA-1 digests, added bit by bit. */
function open(encrypted: Buffer, password: string): Buffer {
  const protectedKey = readDer(encrypted).children[1]?.octets;
  if (protectedKey === undefined) {
    throw new StoreError("damaged", false);
  }
  const passwordOctets = characters(password);
  let digest = Buffer.from(protectedKey.subarray(0, DIGEST));
  const plain = Buffer.from(protectedKey.subarray(DIGEST, -DIGEST));
  for (let at = 0; at < plain.length; at += DIGEST) {
    digest = createHash("sha1").update(passwordOctets).update(digest).digest();
    for (let index = 0; index < DIGEST && at + index < plain.length; index++) {
      plain[at + index] = (plain[at + index] ?? 0) ^ (digest[index] ?? 0);
    }
  }
  const check = createHash("sha1")
    .update(passwordOctets)
    .update(plain)
    .digest();
  if (!check.equals(protectedKey.subarray(-DIGEST))) {
    throw new StoreError("the password is another one", true);
  }
  return plain;
}

function characters(password: string): Buffer {
  return Buffer.from(password, "utf16le").swap16();
}
