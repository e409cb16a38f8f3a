import { randomBytes } from "node:crypto";
import { BUNDLES, CHAIN } from "../../pki/batch/bundles/layout";
import {
  checkInventory,
  checkSerialNumbers,
} from "../../pki/batch/inventory/check";
import type { InventoryDatabase } from "../../pki/batch/inventory/database";
import type { Finding } from "../../pki/batch/inventory/finding";
import { Findings } from "../../pki/batch/inventory/finding";
import type { BundleRow } from "../../pki/batch/inventory/schema";
import type { BundleOutcome } from "./bundleCheck";
import { checkBundles } from "./bundleThreads";
import { formOf, openInventory, readChain } from "./folder";
import { Issuers } from "./issuers";
import { verifyFiles } from "./verifyFiles";

/** What a batch is checked against. */
export interface BatchVerification {
  readonly directory: string;
  /** PEM of further CA certificates, the root among them. */
  readonly caPem: string;
  /** One in this many certificates is verified in full. */
  readonly every: number;
  /** Picks those; a random one where left out. */
  readonly seed?: string;
  readonly now: Date;
}

/** What came of a batch. */
export interface BatchReport {
  readonly directory: string;
  readonly certificates: number;
  /** Keys that were held against their certificates. */
  readonly keys: number;
  /** Verified up to a root, extensions and all. */
  readonly sampled: number;
  readonly seed: string;
  /** One in this many. */
  readonly every: number;
  /** Files whose size and checksum are right; of a small batch, its devices' folders. */
  readonly good: number;
  /** Files of keys that are there no more. */
  readonly handedOver: number;
  /** Files that only their recipients can open. */
  readonly sealed: number;
  /** Whether a root was at hand. */
  readonly rooted: boolean;
  /** How many there are; `findings` has up to 50 of each kind. */
  readonly found: number;
  readonly findings: readonly Finding[];
}

/** Is told how many certificates of how many are done. */
export type BatchProgress = (done: number, total: number) => void;

/**
 * Checks a batch's folder: its inventory, its files, and every certificate
 * against both and against the CA that signed it.
 *
 * @throws UsageError where the folder is none of a batch
 */
export function verifyBatch(
  wanted: BatchVerification,
  progress: BatchProgress,
): Promise<BatchReport> {
  return formOf(wanted.directory) === "files"
    ? Promise.resolve(verifyFiles(wanted, progress))
    : verifyBundles(wanted, progress);
}

/** A seed for those who name none; printed, so that a run can be repeated. */
export function newSeed(): string {
  return randomBytes(8).toString("hex");
}

async function verifyBundles(
  wanted: BatchVerification,
  progress: BatchProgress,
): Promise<BatchReport> {
  const { directory, every, now, seed = newSeed() } = wanted;
  const findings = new Findings();
  const issuersPem = readChain(directory) + wanted.caPem;
  const rooted =
    new Issuers(issuersPem, `${BUNDLES}/${CHAIN}`).anchorsPem !== "";
  const inventory = openInventory(directory);
  let bundles: readonly BundleRow[];
  try {
    findings.addAll(checkInventory(inventory));
    findings.addAll(checkSerialNumbers(inventory));
    bundles = readBundles(inventory);
  } finally {
    inventory.close();
  }
  const total = bundles.reduce((sum, { devices }) => sum + devices, 0);
  const sums = {
    certificates: 0,
    keys: 0,
    sampled: 0,
    good: 0,
    handedOver: 0,
    sealed: 0,
  };
  let done = 0;
  await checkBundles(
    bundles.map(({ number }) => number),
    total,
    { directory, issuersPem, every, seed, now: now.getTime() },
    (outcome) => {
      add(sums, outcome, findings);
    },
    (certificates) => {
      done += certificates;
      progress(done, total);
    },
  );
  return {
    directory,
    ...sums,
    seed,
    every,
    rooted,
    found: findings.count,
    findings: findings.list(),
  };
}

/** Where the list of files was made unreadable, the inventory's own check has said what to do. */
function readBundles(inventory: InventoryDatabase): readonly BundleRow[] {
  try {
    return inventory.bundles();
  } catch {
    return [];
  }
}

function add(
  sums: Record<Exclude<keyof BundleOutcome, "findings" | "untold">, number>,
  outcome: BundleOutcome,
  findings: Findings,
): void {
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
    sums[name] += outcome[name];
  }
  findings.addAll(outcome.findings);
  for (const [code, count] of outcome.untold) {
    findings.addUntold(code, count);
  }
}
