import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { X509Certificate } from "node:crypto";
import { dirname, join } from "node:path";
import { folderName } from "../pki/batch/device";
import type { InventoryEntry } from "../pki/batch/inventory";
import { formatInventory, parseInventory } from "../pki/batch/inventory";
import type { DeviceFiles } from "../pki/batch/plan";
import { readAuthorityKeyIdentifier } from "../pki/authority";
import { publicKeyDer, readPrivateKey } from "../pki/key";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";

const INVENTORY = "inventory.csv";
const OWNER = ".batch";
const PARTIAL = ".partial";
const [CERTIFICATE, CHAIN, KEY] = ["cert.pem", "chain.pem", "key.pem"] as const;

/** All the texts of one device. */
export interface StoredDevice extends DeviceFiles {
  readonly chainPem: string;
  readonly privateKeyPem: string;
  /** Which key signed the certificate; see `keyIdentifier`. */
  readonly issuerKeyIdentifier: string | undefined;
}

/**
 * The folder a batch is written to: `inventory.csv`, and for each device
 * `<id>/{cert.pem,chain.pem,key.pem}`. Folders are 0700, files 0600; each file
 * is replaced whole, so that a run that is killed leaves none half-written.
 */
export class OutputDirectory {
  constructor(
    /** As the program gave it; relative to the project. */
    readonly path: string,
  ) {}

  /** Why nothing can be written here; empty where it can. Touches nothing. */
  problems(): Problem[] {
    const path = "outputDirectory";
    let existing = this.path;
    while (!existsSync(existing)) {
      existing = dirname(existing);
    }
    if (!statSync(existing).isDirectory()) {
      return [
        {
          path,
          message: `${quote(this.path)} cannot be a folder: ${quote(existing)} is a file; name another.`,
        },
      ];
    }
    try {
      accessSync(existing, constants.W_OK | constants.R_OK | constants.X_OK);
      return [];
    } catch {
      return [
        {
          path,
          message: `${quote(this.path)} cannot be read and written: ${quote(existing)} does not let this user; change its mode or name another.`,
        },
      ];
    }
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
    const path = join(this.path, INVENTORY);
    const text = readText(path);
    return text === undefined ? undefined : parseInventory(text, path);
  }

  writeInventory(entries: readonly InventoryEntry[]): void {
    this.write(INVENTORY, formatInventory(entries));
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
    return {
      certificatePem,
      chainPem: readText(join(folder, CHAIN)) ?? "",
      privateKeyPem,
      keyMatches:
        publicKey === undefined
          ? belongTogether(certificatePem, privateKeyPem)
          : certifies(certificatePem, publicKey),
      issuerKeyIdentifier: readAuthorityKeyIdentifier(certificatePem),
    };
  }

  /** The key first: a certificate never stands there without it. */
  writeDevice(
    id: string,
    device: Pick<StoredDevice, "certificatePem" | "chainPem"> & {
      /** Left out where the device keeps it. */
      readonly privateKeyPem?: string | undefined;
    },
  ): void {
    const folder = folderName(id);
    mkdirSync(join(this.path, folder), { recursive: true, mode: 0o700 });
    if (device.privateKeyPem !== undefined) {
      this.write(join(folder, KEY), device.privateKeyPem);
    } else {
      this.dropOtherKey(folder, device.certificatePem);
    }
    this.write(join(folder, CHAIN), device.chainPem);
    this.write(join(folder, CERTIFICATE), device.certificatePem);
  }

  writeChain(id: string, chainPem: string): void {
    this.write(join(folderName(id), CHAIN), chainPem);
  }

  /**
   * Removes what a batch wrote, with what a killed update left without noting
   * it, and each folder where nothing else is in it.
   *
   * @param issuerKeyIdentifier whose certificates are the batch's
   * @param what whether its keys are the batch's, too
   */
  remove(issuerKeyIdentifier: string, what: { readonly keys: boolean }): void {
    const files = [CERTIFICATE, CHAIN, ...(what.keys ? [KEY] : [])];
    const noted = (this.inventory() ?? []).map(({ id }) => folderName(id));
    const unnoted = listFolders(this.path).filter((name) => {
      const certificate = readText(join(this.path, name, CERTIFICATE));
      return certificate === undefined
        ? this.isUnfinished(name)
        : readAuthorityKeyIdentifier(certificate) === issuerKeyIdentifier;
    });
    for (const name of new Set([...noted, ...unnoted])) {
      const folder = join(this.path, name);
      for (const file of files) {
        rmSync(join(folder, file), { force: true });
        rmSync(join(folder, `${file}${PARTIAL}`), { force: true });
      }
      removeEmpty(folder);
    }
    for (const file of [INVENTORY, OWNER]) {
      rmSync(join(this.path, file), { force: true });
    }
    removeEmpty(this.path);
  }

  /** A key of ours beside the certificate of one that the device made would be taken for its key. */
  private dropOtherKey(folder: string, certificatePem: string): void {
    const path = join(this.path, folder, KEY);
    if (!belongTogether(certificatePem, readText(path) ?? "")) {
      rmSync(path, { force: true });
    }
  }

  /** Killed before there was a certificate: files of ours at most, and nothing else. */
  private isUnfinished(name: string): boolean {
    const ours = [CERTIFICATE, CHAIN, KEY].flatMap((file) => [
      file,
      `${file}${PARTIAL}`,
    ]);
    const files = readdirSync(join(this.path, name));
    return files.every((file) => ours.includes(file));
  }

  private write(name: string, text: string): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const path = join(this.path, name);
    if (readText(path) === text) {
      return;
    }
    const temporary = `${path}${PARTIAL}`;
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    // The mode above counts for new files only; one left by a killed run may have another.
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ENOTDIR")
    ) {
      return undefined;
    }
    throw error;
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

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or gone already: not ours to remove.
  }
}
