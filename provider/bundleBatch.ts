import { hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { strayFiles } from "../pki/batch/bundles/overview";
import type { InventoryDatabase } from "../pki/batch/inventory/database";
import { Action, BundlePlan } from "../pki/batch/issuance/bundlePlan";
import { toSign } from "../pki/batch/issuance/issueBundles";
import { issueLargeBatch } from "../pki/batch/issuance/issueLargeBatch";
import { digestOfSource } from "../pki/batch/manifest";
import { readIssuer } from "../pki/authority";
import { deviceOrder } from "../pki/batch/plan";
import type { ListedDevices } from "../pki/batch/issuance/deviceList";
import { bundleOrderOf } from "./bundleOrder";
import { deviceCheck, listBatch } from "./bundleChecks";
import {
  hasInventory,
  inventorySha256,
  readInventory,
  refuseAltered,
  writeInventory,
} from "./bundleInventory";
import {
  refuseOtherShard,
  refuseStray,
  refuseUnknownFiles,
} from "./bundleRefusals";
import { refuseWithoutRoom, tidied } from "./bundleRoom";
import { now } from "./clock";
import { refuseUnderIssuer } from "./deviceBatchChecks";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { profileOf, sourceOf } from "./deviceBatchInputs";
import type { BatchResult } from "./deviceIssuance";
import { chainSuffix } from "./deviceIssuance";
import { inform } from "./engineLog";
import { OnRemoval } from "./largeBatchInputs";
import { OutputDirectory } from "./outputDirectory";
import { publishInventory, restoreMissing } from "./postgresInventory";
import { Progress } from "./progress";
import { nameOf } from "./resource";
import { issuerKeyIdentifier, readSigner } from "./signer";
import type { Properties } from "./wire";

/** What a large batch remembers beside what every batch does; the same few texts for ten devices and for a million. */
export interface BundleMemory {
  readonly digest: string;
  readonly inventorySha256?: string;
  /** When the first device is due, such as `2027-11-20T21:46:40Z`; empty without devices. */
  readonly renewsFirst?: string;
  readonly chainSha256?: string;
  readonly issuerKeyIdentifier: string;
  readonly reissue?: string;
  /** Whether PostgreSQL has the inventory. */
  readonly published?: boolean;
}

/** A list that was checked, for the diff and the update that follow. */
interface Checked {
  readonly listed: ListedDevices;
  readonly inputs: DeviceBatchInputs;
}

const checked = new Map<string, Checked>();

/**
 * Checks every device of a large batch.
 *
 * @returns the digest of the list, for the inputs
 * @throws InputError with all that is wrong
 */
export async function checkBundles(
  urn: string,
  inputs: DeviceBatchInputs,
  unknown: readonly string[],
  isNew: boolean,
): Promise<string> {
  forget(urn);
  const listed = await listBatch(
    urn,
    inputs,
    deviceCheck(inputs, unknown, isNew),
  );
  checked.set(urn, { listed, inputs });
  if (isNew) {
    const inventory = readInventory(inputs.outputDirectory);
    try {
      // What a killed first run recorded is not written again.
      await refuseWithoutRoom(inputs, {
        withNewKey: Math.max(0, listed.listing.count - countOf(inventory)),
        others: 0,
      });
    } finally {
      inventory.close();
    }
  }
  return listed.sha256;
}

function countOf(inventory: InventoryDatabase): number {
  return inventory.bundles().reduce((sum, { devices }) => sum + devices, 0);
}

function forget(urn: string): void {
  checked.get(urn)?.listed.listing.remove();
  checked.delete(urn);
}

/**
 * Whether an update has anything to do.
 *
 * @param olds the outputs of the last update
 * @param chainComes whether the issuer's certificate is about to be renewed, and with it the chain
 */
export async function diffBundles(
  urn: string,
  inputs: DeviceBatchInputs,
  old: BundleMemory,
  olds: Properties,
  chainComes: boolean,
): Promise<boolean> {
  const directory = inputs.outputDirectory;
  const reissued = inputs.reissue !== old.reissue;
  refuseOtherShard(inputs, olds);
  await restoreMissing(urn, inputs, old);
  if (!reissued && !chainComes && (await isUntouched(inputs, old, olds))) {
    forget(urn);
    return false;
  }
  const listed = await listedOf(urn, inputs);
  const inventory = readInventory(directory);
  try {
    if (hasInventory(directory) || !reissued) {
      await refuseAltered(directory, inventory, old);
    }
    await refuseStray(urn, directory, inventory);
    refuseUnknownFiles(directory, inventory);
    const plan = planOf(inputs, inventory, listed, now());
    const counts = plan.counts();
    const removed = plan.removed(inputs.onRemoval === OnRemoval.Revoke).length;
    const profile = profileOf(inputs);
    refuseUnderIssuer(
      inputs,
      plan
        .samples()
        .map((device) => ({ device, order: deviceOrder(device, profile) })),
    );
    const waiting = counts.get(Action.Wait) ?? 0;
    if (waiting > 0) {
      await inform(
        urn,
        `${waiting} devices are due and wait for the renewal of their issuer, which ends too soon`,
        "warning",
      );
    }
    const signed = toSign(counts);
    const changes =
      chainComes ||
      signed > 0 ||
      removed > 0 ||
      plan.returned().length > 0 ||
      inventory.head() !== old.digest ||
      hash("sha256", chainSuffix(inputs)) !== old.chainSha256 ||
      isUnpublished(inputs, old) ||
      !isSameRequest(inputs, olds);
    if (changes) {
      const withNewKey =
        (counts.get(Action.Issue) ?? 0) + (counts.get(Action.Replace) ?? 0);
      await refuseWithoutRoom(inputs, {
        withNewKey,
        others: signed - withNewKey,
      });
      await inform(urn, summary(counts, removed));
    }
    return changes;
  } finally {
    inventory.close();
  }
}

/** Nothing was asked anew, nothing is due, and the inventory is the file that the last update left: no device is looked at. */
async function isUntouched(
  inputs: DeviceBatchInputs,
  old: BundleMemory,
  olds: Properties,
): Promise<boolean> {
  const { renewsFirst = "" } = old;
  if (
    inputs.listSha256 === undefined ||
    isUnpublished(inputs, old) ||
    !isSameRequest(inputs, olds) ||
    issuerKeyIdentifier(inputs.signer) !== old.issuerKeyIdentifier ||
    hash("sha256", chainSuffix(inputs)) !== old.chainSha256 ||
    (renewsFirst !== "" && new Date(renewsFirst) <= now()) ||
    (await inventorySha256(inputs.outputDirectory)) !== old.inventorySha256
  ) {
    return false;
  }
  const inventory = readInventory(inputs.outputDirectory);
  try {
    return strayFiles(inputs.outputDirectory, inventory.bundles()).length === 0;
  } finally {
    inventory.close();
  }
}

/** Whether PostgreSQL is to get the inventory for the first time. */
function isUnpublished(inputs: DeviceBatchInputs, old: BundleMemory): boolean {
  return inputs.postgresql !== undefined && old.published !== true;
}

/** Whether the program asks for what it asked for in the last update. */
function isSameRequest(inputs: DeviceBatchInputs, olds: Properties): boolean {
  const asked = recorded(inputs);
  return Object.entries(asked).every(([name, value]) =>
    isDeepStrictEqual(value, olds[name]),
  );
}

/** The inputs that a batch keeps among its outputs: no secret, and nothing that grows with the devices. */
export function recorded(inputs: DeviceBatchInputs): Properties {
  const { signer, allowClockOverride, devices, keystore, postgresql, ...rest } =
    inputs;
  return rest;
}

/** The list as the check read it, where it is that list still; otherwise it is read. Kept for the update. */
async function listedOf(
  urn: string,
  inputs: DeviceBatchInputs,
): Promise<ListedDevices> {
  const known = checked.get(urn);
  if (
    known !== undefined &&
    isDeepStrictEqual(listOf(known.inputs), listOf(inputs)) &&
    (await digestOfSource(sourceOf(inputs))) === known.listed.sha256
  ) {
    return known.listed;
  }
  forget(urn);
  const listed = await listBatch(urn, inputs);
  checked.set(urn, { listed, inputs });
  return listed;
}

/** What a list is made from, but for its digest. */
function listOf(inputs: DeviceBatchInputs): Properties {
  const { signer, listSha256, format, ...rest } = inputs;
  return rest;
}

function planOf(
  inputs: DeviceBatchInputs,
  inventory: InventoryDatabase,
  { listing }: ListedDevices,
  at: Date,
): BundlePlan {
  const { certificatePem } = inputs.signer;
  return new BundlePlan(inventory, listing, {
    profile: profileOf(inputs),
    issuer: issuerKeyIdentifier(inputs.signer),
    ...(certificatePem !== undefined && {
      issuerNotAfter: readIssuer(certificatePem, "signer.certificatePem")
        .notAfter,
    }),
    reissue: inputs.reissue ?? "",
    now: at,
  });
}

/** `+12 new, 3 changed, 40 due, 9,945 unchanged` */
function summary(counts: ReadonlyMap<string, number>, removed: number): string {
  const count = (...actions: string[]): string =>
    actions
      .reduce((sum, action) => sum + (counts.get(action) ?? 0), 0)
      .toLocaleString("en-US");
  return [
    `+${count(Action.Issue)} new`,
    `${count(Action.Change, Action.Replace)} changed`,
    `${count(Action.Renew)} due`,
    `${count(Action.Keep, Action.Wait)} unchanged`,
    ...(removed > 0 ? [`${removed.toLocaleString("en-US")} removed`] : []),
  ].join(", ");
}

/**
 * Carries out what the list asks for: signs, records removals, writes chain and
 * index, publishes the inventory. Killed anywhere, the next update goes on.
 *
 * @param at when the certificates are signed, UTC
 */
export async function issueToBundles(
  urn: string,
  inputs: DeviceBatchInputs,
  at: Date,
): Promise<BatchResult & BundleMemory> {
  return tidied(inputs.outputDirectory, () =>
    writeAll(urn, inputs, at),
  ).finally(() => {
    forget(urn);
  });
}

async function writeAll(
  urn: string,
  inputs: DeviceBatchInputs,
  at: Date,
): Promise<BatchResult & BundleMemory> {
  const directory = inputs.outputDirectory;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  new OutputDirectory(directory).claim(nameOf(urn));
  const inventory = writeInventory(directory);
  let result: BatchResult & BundleMemory;
  try {
    result = await issueWith(inventory, urn, inputs, at);
    await publishInventory(urn, inputs, inventory);
  } finally {
    inventory.close();
  }
  const sha256 = await inventorySha256(directory);
  return {
    ...result,
    ...(inputs.postgresql !== undefined && { published: true }),
    ...(sha256 !== undefined && { inventorySha256: sha256 }),
  };
}

async function issueWith(
  inventory: InventoryDatabase,
  urn: string,
  inputs: DeviceBatchInputs,
  at: Date,
): Promise<BatchResult & BundleMemory> {
  const directory = inputs.outputDirectory;
  refuseUnknownFiles(directory, inventory);
  const list = await listedOf(urn, inputs);
  const signer = await readSigner(inputs.signer);
  let progress = new Progress(urn, 0);
  const { listed, listSha256, issuer, ...result } = await issueLargeBatch(
    inventory,
    { ...bundleOrderOf(inputs, signer, at), list },
    {
      planned: (counts) => {
        progress = new Progress(urn, toSign(counts));
      },
      progress: (devices) => progress.advance(devices),
    },
  );
  return { ...result, issuerKeyIdentifier: issuer };
}
