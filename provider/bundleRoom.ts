import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { BUNDLES, Compression } from "../pki/batch/bundles/layout";
import { recoverBundles } from "../pki/batch/issuance/recovery";
import type { KeySpec } from "../pki/key";
import { InputError, quote } from "../pki/problem";
import { hasInventory, writeInventory } from "./bundleInventory";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { isDiskFull } from "./diskFull";

const PATH = "outputDirectory";

/** Octets of a device in the inventory, with a key on P-256; measured over 100,000. */
const INVENTORY_ROW = 330;

/** Octets of a keystore in an archive: random, so no compression helps. */
const KEYSTORE = 2_048;

/** What an update is about to write. */
export interface DevicesToWrite {
  readonly withNewKey: number;
  /** Their key stays. */
  readonly others: number;
}

/**
 * Refuses, at preview, what the disk has no room for, by an estimate that
 * rather says too little: a run that stops half-way goes on later, and one that
 * is refused for nothing does not.
 *
 * @throws InputError with the numbers
 */
export async function refuseWithoutRoom(
  inputs: DeviceBatchInputs,
  { withNewKey, others }: DevicesToWrite,
): Promise<void> {
  const directory = inputs.outputDirectory;
  const devices = withNewKey + others;
  const { certificate, key } = octetsOf(inputs.key);
  const stored = (octets: number): number =>
    inputs.bundles?.compression === Compression.None
      ? // The text around it, and four letters for three octets.
        octets * 1.4 + 285
      : octets;
  const bundles =
    devices * stored(certificate) +
    (inputs.requests === undefined ? withNewKey * stored(key) : 0) +
    (inputs.keystore === undefined ? 0 : withNewKey * KEYSTORE);
  const inventory = devices * INVENTORY_ROW;
  const free = await freeOctets(directory);
  if (bundles + inventory > free) {
    throw new InputError([
      {
        path: PATH,
        message: `${quote(directory)} has room for ${megabytes(free)}, and ${devices.toLocaleString("en-US")} devices take about ${megabytes(bundles + inventory)} (bundles ${megabytes(bundles)}, inventory ${megabytes(inventory)}); make room, or name a folder on another disk.`,
      },
    ]);
  }
}

/** Octets of what is random in a certificate and in its key, which is what compression leaves; measured. */
function octetsOf({ algorithm, ecdsaCurve, rsaBits = 2048 }: KeySpec): {
  readonly certificate: number;
  readonly key: number;
} {
  if (algorithm === "RSA") {
    return { certificate: 180 + rsaBits / 8, key: (rsaBits / 8) * 4.7 };
  }
  switch (ecdsaCurve) {
    case "P384":
      return { certificate: 245, key: 150 };
    case "P521":
      return { certificate: 275, key: 200 };
    default:
      return { certificate: 210, key: 100 };
  }
}

/** What this user may still write below a folder that need not be there yet. */
async function freeOctets(directory: string): Promise<number> {
  let existing = resolve(directory);
  while (!existsSync(existing)) {
    existing = dirname(existing);
  }
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

function megabytes(octets: number): string {
  return `${(octets / 1e6).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
}

/**
 * Runs what writes a batch. Where it fails, what is not recorded is removed at
 * once, keys above all, and a full disk is told as what it is.
 *
 * @throws InputError where the disk is full, with what is recorded and what to do
 */
export async function tidied<T>(
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const recorded = tidy(directory);
    if (!isDiskFull(error)) {
      throw error;
    }
    throw new InputError([
      {
        path: PATH,
        message: `${await place(directory, error)}: nothing more can be written there (${reasonOf(error)}). ${recorded} Make room, or raise the limit or quota, and run the update again: it goes on from there.`,
      },
    ]);
  }
}

/** Puts the folder in order; says what is recorded there. */
function tidy(directory: string): string {
  const nothing = "No device is recorded yet.";
  if (!hasInventory(directory)) {
    return nothing;
  }
  try {
    const inventory = writeInventory(directory);
    try {
      recoverBundles(directory, inventory);
      const bundles = inventory.bundles();
      const devices = bundles.reduce((sum, bundle) => sum + bundle.devices, 0);
      return bundles.length === 0
        ? nothing
        : `${bundles.length.toLocaleString("en-US")} bundles with ${devices.toLocaleString("en-US")} certificates are recorded in ${BUNDLES} and stay as they are.`;
    } finally {
      inventory.close();
    }
  } catch {
    // The next run does it, and what led here is told.
    return "What is recorded stays as it is.";
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** SQLite does not say which of its files it could not write: of the list it has one in the folder for temporary files. */
async function place(directory: string, error: unknown): Promise<string> {
  if (!(error instanceof Error) || !("errcode" in error)) {
    return quote(directory);
  }
  const temporary = process.env.SQLITE_TMPDIR ?? tmpdir();
  // Of one disk, how much is free is another number a moment later.
  return statSync(temporary).dev !== statSync(directory).dev &&
    (await freeOctets(temporary)) < (await freeOctets(directory))
    ? `${quote(temporary)}, the folder for temporary files`
    : quote(directory);
}
