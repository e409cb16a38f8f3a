import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  BUNDLES,
  CHAIN,
  INVENTORY,
  ISSUERS,
} from "../../pki/batch/bundles/layout";
import { joinCertificates } from "../../pki/pem";
import { InventoryDatabase } from "../../pki/batch/inventory/database";
import { quote } from "../../pki/problem";
import { UsageError } from "../options";

/** The inventory of a batch whose devices have a folder each. */
export const SMALL_INVENTORY = "inventory.csv";

/** How a batch's folder stands on the disk. */
export type BatchForm = "bundles" | "files";

/**
 * Which of the two forms a batch's output directory has.
 *
 * @throws UsageError where it is none
 */
export function formOf(directory: string): BatchForm {
  if (existsSync(join(directory, INVENTORY))) {
    return "bundles";
  }
  if (existsSync(join(directory, SMALL_INVENTORY))) {
    return "files";
  }
  if (!existsSync(directory)) {
    throw new UsageError(
      `${quote(directory)} is not there; name the output directory of a batch.`,
    );
  }
  throw new UsageError(
    statSync(directory).isDirectory()
      ? `${quote(directory)} holds neither ${INVENTORY} nor ${SMALL_INVENTORY}; name the output directory of a batch, or bring back its inventory from a copy.`
      : `${quote(directory)} is a file; name the output directory of a batch.`,
  );
}

/**
 * Opens the inventory of a large batch to read it.
 *
 * @throws UsageError where that cannot be done
 */
export function openInventory(directory: string): InventoryDatabase {
  const path = join(directory, INVENTORY);
  try {
    const inventory = InventoryDatabase.open(path, { readOnly: true });
    if (inventory.formatVersion() === undefined) {
      inventory.close();
      throw new UsageError(
        `${quote(path)} is no inventory of a batch; bring it back as the last update left it, from a copy of the folder.`,
      );
    }
    return inventory;
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      existsSync(`${path}-journal`)
        ? `${quote(path)} is in the middle of an update, or of one that was stopped (${why}); run the update to its end first.`
        : `${quote(path)} cannot be read (${why}); bring it back as the last update left it, from a copy of the folder.`,
    );
  }
}

/** The CA certificates above a large batch's, those of older generations as well; empty where it has none. */
export function readChain(directory: string): string {
  return joinCertificates(
    ...[CHAIN, ISSUERS].map((name) => {
      const path = join(directory, BUNDLES, name);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    }),
  );
}
