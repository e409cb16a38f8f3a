import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLES, INVENTORY } from "../pki/batch/bundles/layout";
import { checkInventory } from "../pki/batch/inventory/check";
import { InventoryDatabase } from "../pki/batch/inventory/database";
import { InputError, quote } from "../pki/problem";
import { isDiskFull } from "./diskFull";

const PATH = "outputDirectory";

/** What the last update remembers of an inventory. */
export interface RememberedInventory {
  readonly digest: string;
  /** Over the file. */
  readonly inventorySha256?: string;
}

/** Whether this folder holds the inventory of a large batch. */
export function hasInventory(directory: string): boolean {
  return existsSync(join(directory, INVENTORY));
}

/**
 * Opens an inventory to be read, or an empty one where there is none yet.
 *
 * @throws InputError where the file is no inventory
 */
export function readInventory(directory: string): InventoryDatabase {
  if (!hasInventory(directory)) {
    return InventoryDatabase.empty();
  }
  return guarded(directory, (path) => {
    try {
      return openToRead(path);
    } catch (error) {
      if (!needsRollback(error)) {
        throw error;
      }
      // A run was killed in the middle of a transaction: opened for writing, SQLite takes it back.
      InventoryDatabase.open(path).close();
      return openToRead(path);
    }
  });
}

function openToRead(path: string): InventoryDatabase {
  const inventory = InventoryDatabase.open(path, { readOnly: true });
  try {
    inventory.head();
    return inventory;
  } catch (error) {
    inventory.close();
    throw error;
  }
}

/**
 * Opens an inventory to be written; a new one is made where there is none.
 *
 * @throws InputError where the file is no inventory
 */
export function writeInventory(directory: string): InventoryDatabase {
  return guarded(directory, (path) => {
    const inventory = InventoryDatabase.open(path);
    inventory.head();
    return inventory;
  });
}

function guarded(
  directory: string,
  open: (path: string) => InventoryDatabase,
): InventoryDatabase {
  const path = join(directory, INVENTORY);
  try {
    return open(path);
  } catch (error) {
    if (isDiskFull(error)) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError([
      {
        path: PATH,
        message: `${quote(path)} cannot be read as an inventory (${reason}); bring it back as the last update left it.`,
      },
    ]);
  }
}

/** SQLITE_READONLY_RECOVERY and SQLITE_READONLY_ROLLBACK. */
function needsRollback(error: unknown): boolean {
  return (
    error instanceof Error &&
    "errcode" in error &&
    [264, 776].includes(Number(error.errcode))
  );
}

/** SHA-256 over the file of the inventory, lowercase hex; `undefined` where there is none. */
export async function inventorySha256(
  directory: string,
): Promise<string | undefined> {
  if (!hasInventory(directory)) {
    return undefined;
  }
  const hash = createHash("sha256");
  // One buffer for all of it: a stream's would stay in memory until they are collected.
  const buffer = Buffer.alloc(1 << 18);
  const file = await open(join(directory, INVENTORY));
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) {
        return hash.digest("hex");
      }
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * Refuses an inventory that somebody deleted, took from elsewhere or edited:
 * it is the only record of what was issued, and going on from a wrong one
 * would issue a second certificate to devices that have one. One that went on
 * from what the last update remembers, since a later one was killed, is fine.
 *
 * @throws InputError
 */
export async function refuseAltered(
  directory: string,
  inventory: InventoryDatabase,
  old: RememberedInventory,
): Promise<void> {
  if (!hasInventory(directory)) {
    throw new InputError([
      {
        path: PATH,
        message: `${quote(directory)} no longer holds the inventory of this batch, ${INVENTORY} (digest ${old.digest.slice(0, 12)}…). Bring it back. Where it is lost for good, move ${BUNDLES} away and set reissue to a new text, such as "lost on ${new Date().toISOString().slice(0, 10)}", to issue every device a new certificate and key.`,
      },
    ]);
  }
  if (!inventory.descendsFrom(old.digest)) {
    throw new InputError([
      {
        path: PATH,
        message: `${quote(join(directory, INVENTORY))} is the inventory of another batch, or an older copy: it does not know of the last update (digest ${old.digest.slice(0, 12)}…). Bring it back as that update left it.`,
      },
    ]);
  }
  if ((await inventorySha256(directory)) === old.inventorySha256) {
    return;
  }
  const findings = checkInventory(inventory);
  if (findings.length > 0) {
    throw new InputError(
      findings.map(({ message, place }) => ({
        path: PATH,
        message: `${quote(directory)}: ${place} ${message}`,
      })),
    );
  }
}
