import { checkEnd, formatDate } from "../../validity";
import { InputError, quote } from "../../problem";
import type { Problem } from "../../problem";
import { checkAgainstCertificate } from "../../authority";
import { writeChain, writeIndex } from "../bundles/overview";
import type { Device } from "../device";
import type { InventoryDatabase } from "../inventory/database";
import { Status } from "../inventory/schema";
import type { DeviceSource } from "../manifest";
import { deviceOrder } from "../plan";
import type { Shard } from "../shard";
import { BundlePlan } from "./bundlePlan";
import type { ListedDevices } from "./deviceList";
import { listDevices } from "./deviceList";
import type { BundleOrder, Signed } from "./issueBundles";
import { issueBundles, toSign } from "./issueBundles";
import { recoverBundles } from "./recovery";

/** All that a run asks for: the devices, and how they are signed and written. */
export interface LargeBatchOrder extends BundleOrder {
  readonly source: DeviceSource;
  /** The devices of the source, where they were read and checked already; they are used up. Default: they are read. */
  readonly list?: ListedDevices;
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
  const { directory, profile } = order;
  recoverBundles(directory, inventory);
  const list =
    order.list ??
    (await listDevices(order.source, profile, { ...order, ...hooks }));
  try {
    refuseOther(order.source, list.sha256, order.listSha256);
    return await issueListed(inventory, order, list, hooks);
  } finally {
    list.listing.remove();
  }
}

async function issueListed(
  inventory: InventoryDatabase,
  order: LargeBatchOrder,
  list: ListedDevices,
  hooks: LargeBatchHooks,
): Promise<LargeBatchResult> {
  const { directory, profile, chainPem, at } = order;
  const issuerCertificate = order.signer.certificate;
  const plan = new BundlePlan(inventory, list.listing, {
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
  const counts = plan.counts();
  hooks.planned?.(counts);
  const signed = await issueBundles(
    inventory,
    plan,
    order,
    toSign(counts),
    hooks.progress ?? (() => undefined),
  );
  inventory.setStatus(
    order.revokeRemoved ? Status.Revoked : Status.Removed,
    plan.removed(order.revokeRemoved),
  );
  inventory.setStatus(Status.Active, plan.returned());
  const chainSha256 = writeChain(directory, inventory, chainPem);
  writeIndex(directory, inventory);
  const { expiresFirst, expiresLast, renewsFirst } = inventory.summary();
  return {
    ...signed,
    listed: list.listed,
    listSha256: list.sha256,
    count: list.listing.count,
    digest: inventory.head(),
    expiresFirst: dateOf(expiresFirst),
    expiresLast: dateOf(expiresLast),
    renewsFirst: dateOf(renewsFirst),
    chainSha256,
    issuer: order.issuer,
  };
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
        message: `is not the list that was checked, or ordered: its digest is ${sha256.slice(0, 12)}…, and was ${wanted.slice(0, 12)}… then. It changed in between; nothing was issued from it. Preview the update again, or order anew.`,
      },
    ]);
  }
}

/** Validities are few where devices are many: one device of each is held against the issuer's own end. */
function refuseBeyondIssuer(
  plan: BundlePlan,
  { profile, signer: { certificate }, at }: LargeBatchOrder,
): void {
  const problems = plan.samples().flatMap((device) => {
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
