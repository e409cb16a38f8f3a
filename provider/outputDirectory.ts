import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { X509Certificate, createHash } from "node:crypto";
import { join } from "node:path";
import { folderName } from "../pki/batch/folderName";
import type { InventoryEntry } from "../pki/batch/inventory";
import { formatInventory, parseInventory } from "../pki/batch/inventory";
import type { DeviceFiles } from "../pki/batch/plan";
import { readSealedKey } from "../pki/batch/seal";
import { readAuthorityKeyIdentifier } from "../pki/authority";
import { publicKeyDer, readPrivateKey } from "../pki/key";
import type { Problem } from "../pki/problem";
import { folderProblems, removeEmpty } from "./folders";
import type { SecretFiles } from "./secretFiles";
import {
  SecretName,
  bothForms,
  namedContents,
  otherForms,
  sealedName,
} from "./secretFiles";

/** The record of a small batch. */
export const INVENTORY_FILE = "inventory.csv";
const OWNER = ".batch";
const PARTIAL = ".partial";
const [CERTIFICATE, CHAIN] = ["cert.pem", "chain.pem"] as const;
const { Key: KEY, Keystore: KEYSTORE } = SecretName;

/** All the texts of one device. */
export interface StoredDevice extends DeviceFiles {
  readonly chainPem: string;
  /** Empty where there is none, or a sealed one. */
  readonly privateKeyPem: string;
  /** The certificate's key is there, and nobody can read it here. */
  readonly keySealed: boolean;
  /** Which key signed the certificate; see `keyIdentifier`. */
  readonly issuerKeyIdentifier: string | undefined;
}

/** What is written for a device. */
export interface DeviceToWrite {
  readonly certificatePem: string;
  readonly chainPem: string;
  /** What stays as it is where left out: the device keeps its key, or it is sealed here. */
  readonly secrets?: SecretFiles | undefined;
}

/**
 * The folder a batch is written to: `inventory.csv`, and for each device
 * `<id>/{cert.pem,chain.pem,key.pem}`, and `keystore.p12` where asked for; in a
 * sealed batch `key.pem.age` and `keystore.p12.age`. Folders are 0700, files
 * 0600; each file is replaced whole, so that a run that is killed leaves none
 * half-written.
 *
 * Plain keys of a batch that is sealed later are removed, and not written over
 * first: on a solid-state disk, or a file system that copies on write, that
 * would leave the old octets where they are. Whoever has to rule them out
 * issues new keys (`reissue`), or has had the disk encrypted.
 */
export class OutputDirectory {
  constructor(
    /** As the program gave it; relative to the project. */
    readonly path: string,
  ) {}

  /** Why nothing can be written here; empty where it can. Touches nothing. */
  problems(): Problem[] {
    return folderProblems("outputDirectory", this.path);
  }

  /** The name of the batch that writes here, `undefined` where none has yet. */
  owner(): string | undefined {
    return readText(join(this.path, OWNER))?.trim();
  }

  /** Says which batch writes here. */
  claim(name: string): void {
    this.write(OWNER, `${name}\n`);
  }

  /** The inventory, `undefined` where there is none. */
  inventory(): InventoryEntry[] | undefined {
    const path = join(this.path, INVENTORY_FILE);
    const text = readText(path);
    return text === undefined ? undefined : parseInventory(text, path);
  }

  writeInventory(entries: readonly InventoryEntry[]): void {
    this.write(INVENTORY_FILE, formatInventory(entries));
  }

  /**
   * What a device has here, `undefined` where it has no certificate.
   *
   * @param publicKey DER of the device's public key, where its private key is not here
   */
  read(id: string, publicKey?: Buffer): StoredDevice | undefined {
    const folder = join(this.path, folderName(id));
    const certificatePem = readText(join(folder, CERTIFICATE));
    if (certificatePem === undefined) {
      return undefined;
    }
    const privateKeyPem = readText(join(folder, KEY)) ?? "";
    const plainMatches =
      publicKey === undefined && belongTogether(certificatePem, privateKeyPem);
    const keySealed =
      publicKey === undefined &&
      !plainMatches &&
      sealsKeyOf(certificatePem, readBytes(join(folder, sealedName(KEY))));
    return {
      certificatePem,
      chainPem: readText(join(folder, CHAIN)) ?? "",
      privateKeyPem: keySealed ? "" : privateKeyPem,
      keySealed,
      keyMatches:
        publicKey === undefined
          ? plainMatches || keySealed
          : certifies(certificatePem, publicKey),
      issuerKeyIdentifier: readAuthorityKeyIdentifier(certificatePem),
    };
  }

  /** Is there anything of a device that is to be sealed, or was and is there twice? */
  hasPlainSecrets(id: string): boolean {
    return this.plainSecrets(id).some((name) => this.holds(id, name));
  }

  /** Has a device a store, plain or sealed? */
  hasKeystore(id: string): boolean {
    return bothForms(KEYSTORE).some((name) => this.holds(id, name));
  }

  /** The key first: a certificate never stands there without it. */
  writeDevice(id: string, device: DeviceToWrite): void {
    const { secrets, chainPem, certificatePem } = device;
    const folder = folderName(id);
    mkdirSync(join(this.path, folder), { recursive: true, mode: 0o700 });
    if (secrets !== undefined) {
      this.putSecrets(folder, secrets);
    }
    this.write(join(folder, CHAIN), chainPem);
    this.write(join(folder, CERTIFICATE), certificatePem);
    if (secrets !== undefined) {
      this.drop(folder, otherForms(secrets));
    }
  }

