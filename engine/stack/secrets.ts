import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
} from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import { EngineError } from "../errors";

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 8;
const CHECK = "pulumi";
const derive = promisify(pbkdf2);

/** Where the passphrase comes from. Reads it once, from the variable or from the file the other variable names. */
export async function readPassphrase(
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const direct = environment.PULUMI_CONFIG_PASSPHRASE;
  if (direct !== undefined) {
    return direct;
  }
  const file = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file === undefined || file === "") {
    throw new EngineError(
      "The stack's secrets need a passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to the path of a file that holds it.",
    );
  }
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    throw new EngineError(
      `PULUMI_CONFIG_PASSPHRASE_FILE names ${file}, which cannot be read.`,
    );
  }
}

/** Encrypts and decrypts the secrets of one stack, in the form Pulumi's passphrase provider uses. */
export class Crypter {
  private readonly known = new Map<
    string,
    { plaintext: string; ciphertext: string }
  >();

  private constructor(
    private readonly key: Buffer,
    /** The text that says how the key is made and lets a wrong passphrase be noticed. */
    readonly salt: string,
  ) {}

  /** Makes a new salt for a passphrase. */
  static async create(passphrase: string): Promise<Crypter> {
    const salt = randomBytes(SALT_BYTES);
    const key = await derive(passphrase, salt, ITERATIONS, KEY_BYTES, "sha256");
    return new Crypter(
      key,
      `v1:${salt.toString("base64")}:${seal(key, CHECK)}`,
    );
  }

  /** Opens an existing salt, or throws if the passphrase is not the one it was made with. */
  static async open(passphrase: string, saltText: string): Promise<Crypter> {
    const [version, salt, ...check] = saltText.split(":");
    if (version !== "v1" || salt === undefined || check.length !== 3) {
      throw new EngineError(
        "The encryption salt is not in the form Pulumi writes (v1:…:v1:…:…).",
      );
    }
    const key = await derive(
      passphrase,
      Buffer.from(salt, "base64"),
      ITERATIONS,
      KEY_BYTES,
      "sha256",
    );
    if (unseal(key, check.join(":")) !== CHECK) {
      throw new EngineError(
        "The passphrase is not the one this stack's secrets were encrypted with. Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the right one.",
      );
    }
    return new Crypter(key, saltText);
  }

  /** Opens the salt a stack has, or makes it one. */
  static forStack(
    passphrase: string,
    salt: string | undefined,
  ): Promise<Crypter> {
    return salt === undefined
      ? Crypter.create(passphrase)
      : Crypter.open(passphrase, salt);
  }

  /** Decrypts one secret. */
  decrypt(ciphertext: string): string {
    const plaintext = unseal(this.key, ciphertext);
    if (plaintext === undefined) {
      throw new EngineError(
        "A secret cannot be decrypted: it was written with another passphrase, or it is damaged.",
      );
    }
    return plaintext;
  }

  /** Encrypts one secret; the same text gives another result each time. */
  encrypt(plaintext: string): string {
    return seal(this.key, plaintext);
  }

  /** Notes what is at a place of the state, so that writing the same secret there again changes nothing. */
  remember(place: string, plaintext: string, ciphertext: string): void {
    this.known.set(place, { plaintext, ciphertext });
  }

  /** Encrypts for a place of the state; a secret that is already there keeps its ciphertext. */
  encryptAt(place: string, plaintext: string): string {
    const before = this.known.get(place);
    if (before?.plaintext === plaintext) {
      return before.ciphertext;
    }
    const ciphertext = this.encrypt(plaintext);
    this.remember(place, plaintext, ciphertext);
    return ciphertext;
  }
}

function seal(key: Buffer, plaintext: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([
    cipher.update(plaintext, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

function unseal(key: Buffer, text: string): string | undefined {
  const [version, nonce, sealed, ...rest] = text.split(":");
  if (
    version !== "v1" ||
    nonce === undefined ||
    sealed === undefined ||
    rest.length > 0
  ) {
    return undefined;
  }
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < TAG_BYTES) {
    return undefined;
  }
  try {
    const decipher = createDecipheriv(
      "aes-256-gcm",
      key,
      Buffer.from(nonce, "base64"),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return (
      decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, "utf8") +
      decipher.final("utf8")
    );
  } catch {
    return undefined;
  }
}
