import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BUNDLES, PARTIAL } from "../../pki/batch/bundles/layout";
import { parseInventory } from "../../pki/batch/inventory";
import type { InventoryDatabase } from "../../pki/batch/inventory/database";
import { formatDate } from "../../pki/validity";
import { SMALL_INVENTORY, formOf, openInventory } from "./folder";

/** How many devices there are of each kind. */
export type Counts = Readonly<Record<string, number>>;

/** A file of a bundle, and whether it is there. */
export interface ShownFile {
  readonly kind: string;
  readonly name: string;
  /** As it was written. */
  readonly bytes: number;
  /** `there`, `gone`, `unfinished` (its update was stopped) or `other size`. */
  readonly state: string;
}

/** What stands in a batch's folder. */
export interface ShownBatch {
  readonly schema: "mqtt-pki/batch/1";
  readonly directory: string;
  /** `bundles`, or `files` with a folder for each device. */
  readonly form: string;
  /** By status. */
  readonly devices: Counts;
  /** Of active devices, by generation of the issuer and, where it has none, by its key identifier. */
  readonly issuers: Counts;
  /** Of active devices, by month: `2027-02`. */
  readonly expiry: Counts;
  /** When the first active device is due; `null` where that is not recorded. */
  readonly nextRenewal: string | null;
  /** Active devices that are due by now. */
  readonly due: number | null;
  /** Certificates that devices had before and that have not ended. */
  readonly superseded: number;
  readonly bundles: readonly {
    readonly number: number;
    readonly signedAt: string;
    readonly devices: number;
    readonly firstId: string;
    readonly lastId: string;
    readonly files: readonly ShownFile[];
  }[];
}

/** One certificate of a device. */
export interface ShownCertificate {
  readonly serialNumber: string;
  readonly issuer: string;
  readonly generation: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly renewAt: string;
  readonly sha256: string;
  readonly thingsBoardCredentialsId: string;
  readonly bundle: number | null;
}

/** What a device has and had. */
export interface ShownDevice {
  readonly schema: "mqtt-pki/batch-device/1";
  readonly id: string;
  readonly status: string;
  readonly certificate: ShownCertificate;
  /** Newest first. */
  readonly superseded: readonly ShownCertificate[];
}

/**
 * What stands in a batch's folder.
 *
 * @throws UsageError where it is none
 */
export function showBatch(directory: string, now: Date): ShownBatch {
  if (formOf(directory) === "files") {
    return showFiles(directory);
  }
  const inventory = openInventory(directory);
  try {
    return showBundles(directory, inventory, now);
  } finally {
    inventory.close();
  }
}

function showBundles(
  directory: string,
  inventory: InventoryDatabase,
  now: Date,
): ShownBatch {
  const seconds = Math.floor(now.getTime() / 1000);
  const counts = (sql: string): Counts =>
    Object.fromEntries(
      [...inventory.rows(sql)].map(({ name, count }) => [
        String(name),
        Number(count),
      ]),
    );
  const number = (sql: string): number =>
    Number(inventory.prepare(sql).get(seconds)?.count ?? 0);
  const { renewsFirst } = inventory.summary();
  return {
    schema: "mqtt-pki/batch/1",
    directory,
    form: "bundles",
    devices: counts(
      "SELECT status AS name, count(*) AS count FROM device GROUP BY 1 ORDER BY 1",
    ),
    issuers: counts(
      `SELECT iif(generation = '', issuer, generation) AS name, sum(count) AS count
       FROM (SELECT bundle, count(*) AS count FROM device WHERE status = 'active' GROUP BY bundle)
       JOIN bundle ON bundle.number = bundle GROUP BY 1 ORDER BY 1`,
    ),
    expiry: counts(
      `SELECT strftime('%Y-%m', notAfter, 'unixepoch') AS name, sum(count) AS count
       FROM (SELECT notAfter, count(*) AS count FROM device WHERE status = 'active' GROUP BY notAfter)
       GROUP BY 1 ORDER BY 1`,
    ),
    nextRenewal: renewsFirst === undefined ? null : iso(renewsFirst),
    due: number(
      "SELECT count(*) AS count FROM device WHERE status = 'active' AND renewAt <= ?",
    ),
    superseded: number(
      "SELECT count(*) AS count FROM superseded WHERE notAfter > ?",
    ),
    bundles: inventory.bundles().map((bundle) => ({
      number: bundle.number,
      signedAt: iso(bundle.signedAt),
      devices: bundle.devices,
      firstId: bundle.firstId,
      lastId: bundle.lastId,
      files: bundle.files.map(({ kind, name, bytes }) => ({
        kind,
        name,
        bytes,
        state: stateOf(join(directory, BUNDLES, name), bytes),
      })),
    })),
  };
}

