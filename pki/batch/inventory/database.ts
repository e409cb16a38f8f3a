import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { bundleDetail } from "./bundleRecord";
import { HASH_LENGTH, SERIAL_NUMBER_LENGTH } from "./issuedRows";
import type { IssuedRows } from "./issuedRows";
import type { BundleFile, BundleRow } from "./schema";
import { CERTIFICATE_COLUMNS, FORMAT_VERSION, SCHEMA, Status } from "./schema";

/** What the devices of an inventory come to. */
export interface InventorySummary {
  readonly active: number;
  readonly removed: number;
  readonly revoked: number;
  /** Unix seconds, of the active ones; `undefined` without any. */
  readonly expiresFirst: number | undefined;
  readonly expiresLast: number | undefined;
  readonly renewsFirst: number | undefined;
}

/** How an inventory is opened. */
export interface InventoryOptions {
  /** For previews, checks and exports. Default false. */
  readonly readOnly?: boolean;
}

const MEMORY = ":memory:";
const COLUMNS = CERTIFICATE_COLUMNS.join(", ");
const NOTHING = new Uint8Array(0);
const PLACES = CERTIFICATE_COLUMNS.map(() => "?").join(", ");

/**
 * The inventory of a large batch in a file of SQLite: one transaction a
 * bundle, so that a run that is killed leaves whole bundles or nothing.
 *
 * @example
 * ```ts
 * const inventory = InventoryDatabase.open("rendered/fleet/inventory.sqlite", { readOnly: true });
 * inventory.summary().active; // 1000000
 * ```
 */
export class InventoryDatabase {
  private readonly statements = new Map<string, StatementSync>();

  private constructor(readonly connection: DatabaseSync) {}

  /** Opens the one at `path`; a new one is made there unless it is only to be read. */
  static open(
    path: string,
    { readOnly = false }: InventoryOptions = {},
  ): InventoryDatabase {
    if (!readOnly && path !== MEMORY) {
      // SQLite would let everybody read a new one.
      closeSync(openSync(path, "a", 0o600));
    }
    const connection = new DatabaseSync(path, { readOnly, timeout: 10_000 });
    try {
      // Rows are written and read in the order of their ids, whatever the order of the list is.
      connection.exec("PRAGMA cache_size = -4096");
      if (!readOnly) {
        connection.exec(
          // Of a new file: larger pages take a third less time for rows that come in their order.
          "PRAGMA page_size = 16384; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL",
        );
      }
      const inventory = new InventoryDatabase(connection);
      if (!readOnly && !inventory.isMade()) {
        inventory.make();
      }
      return inventory;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** One without devices, for a batch that has none yet: a preview writes nothing. */
  static empty(): InventoryDatabase {
    return InventoryDatabase.open(MEMORY);
  }

  close(): void {
    this.connection.close();
  }

  /** A statement that is prepared once. */
  prepare(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.connection.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }

  /** All or nothing of what `work` writes. */
  transaction<T>(work: () => T): T {
    this.connection.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.connection.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.connection.isTransaction) {
        this.connection.exec("ROLLBACK");
      }
      throw error;
    }
  }

  /** The version of the schema; `undefined` where this is no inventory. */
  formatVersion(): string | undefined {
    return this.isMade() ? this.setting("formatVersion") : undefined;
  }

  /** A text that is kept about the batch itself. */
  setting(key: string): string | undefined {
    const row = this.prepare("SELECT value FROM batch WHERE key = ?").get(key);
    return row === undefined ? undefined : String(row.value);
  }

  set(key: string, value: string): void {
    this.prepare("INSERT OR REPLACE INTO batch VALUES (?, ?)").run(key, value);
  }

  bundles(): BundleRow[] {
    return this.prepare("SELECT * FROM bundle ORDER BY number")
      .all()
      .map((row) => ({
        ...(row as unknown as BundleRow),
        files: JSON.parse(String(row.files)) as BundleFile[],
      }));
  }

  /** The number the next bundle gets. */
  nextBundle(): number {
    const row = this.prepare("SELECT max(number) AS last FROM bundle").get();
    return Number(row?.last ?? 0) + 1;
  }