  /** Writes those files alone, of a device whose certificate stays. */
  writeSecrets(id: string, secrets: SecretFiles): void {
    const folder = folderName(id);
    this.putSecrets(folder, secrets);
    // Last, since the other form may be all there is of the key until then.
    this.drop(folder, otherForms(secrets));
  }

  /** Removes what {@link hasPlainSecrets} found; for a device whose sealed key is there. */
  removePlainSecrets(id: string): void {
    this.drop(folderName(id), this.plainSecrets(id));
  }

  /** Removes the store of a device, in either form. */
  removeKeystore(id: string): void {
    this.drop(folderName(id), bothForms(KEYSTORE));
  }

  /** A key of ours beside the certificate of one that the device made would be taken for its key. */
  removeOtherKeys(id: string, certificatePem: string): void {
    const folder = folderName(id);
    const keyPem = readText(join(this.path, folder, KEY));
    const sealed = readBytes(join(this.path, folder, sealedName(KEY)));
    const isOther =
      (keyPem !== undefined && !belongTogether(certificatePem, keyPem)) ||
      (sealed !== undefined &&
        readSealedKey(sealed) !== undefined &&
        !sealsKeyOf(certificatePem, sealed));
    if (isOther) {
      this.drop(folder, bothForms(KEY, KEYSTORE));
    }
  }

  writeChain(id: string, chainPem: string): void {
    this.write(join(folderName(id), CHAIN), chainPem);
  }

  /**
   * Removes what a batch wrote, with what a killed update left without noting
   * it, and each folder where nothing else is in it.
   *
   * @param issuerKeyIdentifier whose certificates are the batch's
   * @param what whether its keys are the batch's, too, and the stores of them
   */
  remove(
    issuerKeyIdentifier: string,
    what: { readonly keys: boolean; readonly keystores?: boolean },
  ): void {
    const files = [
      CERTIFICATE,
      CHAIN,
      ...(what.keys ? bothForms(KEY) : []),
      ...(what.keystores === true ? bothForms(KEYSTORE) : []),
    ];
    const noted = (this.inventory() ?? []).map(({ id }) => folderName(id));
    const unnoted = listFolders(this.path).filter((name) => {
      const certificate = readText(join(this.path, name, CERTIFICATE));
      return certificate === undefined
        ? this.isUnfinished(name)
        : readAuthorityKeyIdentifier(certificate) === issuerKeyIdentifier;
    });
    for (const name of new Set([...noted, ...unnoted])) {
      const folder = join(this.path, name);
      this.drop(name, files);
      removeEmpty(folder);
    }
    for (const file of [INVENTORY_FILE, OWNER]) {
      rmSync(join(this.path, file), { force: true });
    }
    removeEmpty(this.path);
  }

  private holds(id: string, name: string): boolean {
    return existsSync(join(this.path, folderName(id), name));
  }

  /** Names under which a plain key may stand, also a half-written one; a store only where it is ours, for its sealed form stands beside it. */
  private plainSecrets(id: string): string[] {
    const names = [
      KEY,
      ...(this.holds(id, sealedName(KEYSTORE)) ? [KEYSTORE] : []),
    ];
    return names.flatMap((name) => [name, `${name}${PARTIAL}`]);
  }

  private putSecrets(folder: string, secrets: SecretFiles): void {
    for (const [name, content] of namedContents(secrets)) {
      this.write(join(folder, name), content);
    }
  }

  /** Removes files, and what a killed run began of them. */
  private drop(folder: string, names: readonly string[]): void {
    for (const name of names) {
      const path = join(this.path, folder, name);
      rmSync(path, { force: true });
      rmSync(`${path}${PARTIAL}`, { force: true });
    }
  }

  /** Killed before there was a certificate: files of ours at most, and nothing else. */
  private isUnfinished(name: string): boolean {
    const ours = [CERTIFICATE, CHAIN, ...bothForms(KEY, KEYSTORE)].flatMap(
      (file) => [file, `${file}${PARTIAL}`],
    );
    const files = readdirSync(join(this.path, name));
    return files.every((file) => ours.includes(file));
  }

  private write(name: string, content: string | Uint8Array): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const path = join(this.path, name);
    const bytes = Buffer.from(content);
    if (readBytes(path)?.equals(bytes) === true) {
      return;
    }
    const temporary = `${path}${PARTIAL}`;
    writeFileSync(temporary, bytes, { mode: 0o600, flush: true });
    // The mode above counts for new files only; one left by a killed run may have another.
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  }
}

function readText(path: string): string | undefined {
  return readBytes(path)?.toString("utf8");
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const code =
      typeof error === "object" && error !== null && "code" in error
        ? error.code
        : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return undefined;
    }
    throw error;
  }
}

/** The sealed key cannot be looked at; what it says of itself was written with it. */
function sealsKeyOf(
  certificatePem: string,
  sealed: Buffer | undefined,
): boolean {
  const note = sealed && readSealedKey(sealed);
  if (note === undefined) {
    return false;
  }
  try {
    const { publicKey } = new X509Certificate(certificatePem);
    const sha256 = createHash("sha256").update(publicKeyDer(publicKey));
    return sha256.digest("hex") === note.publicKeySha256;
  } catch {
    return false;
  }
}

function belongTogether(certificatePem: string, keyPem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(
      readPrivateKey(keyPem, "key"),
    );
  } catch {
    // Neither readable nor whole: as good as not there.
    return false;
  }
}

function certifies(certificatePem: string, publicKey: Buffer): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    return publicKeyDer(certificate.publicKey).equals(publicKey);
  } catch {
    return false;
  }
}

function listFolders(path: string): string[] {
  return existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];
}
