import { rmSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import {
  BUNDLES,
  CHAIN,
  INDEX,
  INVENTORY,
  ISSUERS,
  PARTIAL,
} from "../pki/batch/bundles/layout";
import { hasInventory, readInventory } from "./bundleInventory";

/** Removes what a batch wrote, and each folder where nothing else is in it. */
export function removeBundles(directory: string): void {
  const folder = join(directory, BUNDLES);
  if (hasInventory(directory)) {
    const inventory = readInventory(directory);
    const names = inventory
      .bundles()
      .flatMap(({ files }) => files.map(({ name }) => name));
    inventory.close();
    for (const name of [...names, CHAIN, ISSUERS, INDEX]) {
      rmSync(join(folder, name), { force: true });
      rmSync(join(folder, `${name}${PARTIAL}`), { force: true });
    }
  }
  removeEmpty(folder);
  rmSync(join(directory, INVENTORY), { force: true });
  rmSync(join(directory, ".batch"), { force: true });
  removeEmpty(directory);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or gone already: not ours to remove.
  }
}
