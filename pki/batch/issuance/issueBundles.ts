import type { KeyObject } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Signer } from "../../certificate";
import { verifyChain } from "../../chain";
import { encodePem } from "../../pem";
import { InputError } from "../../problem";
import type { BundleOptions } from "../bundles/layout";
import { BUNDLES, PARTIAL } from "../bundles/layout";
import { release } from "../bundles/release";
import type { InventoryDatabase } from "../inventory/database";
import type { IssuedRows } from "../inventory/issuedRows";
import { hashRows } from "../inventory/issuedRows";
import { OctetColumn } from "../inventory/octetColumn";
import type { DeviceProfile } from "../plan";
import { BundlePreparation } from "./bundlePreparation";
import type { PreparedBundle } from "./bundlePreparation";
import type { BundlePlan } from "./bundlePlan";
import { Action } from "./bundlePlan";
import type { WrittenBundle } from "./job";
import type { Issuers } from "./threads";
import { issuersFor } from "./threads";

/** How many devices a bundle holds at most. */
export const DEVICES_PER_BUNDLE = 10_000;

/** All that a run needs beside its plan. */
export interface BundleOrder {
  /** The output directory of the batch. */
  readonly directory: string;
  readonly profile: DeviceProfile;
  readonly signer: Signer;
  readonly signingKey: KeyObject;
  /** Key identifier of the signing CA, lowercase hex. */
  readonly issuer: string;
  /** Which generation of it signs; empty where it has none. */
  readonly generation: string;
  /** The issuer up to, not including, the root, and the roots that it is verified against. PEM. */
  readonly issuerChainPem: string;
  readonly trustAnchorsPem: string;
  readonly options: BundleOptions;
  /** Default {@link DEVICES_PER_BUNDLE}. */
  readonly devicesPerBundle?: number;
  /** What follows each device's certificate, PEM. */
  readonly chainPem: string;
  /** age recipients; empty for none. */
  readonly recipients: readonly string[];
  readonly keystorePassword?: string;
  /** Renewals get a new key, too. */
  readonly newKeyOnRenewal: boolean;
  readonly reissue: string;
  /** When the certificates are signed, UTC. */
  readonly at: Date;
}

/** What a run signed. */
export interface Signed {
  /** Devices that got a new key. */
  readonly issued: number;
  /** Devices whose key got a new certificate. */
  readonly renewed: number;
}

/** How many devices the counts of a plan have to be signed. */
export function toSign(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce(
    (sum, [action, count]) =>
      action === Action.Keep || action === Action.Wait ? sum : sum + count,
    0,
  );
}

/**
 * Signs what the plan says, bundle by bundle, on all cores. Each bundle is
 * written, recorded and then named: killed anywhere, the next run goes on
 * behind the last one that is recorded.
 *
 * @param total how many devices are to be signed, see {@link toSign}
 * @param progress called with the number of devices after each bundle
 */
export async function issueBundles(
  inventory: InventoryDatabase,
  plan: BundlePlan,
  order: BundleOrder,
  total: number,
  progress: (devices: number) => void | Promise<void>,
): Promise<Signed> {
  if (total === 0) {
    return { issued: 0, renewed: 0 };
  }
  const size = order.devicesPerBundle ?? DEVICES_PER_BUNDLE;
  mkdirSync(join(order.directory, BUNDLES), { recursive: true, mode: 0o700 });
  const preparation = new BundlePreparation(order, inventory.nextBundle());
  const issuers = issuersFor(
    preparation.settings,
    total,
    Math.ceil(total / size),
  );
  const signed = { issued: 0, renewed: 0 };
  const record = async (
    bundle: PreparedBundle,
    written: WrittenBundle,
  ): Promise<void> => {
    recordBundle(inventory, order, bundle, written);
    signed.renewed += bundle.keptKeys;
    signed.issued += bundle.job.ids.length - bundle.keptKeys;
    await progress(bundle.job.ids.length);
  };
  try {
    await runAll(
      issuers,
      async (after) => {
        const rows = plan.next(after, size);
        return rows.length === 0 ? undefined : preparation.prepare(rows);
      },
      record,
    );
  } finally {
    await issuers.end();
  }
  return signed;
}

/** Bundles that may wait to be recorded; more would fill the memory where threads are faster than the inventory. */
const WAITING = 4;

/** Keeps every issuer busy: the next bundle is prepared while they sign. */
async function runAll(
  issuers: Issuers,
  next: (after: string) => Promise<PreparedBundle | undefined>,
  record: (bundle: PreparedBundle, written: WrittenBundle) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let recorded = Promise.resolve();
  let waiting = 0;
  let bundle = await next("");
  while (bundle !== undefined && failure === undefined) {
    if (waiting >= WAITING) {
      await recorded.catch(() => undefined);
      continue;
    }
    if (!issuers.isFree) {
      await Promise.race(running);
      continue;
    }
    const current = bundle;
    const run = issuers.run(current.job).then(
      (written) => {
        running.delete(run);
        waiting += 1;
        recorded = recorded
          .then(() => record(current, written))
          .finally(() => {
            waiting -= 1;
          });
        recorded.catch((error: unknown) => {
          failure ??= { error };
        });
      },
      (error: unknown) => {
        running.delete(run);
        failure ??= { error };
      },
    );
    running.add(run);
    bundle = await next(current.lastId);
  }
  await Promise.all(running);
  await recorded.catch((error: unknown) => {
    failure ??= { error };
  });
  if (failure !== undefined) {
    throw failure.error;
  }
}

function recordBundle(
  inventory: InventoryDatabase,
  order: BundleOrder,
  { job, orders, lastId, replaces }: PreparedBundle,
  { files, rows, publicKeys, publicKeyEnds, sample }: WrittenBundle,
): void {
  verifySample(order, sample);
  const issued: IssuedRows = {
    ...rows,
    ids: job.ids,
    publicKeys: new OctetColumn(publicKeys, publicKeyEnds),
    orders,
  };
  // The names of the partial files are on the disk before the inventory relies on them.
  syncFolder(join(order.directory, BUNDLES));
  inventory.addBundle(
    {
      number: job.number,
      issuer: order.issuer,
      generation: order.generation,
      signedAt: Math.floor(order.at.getTime() / 1000),
      devices: job.ids.length,
      firstId: job.ids[0] ?? "",
      lastId,
      reissue: order.reissue,
      files,
      rowsSha256: hashRows(issued),
    },
    issued,
    replaces,
  );
  for (const octets of [
    rows.serialNumbers,
    rows.sha256,
    rows.credentialsIds,
    publicKeys,
    publicKeyEnds,
  ]) {
    release(octets);
  }
  for (const { name } of files) {
    const path = join(order.directory, BUNDLES, name);
    renameSync(`${path}${PARTIAL}`, path);
  }
}

/** The library's opinion on one certificate of each bundle; threads have OpenSSL's on one in a thousand. */
function verifySample(order: BundleOrder, der: Uint8Array): void {
  const pem = encodePem("CERTIFICATE", Buffer.from(der));
  const problems = verifyChain(
    `${pem}${order.issuerChainPem}`,
    order.trustAnchorsPem,
    order.at,
    { strict: false },
  );
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}

function syncFolder(path: string): void {
  if (process.platform === "win32") {
    // Folders cannot be opened there; its file systems keep names in a journal.
    return;
  }
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