  /**
   * Records a bundle and its certificates, all at once. What a device had
   * before goes to `superseded`: it is still valid.
   *
   * @param replaces whether any of the devices had a certificate before
   */
  addBundle(bundle: BundleRow, rows: IssuedRows, replaces: boolean): void {
    const record = { ...bundle, files: JSON.stringify(bundle.files) };
    this.transaction(() => {
      this.prepare(
        "INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ).run(
        record.number,
        record.issuer,
        record.generation,
        record.signedAt,
        record.devices,
        record.firstId,
        record.lastId,
        record.reissue,
        record.files,
        record.rowsSha256,
      );
      if (replaces) {
        this.supersede(rows.ids);
      }
      this.insert(bundle.number, rows);
      if (replaces) {
        // One that was revoked is active again, with another certificate.
        this.set("inactiveSha256", this.hashInactive());
      }
      this.remember("bundle", bundleDetail(record));
    });
  }

  private supersede(ids: readonly string[]): void {
    const move = this.prepare(
      `INSERT INTO superseded (${COLUMNS}) SELECT ${COLUMNS} FROM device WHERE id = ?`,
    );
    for (const id of ids) {
      move.run(id);
    }
  }

  private insert(bundle: number, rows: IssuedRows): void {
    const keyLength = rows.publicKeys.length;
    if (keyLength === undefined) {
      this.insertEach(bundle, rows);
      return;
    }
    const [order] = rows.orders;
    const oneOrder = rows.orders.every((other) => other === order);
    // One statement for all: ten thousand with twelve values each take three times as long.
    this.prepare(insertAll(oneOrder)).run({
      ids: JSON.stringify(rows.ids),
      bundle,
      serialNumbers: rows.serialNumbers,
      notBefore: digits(rows.notBefore),
      notAfter: digits(rows.notAfter),
      renewAt: digits(rows.renewAt),
      sha256: rows.sha256,
      credentialsIds: rows.credentialsIds,
      publicKeys: rows.publicKeys.bytes,
      keyLength,
      orders: oneOrder ? (order ?? NOTHING) : Buffer.concat(rows.orders),
    });
  }

  /** For keys of unequal lengths, as requests may have. */
  private insertEach(bundle: number, rows: IssuedRows): void {
    const insert = this.prepare(
      `INSERT OR REPLACE INTO device (${COLUMNS}) VALUES (${PLACES})`,
    );
    const { serialNumbers, sha256, credentialsIds } = rows;
    const part = (bytes: Uint8Array, index: number, length: number) =>
      bytes.subarray(index * length, (index + 1) * length);
    for (let index = 0; index < rows.ids.length; index += 1) {
      insert.run(
        rows.ids[index] ?? "",
        bundle,
        index,
        part(serialNumbers, index, SERIAL_NUMBER_LENGTH),
        rows.notBefore[index] ?? 0,
        rows.notAfter[index] ?? 0,
        rows.renewAt[index] ?? 0,
        part(sha256, index, HASH_LENGTH),
        part(credentialsIds, index, HASH_LENGTH),
        rows.publicKeys.at(index),
        rows.orders[index] ?? NOTHING,
        Status.Active,
      );
    }
  }

  /**
   * Gives devices another status.
   *
   * @param ids sorted, so that equal changes are equal in the history
   */
  setStatus(status: string, ids: readonly string[]): void {
    if (ids.length === 0) {
      return;
    }
    this.transaction(() => {
      const update = this.prepare("UPDATE device SET status = ? WHERE id = ?");
      const hash = createHash("sha256");
      for (const id of ids) {
        update.run(status, id);
        hash.update(`${id}\n`);
      }
      this.set("inactiveSha256", this.hashInactive());
      this.remember(status, `${ids.length} ${hash.digest("hex")}`);
    });
  }

  /** SHA-256 over the devices that are not active, with their status: nobody may change it by hand unseen. */
  hashInactive(): string {
    const hash = createHash("sha256");
    const rows = this.prepare(
      `SELECT id, status FROM device WHERE status <> '${Status.Active}' ORDER BY id`,
    ).iterate();
    for (const { id, status } of rows) {
      hash.update(`${String(id)} ${String(status)}\n`);
    }
    return hash.digest("hex");
  }

  /** Adds a link to the chain of hashes; within a transaction of whoever calls. */
  remember(kind: string, detail: string): void {
    const { sequence, sha256 } = this.last();
    this.prepare("INSERT INTO history VALUES (?, ?, ?, ?)").run(
      sequence + 1,
      kind,
      detail,
      hashOf(sha256, kind, detail),
    );
  }

