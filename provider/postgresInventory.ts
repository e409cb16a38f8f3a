import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { INVENTORY } from "../pki/batch/bundles/layout";
import type { InventoryDatabase } from "../pki/batch/inventory/database";
import { PostgresInventory } from "../pki/batch/inventory/postgres";
import { hasInventory, readInventory } from "./bundleInventory";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { inform } from "./engineLog";

const EVERY = 2_000;

/** What the batch is called in PostgreSQL: `project/stack/name`, since a database may serve many stacks. */
export function batchNameOf(urn: string): string {
  const [stack = "", project = "", , ...name] = urn
    .replace(/^urn:pulumi:/, "")
    .split("::");
  return `${project}/${stack}/${name.join("::")}`;
}

/**
 * Brings PostgreSQL, where the program names one, up to the inventory.
 *
 * @throws PostgresError
 */
export async function publishInventory(
  urn: string,
  { postgresql }: DeviceBatchInputs,
  inventory: InventoryDatabase,
): Promise<void> {
  if (postgresql === undefined) {
    return;
  }
  const postgres = await PostgresInventory.connect(
    postgresql,
    batchNameOf(urn),
  );
  let last = performance.now();
  try {
    await postgres.publish(inventory, (done, total) => {
      if (performance.now() - last > EVERY) {
        last = performance.now();
        void inform(urn, `${done} of ${total} bundles are in PostgreSQL`);
      }
    });
  } finally {
    await postgres.close();
  }
}

/**
 * Brings the inventory back from PostgreSQL, where this machine has none, or
 * one from before the last update: another machine ran that.
 *
 * @throws PostgresError
 */
export async function restoreMissing(
  urn: string,
  { postgresql, outputDirectory }: DeviceBatchInputs,
  old: { readonly digest: string },
): Promise<void> {
  if (postgresql === undefined || knows(outputDirectory, old.digest)) {
    return;
  }
  const postgres = await PostgresInventory.connect(
    postgresql,
    batchNameOf(urn),
  );
  try {
    if ((await postgres.head()) === undefined) {
      return;
    }
    mkdirSync(outputDirectory, { recursive: true, mode: 0o700 });
    const path = join(outputDirectory, INVENTORY);
    const restored = `${path}.restored`;
    rmSync(restored, { force: true });
    await postgres.restore(restored);
    // One that is there is from before the last update: PostgreSQL has all that it has.
    renameSync(restored, path);
    await inform(urn, "the inventory was brought back from PostgreSQL");
  } finally {
    await postgres.close();
  }
}

function knows(directory: string, digest: string): boolean {
  if (!hasInventory(directory)) {
    return false;
  }
  const inventory = readInventory(directory);
  try {
    return inventory.descendsFrom(digest);
  } finally {
    inventory.close();
  }
}
