import type { SQLInputValue } from "node:sqlite";
import { daysLeft, parseDate } from "../../validity";
import type { InventoryDatabase } from "../inventory/database";
import { Status } from "../inventory/schema";
import { canonicalJson } from "../manifest/canonicalJson";
import type { Device } from "../device";
import type { DeviceProfile } from "../plan";
import { defaultRenewalPoint } from "../renewalPoint";
import type { DeviceListing } from "./listing";
import { readListed } from "./listing";

const DAY = 86_400;

/** What is to be done for a device of a large batch. */
export const Action = {
  /** It has no certificate yet. */
  Issue: "issue",
  /** It gets a new key as well: `reissue` says so, or its certificate was revoked. */
  Replace: "replace",
  /** What it has is not what is asked for, or not from this issuer; a key of the right kind stays. */
  Change: "change",
  /** Its renewal point has passed. */
  Renew: "renew",
  /** It is due, but its issuer ends too soon to sign it now. */
  Wait: "wait",
  Keep: "keep",
} as const;

/** What decides beside list and inventory. */
export interface PlanOptions {
  readonly profile: DeviceProfile;
  /** Key identifier of the CA that signs, lowercase hex. */
  readonly issuer: string;
  /** When its certificate ends; `undefined` where that is not known yet. */
  readonly issuerNotAfter?: Date;
  /** Empty for none. */
  readonly reissue: string;
  readonly now: Date;
}

/** A device for which something is to be done, as its row has it: a million of them are not taken apart where nothing asks. */
export interface PlannedRow {
  readonly id: string;
  /** What it says beyond its id, see `readListed`; null for nothing. */
  readonly fields: string | null;
  /** One of {@link Action}. */
  readonly action: string;
  readonly orderSha256: Uint8Array;
  /** The key it has, DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array | null;
}

/** The columns of a planned row, and what they are. */
const COLUMNS = "id, fields, action, orderSha256, publicKey";
type PlannedColumns = [
  string,
  string | null,
  string,
  Uint8Array | null,
  Uint8Array | null,
];

/**
 * Compares the list with the inventory, within SQLite. Which device is to be
 * signed follows from the two alone: a run that was killed needs no memory to
 * go on.
 */
export class BundlePlan {
  private readonly source: string;
  private readonly values: Record<string, SQLInputValue>;

  constructor(
    private readonly inventory: InventoryDatabase,
    private readonly listing: DeviceListing,
    private readonly options: PlanOptions,
  ) {
    listing.attachTo(inventory);
    this.values = valuesOf(listing, options);
    this.source = `
      SELECT l.id AS id, l.source AS source, l.fields AS fields,
        l.orderSha256 AS orderSha256, d.publicKey AS publicKey,
        ${action(renewAt(this.inventory, options.profile, "d."))} AS action
      FROM listed l LEFT JOIN device d ON d.id = l.id LEFT JOIN bundle b ON b.number = d.bundle`;
    this.inventory.connection.function(
      "renewalPoint",
      { deterministic: true },
      (fingerprint: unknown, from: unknown, to: unknown) =>
        // Of a device that has no certificate yet there is nothing to say.
        fingerprint === null
          ? null
          : defaultRenewalPoint(
              fingerprint as Uint8Array,
              0,
              Number(from),
              Number(to),
            ),
    );
  }

  /** How many devices each action is for. */
  counts(): ReadonlyMap<string, number> {
    if (this.inventory.isEmpty()) {
      return new Map([[Action.Issue, this.listing.count]]);
    }
    const sql = `SELECT action, count(*) AS count FROM (${this.source}) GROUP BY action`;
    return new Map(
      this.inventory
        .prepare(sql)
        .all(this.named(sql))
        .map((row) => [String(row.action), Number(row.count)]),
    );
  }

  /** The next devices that are to be signed, by their ids. */
  next(after: string, limit: number): PlannedRow[] {
    const sql = `SELECT ${COLUMNS} FROM (${this.source} WHERE l.id > :after)
      WHERE action NOT IN ('${Action.Keep}', '${Action.Wait}') ORDER BY id LIMIT :limit`;
    const statement = this.inventory.prepare(sql);
    // As objects they would take twice as long.
    statement.setReturnArrays(true);
    const rows = statement.all({ ...this.named(sql), after, limit });
    const { order } = this.listing;
    return (rows as unknown as PlannedColumns[]).map(
      ([id, fields, action, orderSha256, publicKey]) => ({
        id,
        fields,
        action,
        orderSha256: orderSha256 ?? order,
        publicKey,
      }),
    );
  }