  /** The digest of all that was ever written here. */
  head(): string {
    return this.last().sha256;
  }

  private last(): { readonly sequence: number; readonly sha256: string } {
    const row = this.prepare(
      "SELECT sequence, sha256 FROM history ORDER BY sequence DESC LIMIT 1",
    ).get();
    return row === undefined
      ? { sequence: 0, sha256: "" }
      : { sequence: Number(row.sequence), sha256: String(row.sha256) };
  }

  /** Whether this inventory ever had the digest: it is that one, or one that went on from there. */
  descendsFrom(digest: string): boolean {
    return (
      this.prepare("SELECT 1 FROM history WHERE sha256 = ?").get(digest) !==
      undefined
    );
  }

  /** Whether the chain of hashes is whole. */
  isChainWhole(): boolean {
    let before = "";
    const rows = this.prepare(
      "SELECT kind, detail, sha256 FROM history ORDER BY sequence",
    ).iterate();
    for (const { kind, detail, sha256 } of rows) {
      if (hashOf(before, String(kind), String(detail)) !== sha256) {
        return false;
      }
      before = sha256;
    }
    return true;
  }

  /** Whether it has no device at all. */
  isEmpty(): boolean {
    return this.prepare("SELECT 1 FROM device LIMIT 1").get() === undefined;
  }

  summary(): InventorySummary {
    const rows = this.prepare(
      `SELECT status, count(*) AS count, min(notAfter) AS expiresFirst, max(notAfter) AS expiresLast,
         min(renewAt) AS renewsFirst
       FROM device GROUP BY status`,
    ).all();
    const of = (status: string, column: string): number | undefined => {
      const value = rows.find((row) => row.status === status)?.[column];
      return value === undefined ? undefined : Number(value);
    };
    return {
      active: of(Status.Active, "count") ?? 0,
      removed: of(Status.Removed, "count") ?? 0,
      revoked: of(Status.Revoked, "count") ?? 0,
      expiresFirst: of(Status.Active, "expiresFirst"),
      expiresLast: of(Status.Active, "expiresLast"),
      renewsFirst: of(Status.Active, "renewsFirst"),
    };
  }

  /** All rows of a query, one after the other. */
  rows(
    sql: string,
    ...values: SQLInputValue[]
  ): IterableIterator<Record<string, unknown>> {
    return this.prepare(sql).iterate(...values);
  }

  private isMade(): boolean {
    return (
      this.connection
        .prepare("SELECT 1 FROM sqlite_master WHERE name = 'batch'")
        .get() !== undefined
    );
  }

  private make(): void {
    this.transaction(() => {
      this.connection.exec(SCHEMA);
      this.set("formatVersion", FORMAT_VERSION);
      this.set("inactiveSha256", this.hashInactive());
      this.remember("made", FORMAT_VERSION);
    });
  }
}

/** So many digits has the last second of the year 9999. */
const DIGITS = 12;

/** Whole numbers with as many digits each, one after the other, for SQLite to take apart. Octets, since in a text it counts characters from the beginning. */
function digits(numbers: Float64Array): Buffer {
  let text = "";
  let [last, lastText] = [NaN, ""];
  for (const number of numbers) {
    if (number !== last) {
      last = number;
      lastText = String(number).padStart(DIGITS, "0");
    }
    text += lastText;
  }
  return Buffer.from(text, "latin1");
}

/** @param oneOrder whether all devices were asked for the same */
function insertAll(oneOrder: boolean): string {
  const part = (name: string, length: number | string): string =>
    `substr(:${name}, key * ${length} + 1, ${length})`;
  const number = (name: string): string =>
    `CAST(${part(name, DIGITS)} AS INTEGER)`;
  return `INSERT OR REPLACE INTO device (${COLUMNS})
    SELECT value, :bundle, key, ${part("serialNumbers", SERIAL_NUMBER_LENGTH)},
      ${number("notBefore")}, ${number("notAfter")}, ${number("renewAt")},
      ${part("sha256", HASH_LENGTH)}, ${part("credentialsIds", HASH_LENGTH)},
      ${part("publicKeys", ":keyLength")}, ${oneOrder ? ":orders" : part("orders", HASH_LENGTH)},
      '${Status.Active}'
    FROM json_each(:ids)`;
}

function hashOf(before: string, kind: string, detail: string): string {
  return createHash("sha256")
    .update(`${before}\n${kind}\n${detail}`)
    .digest("hex");
}
