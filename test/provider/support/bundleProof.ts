import { X509Certificate, hash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundleFileName } from "../../../pki/batch/bundles/readName";
import {
  checkInventory,
  checkSerialNumbers,
} from "../../../pki/batch/inventory/check";
import { InventoryDatabase } from "../../../pki/batch/inventory/database";
import { readPrivateKey } from "../../../pki/key";
import { readEntries } from "./largeBatch";

/** What a run had come to when it was killed. */
export interface Moment {
  /** What is wrong already; nothing may be. */
  readonly faults: readonly string[];
  /** Each bundle that is recorded, with the digests of its rows and files; these stay. */
  readonly recorded: ReadonlyMap<string, string>;
  /** Files that are not named yet. */
  readonly partial: number;
  /** Those of them that are recorded. */
  readonly unnamed: number;
  /** Whether it was in the middle of a transaction. */
  readonly inTransaction: boolean;
}

/**
 * Looks at the folder of a batch whose run was killed, and changes nothing
 * there: the inventory is looked at in a copy, since SQLite puts it in order.
 *
 * @param before what was seen at an earlier kill
 */
export function lookAt(output: string, before?: Moment): Moment {
  const folder = join(output, "bundles");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const faults: string[] = [];
  const recorded = new Map<string, string>();
  const digests = new Map<string, string>();
  let unnamed = 0;
  withCopy(output, (inventory) => {
    faults.push(...checkInventory(inventory).map(({ message }) => message));
    for (const { number, rowsSha256, files } of inventory.bundles()) {
      recorded.set(`bundle ${number}`, rowsSha256);
      for (const { name, sha256 } of files) {
        const isNamed = names.includes(name);
        unnamed += isNamed ? 0 : 1;
        digests.set(name, sha256);
        recorded.set(name, sha256);
        const path = join(folder, isNamed ? name : `${name}.partial`);
        if (!existsSync(path)) {
          faults.push(`${name} is recorded and gone`);
        } else if (hash("sha256", readFileSync(path)) !== sha256) {
          faults.push(`${name} is not as it was recorded`);
        }
      }
    }
  });
  for (const name of names) {
    if (readBundleFileName(name) !== undefined && !digests.has(name)) {
      faults.push(`${name} looks whole, and nobody recorded it`);
    }
  }
  for (const [name, sha256] of indexed(folder)) {
    if (digests.get(name) !== sha256) {
      faults.push(`${name} is another one in the index`);
    }
  }
  for (const [name, sha256] of before?.recorded ?? []) {
    if (recorded.get(name) !== sha256) {
      faults.push(`${name} is not what it was at an earlier kill`);
    }
  }
  return {
    faults,
    recorded,
    unnamed,
    partial: names.filter((name) => name.endsWith(".partial")).length,
    inTransaction: existsSync(join(output, "inventory.sqlite-journal")),
  };
}

