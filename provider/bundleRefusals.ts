import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BUNDLES, INVENTORY } from "../pki/batch/bundles/layout";
import { strayFiles } from "../pki/batch/bundles/overview";
import type { InventoryDatabase } from "../pki/batch/inventory/database";
import { unknownFiles } from "../pki/batch/issuance/recovery";
import { InputError, quote } from "../pki/problem";
import { readInventory } from "./bundleInventory";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { inform } from "./engineLog";
import { OutputDirectory } from "./outputDirectory";
import { issuerKeyIdentifier } from "./signer";
import type { Properties } from "./wire";

/** Another shard has other devices: those of this folder would be recorded as removed, and theirs issued a second time. */
export function refuseOtherShard(
  inputs: DeviceBatchInputs,
  olds: Properties,
): void {
  if (isDeepStrictEqual(inputs.shard, olds.shard)) {
    return;
  }
  throw new InputError([
    {
      path: "shard",
      message: `${quote(inputs.shard ?? "all devices")} is not what ${quote(inputs.outputDirectory)} was begun with, ${quote(olds.shard ?? "all devices")}; leave it, or begin a batch of another name in another folder.`,
    },
  ]);
}

/** A file of another size is refused; one of certificates that is gone is told, since devices do not need it. */
export async function refuseStray(
  urn: string,
  directory: string,
  inventory: InventoryDatabase,
): Promise<void> {
  const stray = strayFiles(directory, inventory.bundles());
  const altered = stray.filter(({ isGone }) => !isGone);
  if (altered.length > 0) {
    throw new InputError(
      altered.slice(0, 50).map(({ name }) => ({
        path: "outputDirectory",
        message: `${quote(join(directory, BUNDLES, name))} has another size than it was written with; bring it back, or delete it where its devices have what it held.`,
      })),
    );
  }
  if (stray.length > 0) {
    await inform(
      urn,
      `${stray.length} files of certificates are gone from ${join(directory, BUNDLES)}, the first of them ${stray[0]?.name ?? ""}; the inventory knows their devices, exports of certificates do not`,
      "warning",
    );
  }
}

/** Bundles of which no inventory tells hold certificates that are valid; new ones would be written over them. */
export function refuseUnknownFiles(
  directory: string,
  inventory: InventoryDatabase,
): void {
  const [first, ...others] = unknownFiles(directory, inventory);
  if (first === undefined) {
    return;
  }
  throw new InputError([
    {
      path: "outputDirectory",
      message: `${quote(join(directory, BUNDLES))} holds ${quote(first)}${others.length > 0 ? ` and ${others.length} more files` : ""} of which ${INVENTORY} does not tell: it was deleted, or is an older copy. Bring back the one that was written with them; or move ${BUNDLES} away, and have all of their certificates revoked.`,
    },
  ]);
}

/**
 * A new batch must not go on with the inventory of another one. What a killed
 * first run left behind comes from the same issuer and is taken over.
 */
export function refuseForeignBundles(
  name: string,
  inputs: DeviceBatchInputs,
): void {
  const directory = inputs.outputDirectory;
  const owner = new OutputDirectory(directory).owner();
  const refuse = (message: string): never => {
    throw new InputError([{ path: "outputDirectory", message }]);
  };
  if (owner !== undefined && owner !== name) {
    refuse(
      `${quote(directory)} belongs to the batch ${quote(owner)}; give every batch a folder of its own.`,
    );
  }
  const inventory = readInventory(directory);
  const issuers = new Set(inventory.bundles().map(({ issuer }) => issuer));
  try {
    refuseUnknownFiles(directory, inventory);
  } finally {
    inventory.close();
  }
  if (issuers.size === 0) {
    return;
  }
  const issuer =
    inputs.signer.privateKeyPem === undefined
      ? undefined
      : issuerKeyIdentifier(inputs.signer);
  if (issuers.size > 1 || issuer === undefined || !issuers.has(issuer)) {
    refuse(
      `${quote(directory)} holds the devices of another batch, with its inventory; move the folder away or name another.`,
    );
  }
}
