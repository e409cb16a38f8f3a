import { checkEnd, formatDate } from "../../validity";
import { InputError, quote } from "../../problem";
import type { Problem } from "../../problem";
import { checkAgainstCertificate } from "../../authority";
import { writeChain, writeIndex } from "../bundles/overview";
import type { Device } from "../device";
import { InventoryDatabase } from "../inventory/database";
import { Status } from "../inventory/schema";
import { ProblemList, readDeviceList } from "../manifest";
import type { DeviceSource } from "../manifest";
import { compileTemplates } from "../nameTemplates";
import { deviceOrder } from "../plan";
import type { Shard } from "../shard";
import { shardOf } from "../shard";
import { BundlePlan } from "./bundlePlan";
import type { BundleOrder, Signed } from "./issueBundles";
import { issueBundles } from "./issueBundles";
import { DeviceListing } from "./listing";
import { recoverBundles } from "./recovery";

/** All that a run asks for: the devices, and how they are signed and written. */
export interface LargeBatchOrder extends BundleOrder {
  readonly source: DeviceSource;
  /** Which part of the list is issued here. Default: all of it. */
  readonly shard?: Shard;
  /** What the list's digest must be; see `digestOfSource`. Default: any. */
  readonly listSha256?: string;
  /** Whether the certificates of devices that the list names no more are revoked; otherwise that is recorded. */
  readonly revokeRemoved: boolean;
}

/** What the caller adds to a run. */
export interface LargeBatchHooks {
  /** Looks at each device of the whole list before anything is signed; nothing where all is well. */
  readonly check?: (device: Device) => readonly Problem[];
  /** Told once, before the first signature. */
  readonly planned?: (counts: ReadonlyMap<string, number>) => void;
  /** Told after each bundle, with how many devices it has. */
  readonly progress?: (devices: number) => void | Promise<void>;
}

/** What a run came to. */
export interface LargeBatchResult extends Signed {
  /** Devices of the whole list. */
  readonly listed: number;
  /** See `digestOfSource`. */
  readonly listSha256: string;
  /** Devices of the list that are issued here. */
  readonly count: number;
  /** Of the inventory: over all that was ever written there. */
  readonly digest: string;
  /** Such as `2027-11-20T21:46:40Z`; empty without devices. UTC, as the others. */
  readonly expiresFirst: string;
  readonly expiresLast: string;
  readonly renewsFirst: string;
  readonly chainSha256: string;
  /** Key identifier of the signing CA, lowercase hex. */
  readonly issuer: string;
}

/**
 * Issues a batch, or one shard of it, into its directory: recovers what a
 * killed run left, reads the whole list, signs what is missing or due, records
 * removals, writes chain and index. Killed anywhere, the next run goes on.
 *
 * Each shard reads and checks the whole list, so that a mistake in any row
 * stops all of them before the first signature.
 *
 * @param inventory of the batch's directory, open to be written
 * @throws InputError with all that is wrong; nothing was signed then
 */
export async function issueLargeBatch(
  inventory: InventoryDatabase,
  order: LargeBatchOrder,
  hooks: LargeBatchHooks = {},
): Promise<LargeBatchResult> {
  const { directory, profile, chainPem, at } = order;
  recoverBundles(directory, inventory);
  const list = await readList(inventory, order, hooks);
  const issuerCertificate = order.signer.certificate;
  const plan = new BundlePlan(list.listing, {
    profile,
    issuer: order.issuer,
    ...(issuerCertificate !== undefined && {
      issuerNotAfter: issuerCertificate.notAfter,
    }),
    reissue: order.reissue,
    now: at,
  });
  plan.updateRenewal();
  refuseBeyondIssuer(plan, order);
  hooks.planned?.(plan.counts());
  const signed = await issueBundles(
    inventory,
    plan,
    order,
    hooks.progress ?? (() => undefined),
  );
  inventory.setStatus(
    order.revokeRemoved ? Status.Revoked : Status.Removed,
    plan.removed(order.revokeRemoved),
  );
  inventory.setStatus(Status.Active, plan.returned());
  const chainSha256 = writeChain(directory, inventory, chainPem);
  writeIndex(directory, inventory);
  const { expiresFirst, expiresLast } = inventory.summary();
  return {
    ...signed,
    listed: list.listed,
    listSha256: list.sha256,
    count: list.listing.count,
    digest: inventory.head(),
    expiresFirst: dateOf(expiresFirst),
    expiresLast: dateOf(expiresLast),
    renewsFirst: dateOf(plan.renewsFirst()),
    chainSha256,
    issuer: order.issuer,
  };
}

interface ReadList {
  readonly listing: DeviceListing;
  readonly listed: number;
  readonly sha256: string;
}

async function readList(
  inventory: InventoryDatabase,
  { profile, source, shard, listSha256 }: LargeBatchOrder,
  { check }: LargeBatchHooks,
): Promise<ReadList> {
  const problems = new ProblemList();
  const list = readDeviceList(source, {
    templates: compileTemplates(profile),
    problems,
  });
  const listing = new DeviceListing(inventory, profile);
  // Devices of other shards stand there for one question only: whether two of them have one id.
  const elsewhere = InventoryDatabase.empty();
  try {
    const others = new DeviceListing(elsewhere, profile);
    for await (const devices of list) {
      if (check !== undefined) {
        for (const device of devices) {
          problems.addAll(check(device));
        }
      }
      const [own, other] = split(devices, shard);
      listing.add(own);
      others.add(other);
    }
    problems.addAll(listing.finish());
    problems.addAll(others.finish());
    problems.refuse();
    refuseOther(source, list.digest(), listSha256);
    return {
      listing,
      listed: listing.count + others.count,
      sha256: list.digest(),
    };
  } finally {
    elsewhere.close();
  }
}

function split(
  devices: readonly Device[],
  shard: Shard | undefined,
): readonly [readonly Device[], readonly Device[]] {
  if (shard === undefined || shard.of === 1) {
    return [devices, []];
  }
  const own: Device[] = [];
  const others: Device[] = [];
  for (const device of devices) {
    (shardOf(device.id, shard.of) === shard.index ? own : others).push(device);
  }
  return [own, others];
}

function refuseOther(
  source: DeviceSource,
  sha256: string,
  wanted: string | undefined,
): void {
  if (wanted !== undefined && wanted !== sha256) {
    const [path = "devices"] = Object.keys(source);
    throw new InputError([
      {
        path,
        message: `is not the list that was ordered: its digest is ${sha256.slice(0, 12)}…, and ${wanted.slice(0, 12)}… was ordered; nothing was issued from it. Bring that list here, or order anew.`,
      },
    ]);
  }
}

/** Validities are few where devices are many: one device of each is held against the issuer's own end. */
function refuseBeyondIssuer(
  plan: BundlePlan,
  { profile, signer: { certificate }, at }: LargeBatchOrder,
): void {
  const problems = plan.samples().flatMap(({ device }) => {
    const order = deviceOrder(device, profile);
    return [
      ...checkEnd(order, at),
      ...(certificate === undefined
        ? []
        : checkAgainstCertificate(order, certificate, at)),
    ].map(({ path, message }) => ({
      path,
      message: `${message} (of ${quote(device.id)}, and of others)`,
    }));
  });
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}

function dateOf(seconds: number | undefined): string {
  return seconds === undefined ? "" : formatDate(new Date(seconds * 1000));
}