function stateOf(path: string, bytes: number): string {
  if (existsSync(path)) {
    return statSync(path).size === bytes ? "there" : "other size";
  }
  return existsSync(`${path}${PARTIAL}`) ? "unfinished" : "gone";
}

function showFiles(directory: string): ShownBatch {
  const entries = readSmall(directory);
  const active = entries.filter(({ status }) => status === "active");
  return {
    schema: "mqtt-pki/batch/1",
    directory,
    form: "files",
    devices: count(entries.map(({ status }) => status)),
    issuers: {},
    expiry: count(active.map(({ notAfter }) => notAfter.slice(0, 7))),
    nextRenewal: null,
    due: null,
    superseded: 0,
    bundles: [],
  };
}

/**
 * What a device has and had; `undefined` where the batch never had it.
 *
 * @throws UsageError where the folder is none of a batch
 */
export function showDevice(
  directory: string,
  id: string,
): ShownDevice | undefined {
  if (formOf(directory) === "files") {
    const entry = readSmall(directory).find((one) => one.id === id);
    return entry === undefined
      ? undefined
      : {
          schema: "mqtt-pki/batch-device/1",
          id,
          status: entry.status,
          certificate: {
            serialNumber: entry.serialNumber,
            issuer: "",
            generation: "",
            notBefore: entry.notBefore,
            notAfter: entry.notAfter,
            renewAt: "",
            sha256: entry.sha256,
            thingsBoardCredentialsId: entry.thingsBoardCredentialsId,
            bundle: null,
          },
          superseded: [],
        };
  }
  const inventory = openInventory(directory);
  try {
    const certificates = (
      table: string,
    ): (ShownCertificate & { status: string })[] =>
      [
        ...inventory.rows(
          `SELECT lower(hex(serialNumber)) AS serialNumber, issuer, generation, notBefore, notAfter, renewAt,
             lower(hex(sha256)) AS sha256, lower(hex(thingsBoardCredentialsId)) AS thingsBoardCredentialsId, bundle, status
           FROM ${table} JOIN bundle ON bundle.number = bundle
           WHERE id = ? ORDER BY bundle DESC`,
          id,
        ),
      ].map((row) => ({
        ...(row as unknown as ShownCertificate & { status: string }),
        notBefore: iso(Number(row.notBefore)),
        notAfter: iso(Number(row.notAfter)),
        renewAt: iso(Number(row.renewAt)),
      }));
    const [device] = certificates("device");
    if (device === undefined) {
      return undefined;
    }
    const { status, ...certificate } = device;
    return {
      schema: "mqtt-pki/batch-device/1",
      id,
      status,
      certificate,
      superseded: certificates("superseded").map(
        ({ status: _, ...one }) => one,
      ),
    };
  } finally {
    inventory.close();
  }
}

function readSmall(directory: string): ReturnType<typeof parseInventory> {
  const path = join(directory, SMALL_INVENTORY);
  return parseInventory(readFileSync(path, "utf8"), path);
}

function count(names: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function iso(seconds: number): string {
  return formatDate(new Date(seconds * 1000));
}