  /** One device to be signed of each validity that the list asks for, since the issuer's end may forbid it. */
  samples(): Device[] {
    const sql = `SELECT id, source, fields FROM (${this.source})
      WHERE action NOT IN ('${Action.Keep}', '${Action.Wait}')
      GROUP BY json_extract(fields, '$.validityDays')`;
    return this.inventory
      .prepare(sql)
      .all(this.named(sql))
      .map(({ id, source, fields }) =>
        readListed(
          String(id),
          String(source),
          fields === null ? null : String(fields),
        ),
      );
  }

  /** Devices to be removed: the inventory knows them, and the list does not. */
  removed(revoke: boolean): string[] {
    const from = revoke
      ? `IN ('${Status.Active}', '${Status.Removed}')`
      : `= '${Status.Active}'`;
    return this.ids(
      `SELECT d.id AS id FROM device d WHERE d.status ${from}
       AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.id = d.id) ORDER BY d.id`,
    );
  }

  /** Devices that were removed and are listed again, with what they have. */
  returned(): string[] {
    return this.ids(
      `SELECT d.id AS id FROM device d JOIN listed l ON l.id = d.id
       WHERE d.status = '${Status.Removed}' ORDER BY d.id`,
    );
  }

  /** Brings the dates of renewal up to the batch's present `renewal`. */
  updateRenewal(): void {
    const wanted = canonicalJson(this.options.profile.renewal ?? {});
    if (this.inventory.setting("renewal") === wanted) {
      return;
    }
    const expression = renewAt(this.inventory, this.options.profile, "");
    const sql = `UPDATE device SET renewAt = ${expression}`;
    this.inventory.transaction(() => {
      this.inventory.prepare(sql).run(this.named(sql));
      this.inventory.set("renewal", wanted);
    });
  }

  private ids(sql: string): string[] {
    return this.inventory
      .prepare(sql)
      .all()
      .map(({ id }) => String(id));
  }

  /** SQLite refuses values that a statement does not name. */
  private named(sql: string): Record<string, SQLInputValue> {
    return Object.fromEntries(
      Object.entries(this.values).filter(([name]) =>
        new RegExp(`:${name}\\b`).test(sql),
      ),
    );
  }
}

function valuesOf(
  listing: DeviceListing,
  { profile, issuer, issuerNotAfter, reissue, now }: PlanOptions,
): Record<string, SQLInputValue> {
  const fixedEnd = parseDate(profile.validity?.notAfter);
  return {
    order: listing.order,
    issuer,
    issuerEnd: seconds(issuerNotAfter),
    issuerDays:
      issuerNotAfter === undefined ? null : daysLeft(issuerNotAfter, now),
    reissue,
    now: seconds(now),
    fixedEnd: seconds(fixedEnd),
    days: profile.validityDays ?? null,
    truncate: profile.truncate === true ? 1 : 0,
    beforeDays: profile.renewal?.beforeDays ?? null,
  };
}

/** `planDevice` of the small format, in SQL. */
function action(due: string): string {
  const days = "coalesce(json_extract(l.fields, '$.validityDays'), :days)";
  const end = `CASE WHEN json_extract(l.fields, '$.validityDays') IS NULL THEN :fixedEnd END`;
  return `CASE
    WHEN d.id IS NULL THEN '${Action.Issue}'
    WHEN d.status = '${Status.Revoked}' OR (:reissue <> '' AND b.reissue <> :reissue) THEN '${Action.Replace}'
    WHEN d.orderSha256 <> coalesce(l.orderSha256, :order) OR b.issuer <> :issuer THEN '${Action.Change}'
    WHEN ${due} > :now
      OR coalesce(d.notAfter >= ${end}, 0)
      OR coalesce(d.notAfter >= :issuerEnd, 0) THEN '${Action.Keep}'
    WHEN :truncate = 0
      AND coalesce(${end} > :issuerEnd, ${days} > :issuerDays, 0)
      AND :now <= d.notAfter - (d.notAfter - d.notBefore) / 6 THEN '${Action.Wait}'
    ELSE '${Action.Renew}' END`;
}

/** When a device is due: as it is recorded, unless the batch's `renewal` is another one since. */
function renewAt(
  inventory: InventoryDatabase,
  { renewal = {} }: DeviceProfile,
  table: string,
): string {
  if (renewal.beforeDays !== undefined) {
    return `(${table}notAfter - :beforeDays * ${DAY})`;
  }
  return inventory.setting("renewal") === canonicalJson(renewal)
    ? `${table}renewAt`
    : `renewalPoint(${table}sha256, ${table}notBefore, ${table}notAfter)`;
}

function seconds(date: Date | undefined): number | null {
  return date === undefined ? null : Math.floor(date.getTime() / 1000);
}
