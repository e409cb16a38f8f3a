import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BUNDLES, PARTIAL } from "../bundles/layout";
import { readBundleFileName } from "../bundles/readName";
import type { InventoryDatabase } from "../inventory/database";

/**
 * Puts the folder of bundles in order after a run that was killed: what the
 * inventory knows gets its name, what it does not know was never issued and
 * goes, key and all.
 *
 * @param directory the output directory of the batch
 */
export function recoverBundles(
  directory: string,
  inventory: InventoryDatabase,
): void {
  const folder = join(directory, BUNDLES);
  if (!existsSync(folder)) {
    return;
  }
  const known = new Set(
    inventory
      .bundles()
      .flatMap(({ files }) => files.map(({ name }) => `${name}${PARTIAL}`)),
  );
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(PARTIAL)) {
      continue;
    }
    const path = join(folder, name);
    if (known.has(name)) {
      renameSync(path, path.slice(0, -PARTIAL.length));
    } else {
      rmSync(path);
    }
  }
}

/**
 * Which files of bundles look whole and are not in the inventory. No run that
 * was killed leaves one: the inventory is not the one they were written with.
 *
 * @param directory the output directory of the batch
 * @returns their names, sorted
 */
export function unknownFiles(
  directory: string,
  inventory: InventoryDatabase,
): string[] {
  const folder = join(directory, BUNDLES);
  if (!existsSync(folder)) {
    return [];
  }
  const known = new Set(
    inventory.bundles().flatMap(({ files }) => files.map(({ name }) => name)),
  );
  return readdirSync(folder)
    .filter(
      (name) => readBundleFileName(name) !== undefined && !known.has(name),
    )
    .sort();
}