function withCopy(
  output: string,
  look: (inventory: InventoryDatabase) => void,
): void {
  if (!existsSync(join(output, "inventory.sqlite"))) {
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-copy-"));
  try {
    for (const name of ["inventory.sqlite", "inventory.sqlite-journal"]) {
      if (existsSync(join(output, name))) {
        copyFileSync(join(output, name), join(folder, name));
      }
    }
    const inventory = InventoryDatabase.open(join(folder, "inventory.sqlite"));
    look(inventory);
    inventory.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files that the index names, with their SHA-256. */
function indexed(folder: string): [string, string][] {
  const path = join(folder, "index.json");
  if (!existsSync(path)) {
    return [];
  }
  const { bundles } = JSON.parse(readFileSync(path, "utf8")) as {
    bundles: { files: { name: string; sha256: string }[] }[];
  };
  return bundles.flatMap(({ files }) =>
    files.map(({ name, sha256 }): [string, string] => [name, sha256]),
  );
}

/** What all runs of a batch came to. */
export interface Tally {
  /** Devices without a certificate that the inventory knows, or without their key. */
  readonly lost: number;
  /** Devices with more certificates than they were to get. */
  readonly twice: number;
  /** Whatever else is wrong, the first of a kind only. */
  readonly faults: readonly string[];
}

interface Certificate {
  readonly id: string;
  readonly sha256: string;
}

/** One in so many is verified as a whole; of all others octets are compared. */
const SAMPLED = 100;

/**
 * Counts what is in the bundles of a batch that is complete, and compares it
 * with its inventory, device by device.
 *
 * @param certificates how many each device was given, from the first on
 */
export async function tally(
  output: string,
  ids: readonly string[],
  issuerPem: string,
  certificates = 1,
): Promise<Tally> {
  const faults = new Set(lookAt(output).faults);
  const keys = new Map<string, string[]>();
  for (const { id, pem } of await readEntries(output, "keys")) {
    keys.set(id, [...(keys.get(id) ?? []), pem]);
  }
  const issued = new Map<string, string[]>();
  const issuer = new X509Certificate(issuerPem).publicKey;
  const serialNumbers = new Set<string>();
  let count = 0;
  for (const { id, pem, serialNumber } of await readEntries(
    output,
    "certificates",
  )) {
    const der = derOf(pem);
    issued.set(id, [...(issued.get(id) ?? []), hash("sha256", der)]);
    serialNumbers.add(serialNumber);
    count += 1;
    if (count % SAMPLED === 0) {
      const certificate = new X509Certificate(der);
      const key = readPrivateKey(keys.get(id)?.[0] ?? "", "key");
      if (
        !certificate.verify(issuer) ||
        !certificate.checkPrivateKey(key) ||
        certificate.serialNumber.toLowerCase() !== serialNumber
      ) {
        faults.add("a certificate is not its device's");
      }
    }
  }
  if (serialNumbers.size !== count) {
    faults.add(
      `${count - serialNumbers.size} serial numbers stand there twice`,
    );
  }
  const recorded = readRecorded(output, serialNumbers, keys, faults);
  let [lost, twice] = [0, 0];
  for (const id of ids) {
    const [known = [], there = []] = [recorded.get(id), issued.get(id)];
    const isLost =
      there.length < certificates ||
      keys.get(id) === undefined ||
      !known.every(({ sha256 }) => there.includes(sha256));
    lost += isLost ? 1 : 0;
    twice += there.length > certificates ? 1 : 0;
    if (known.length !== there.length) {
      faults.add("inventory and bundles have not the same certificates");
    }
  }
  if (recorded.size !== ids.length || issued.size !== ids.length) {
    faults.add("there are devices that nobody listed");
  }
  for (const name of readdirSync(output, { recursive: true })) {
    if (/\.partial$|-journal$/.test(String(name))) {
      faults.add(`${String(name)} is left over`);
    }
  }
  return { lost, twice, faults: [...faults] };
}

/** Every certificate of the inventory by device, also those that were renewed. */
function readRecorded(
  output: string,
  serialNumbers: ReadonlySet<string>,
  keys: ReadonlyMap<string, readonly string[]>,
  faults: Set<string>,
): Map<string, Certificate[]> {
  const recorded = new Map<string, Certificate[]>();
  const path = join(output, "inventory.sqlite");
  const inventory = InventoryDatabase.open(path, { readOnly: true });
  for (const { message } of checkSerialNumbers(inventory)) {
    faults.add(message);
  }
  const columns =
    "id, lower(hex(serialNumber)) AS serialNumber, lower(hex(sha256)) AS sha256, publicKey";
  for (const row of inventory.rows(
    `SELECT ${columns} FROM device UNION ALL SELECT ${columns} FROM superseded`,
  )) {
    const [id, serialNumber] = [String(row.id), String(row.serialNumber)];
    recorded.set(id, [
      ...(recorded.get(id) ?? []),
      { id, sha256: String(row.sha256) },
    ]);
    if (!serialNumbers.has(serialNumber)) {
      faults.add("the inventory has a serial number that no bundle has");
    }
    const [key = "", ...more] = keys.get(id) ?? [];
    // The public key ends what either of them says of a key on a curve: it was kept through all renewals.
    const point = Buffer.from(row.publicKey as Uint8Array).subarray(-POINT);
    if (more.length > 0 || !derOf(key).subarray(-POINT).equals(point)) {
      faults.add("a device has another key than its certificate");
    }
  }
  inventory.close();
  return recorded;
}

/** Octets of a public key on P-256. */
const POINT = 65;

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
}
