import type { InventoryDatabase } from "./database";
import type { PostgresConnection } from "./postgresConnection";
import { GRANT_WRITE, lockKey } from "./postgresConnection";
import { encodeRows } from "./postgresCopy";
import { PostgresError, PostgresFailure, identifier } from "./postgresErrors";
import type { BundleRecord } from "./bundleRecord";
import type { HistoryEntry } from "./postgresHistory";
import { bundleDetail, hashRecord } from "./bundleRecord";
import {
  EntryKind,
  StatusesHash,
  localBundles,
  localHistory,
  remoteHistory,
} from "./postgresHistory";
import { ReadAhead, readBundles } from "./postgresRows";
import { INCOMING, SENT_COLUMNS, makeTables } from "./postgresSchema";
import { Status } from "./schema";

/** Told after each bundle: how many are done, of how many. */
export type PublishProgress = (done: number, total: number) => void;

/** What came of publishing. */
export interface PublishResult {
  /** Links of the history that were sent; 0 where PostgreSQL had everything. */
  readonly entries: number;
  readonly bundles: number;
  readonly certificates: number;
}

/** How often another run of the same batch may be first before this one gives up. */
const ATTEMPTS = 20;

const COLUMNS = SENT_COLUMNS.join(", ");

/** Another run has written the link that this one was about to write. */
class Overtaken extends PostgresError {
  constructor(connection: PostgresConnection) {
    super(
      PostgresFailure.Busy,
      `Another run publishes the same batch to ${connection.server.text}; run again when it is done.`,
    );
  }
}

/** See `PostgresInventory.publish`. */
export async function publishInventory(
  connection: PostgresConnection,
  batch: string,
  inventory: InventoryDatabase,
  onProgress: PublishProgress,
): Promise<PublishResult> {
  if (!inventory.isChainWhole()) {
    throw new PostgresError(
      PostgresFailure.Changed,
      "The history of inventory.sqlite is not as it was written: somebody changed it. Take the file from a backup, or from PostgreSQL.",
    );
  }
  await makeTables(connection);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await new Publication(
        connection,
        batch,
        inventory,
        onProgress,
      ).run();
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

/** One run: from the links that PostgreSQL has to the last one of SQLite. */
class Publication {
  private readonly history: readonly HistoryEntry[];
  private readonly bundles: ReadonlyMap<number, BundleRecord>;
  /** No bundle up to this one has taken the place of anything. */
  private readonly firstSuperseded: number;
  private readonly settings: string;
  private readonly begin: string;
  private readonly temporary: string;

  constructor(
    private readonly connection: PostgresConnection,
    private readonly batch: string,
    private readonly inventory: InventoryDatabase,
    private readonly onProgress: PublishProgress,
  ) {
    this.history = localHistory(inventory);
    this.bundles = localBundles(inventory);
    const superseded = inventory.connection
      .prepare("SELECT min(bundle) AS first FROM superseded")
      .get();
    this.firstSuperseded = Number(superseded?.first ?? Infinity);
    this.settings = readSettings(inventory);
    this.begin = `SELECT pg_advisory_xact_lock(${lockKey(`inventory ${batch}`)});`;
    this.temporary = `GRANT TEMPORARY ON DATABASE ${identifier(connection.server.database)} TO <role>; ${GRANT_WRITE}`;
  }

  async run(): Promise<PublishResult> {
    const missing = this.history.slice(await this.countCommon());
    if (missing.length === 0) {
      await this.keepSettings();
      return { entries: 0, bundles: 0, certificates: 0 };
    }
    const bundles = missing
      .filter(({ kind }) => kind === EntryKind.Bundle)
      .map((entry) => this.bundleOf(entry));
    // In the order of their numbers, which is that of the history.
    const issued = new ReadAhead(readBundles(this.inventory, bundles));
    // Statuses are kept in SQLite as they are now, not as they were: the last change brings them all.
    const statuses = missing.findLast(
      ({ kind }) => kind !== EntryKind.Bundle && kind !== EntryKind.Made,
    );
    let certificates = 0;
    let done = 0;
    this.onProgress(done, bundles.length);
    try {
      for (const entry of missing) {
        const bundle = bundles[done];
        if (entry.kind === EntryKind.Bundle && bundle !== undefined) {
          certificates += await this.sendBundle(entry, bundle, issued);
          done += 1;
          this.onProgress(done, bundles.length);
        } else if (entry === statuses) {
          await this.sendStatuses(entry);
        } else {
          await this.inTransaction("", () => this.addEntry(entry));
        }
      }
    } finally {
      issued.end();
    }
    return { entries: missing.length, bundles: done, certificates };
  }

  /** How many links both have. */
  private async countCommon(): Promise<number> {
    const there = await remoteHistory(this.connection, this.batch);
    const common = there.findIndex(
      ({ sha256 }, index) => this.history[index]?.sha256 !== sha256,
    );
    if (common < 0) {
      return there.length;
    }
    const name = `batch ${JSON.stringify(this.batch)} in ${this.connection.server.text}`;
    const restore =
      "move inventory.sqlite and its bundles away, restore the inventory from PostgreSQL, fetch the bundles that the other machine wrote, and run again";
    throw new PostgresError(
      PostgresFailure.Foreign,
      common === this.history.length
        ? `The ${name} is ahead of this inventory by ${there.length - common} entries: another machine has issued since. Nothing was sent; ${restore}.`
        : `The ${name} has another history than this inventory from entry ${common + 1} on: two machines have issued on their own, or two batches bear one name. Nothing was sent; for another batch write another name, otherwise ${restore}: what this machine issued since entry ${common} is issued anew.`,
    );
  }

  private bundleOf({ detail, sequence }: HistoryEntry): BundleRecord {
    const bundle = this.bundles.get(Number(detail.split(" ", 1)[0]));
    if (bundle === undefined || bundleDetail(bundle) !== detail) {
      throw new PostgresError(
        PostgresFailure.Changed,
        `Entry ${sequence} of the history of inventory.sqlite is of a bundle that is not recorded like that: somebody changed it. Take the file from a backup, or from PostgreSQL.`,
      );
    }
    return bundle;
  }

  private async sendBundle(
    entry: HistoryEntry,
    bundle: BundleRecord,
    issued: ReadAhead,
  ): Promise<number> {
    const { connection, batch } = this;
    const rows = issued.take();
    return this.inTransaction(INCOMING, async () => {
      await this.addEntry(entry, bundle);
      await connection.send(
        GRANT_WRITE,
        "COPY pg_temp.mqtt_pki_incoming FROM STDIN (FORMAT binary)",
        rows === undefined ? [] : encodeRows(rows),
      );
      if (bundle.number > this.firstSuperseded) {
        await connection.query(
          GRANT_WRITE,
          `WITH moved AS (
             DELETE FROM mqtt_pki.device d USING pg_temp.mqtt_pki_incoming i
             WHERE d.batch = $1 AND d.id = i.id RETURNING d.*
           ) INSERT INTO mqtt_pki.superseded SELECT * FROM moved`,
          [batch],
        );
      }
      const inserting = connection.query(
        GRANT_WRITE,
        `INSERT INTO mqtt_pki.device (batch, bundle, status, ${COLUMNS})
         SELECT $1::text, $2::integer, '${Status.Active}', ${COLUMNS} FROM pg_temp.mqtt_pki_incoming`,
        [batch, bundle.number],
      );
      issued.prepare();
      await inserting;
      return rows?.ids.length ?? 0;
    });
  }

  /** Brings all statuses that SQLite has now. */
  private async sendStatuses(entry: HistoryEntry): Promise<void> {
    const { connection, batch } = this;
    const table =
      "CREATE TEMPORARY TABLE mqtt_pki_status (bundle integer, position integer, status text) ON COMMIT DROP";
    await this.inTransaction(table, async () => {
      await this.addEntry(entry);
      const hash = new StatusesHash();
      await connection.send(
        GRANT_WRITE,
        "COPY pg_temp.mqtt_pki_status FROM STDIN",
        this.readStatuses(entry, hash),
      );
      for (const name of ["device", "superseded"]) {
        await connection.query(
          GRANT_WRITE,
          `UPDATE mqtt_pki.${name} d SET status = '${Status.Active}'
           WHERE d.batch = $1 AND d.status <> '${Status.Active}' AND NOT EXISTS (
             SELECT 1 FROM pg_temp.mqtt_pki_status s WHERE s.bundle = d.bundle AND s.position = d.position)`,
          [batch],
        );
        await connection.query(
          GRANT_WRITE,
          `UPDATE mqtt_pki.${name} d SET status = s.status FROM pg_temp.mqtt_pki_status s
           WHERE d.batch = $1 AND d.bundle = s.bundle AND d.position = s.position AND d.status <> s.status`,
          [batch],
        );
      }
      await connection.query(
        GRANT_WRITE,
        "UPDATE mqtt_pki.batch SET statuses_sha256 = $2 WHERE batch = $1",
        [batch, hash.digest()],
      );
    });
  }

  /** What is not active among the bundles that PostgreSQL has at this link, as lines of COPY. */
  private *readStatuses(
    entry: HistoryEntry,
    hash: StatusesHash,
  ): Generator<Buffer> {
    const last = this.history
      .slice(0, entry.sequence)
      .findLast(({ kind }) => kind === EntryKind.Bundle);
    const select = (table: string): string =>
      `SELECT bundle, position, status FROM ${table} WHERE status <> '${Status.Active}' AND bundle <= ?1`;
    const rows = this.inventory.connection
      .prepare(
        `${select("device")} UNION ALL ${select("superseded")} ORDER BY bundle, position`,
      )
      .iterate(last === undefined ? 0 : this.bundleOf(last).number);
    let lines = "";
    for (const row of rows) {
      const status = String(row.status);
      hash.add(Number(row.bundle), Number(row.position), status);
      lines += `${String(row.bundle)}\t${String(row.position)}\t${escapeText(status)}\n`;
      if (lines.length > 65_536) {
        yield Buffer.from(lines);
        lines = "";
      }
    }
    yield Buffer.from(lines);
  }

  private inTransaction<T>(tables: string, work: () => Promise<T>): Promise<T> {
    return this.connection.transaction(
      tables === "" ? GRANT_WRITE : this.temporary,
      this.begin + tables,
      work,
    );
  }

  /** The link, where the run is going to, and the bundle: one way to the server. */
  private async addEntry(
    entry: HistoryEntry,
    bundle?: BundleRecord,
  ): Promise<void> {
    const { sequence, kind, detail, sha256 } = entry;
    const [row] = await this.connection.query(
      GRANT_WRITE,
      `WITH entry AS (
         INSERT INTO mqtt_pki.history (batch, sequence, kind, detail, sha256)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING sequence
       ), kept AS (
         INSERT INTO mqtt_pki.batch (batch, settings, target, statuses_sha256) VALUES ($1, $6, $7, $8)
         ON CONFLICT (batch) DO UPDATE
         SET settings = excluded.settings, target = excluded.target, published_at = now()
       )${bundle === undefined ? "" : ADD_BUNDLE} SELECT sequence FROM entry`,
      [
        ...[this.batch, sequence, kind, detail, sha256],
        ...[this.settings, this.history.at(-1)?.sha256],
        new StatusesHash().digest(),
        ...(bundle === undefined ? [] : bundleValues(bundle)),
      ],
    );
    if (row === undefined) {
      throw new Overtaken(this.connection);
    }
  }

  /** Settings may change without a link in the history. */
  private async keepSettings(): Promise<void> {
    await this.connection.query(
      GRANT_WRITE,
      "UPDATE mqtt_pki.batch SET settings = $2::text::json, published_at = now() WHERE batch = $1 AND settings::text <> $2::text",
      [this.batch, this.settings],
    );
  }
}

const ADD_BUNDLE = `, added AS (
  INSERT INTO mqtt_pki.bundle (batch, number, issuer, generation, signed_at, devices, first_id, last_id,
    reissue, files, rows_sha256, record_sha256)
  SELECT $1, $9::integer, $10, $11, to_timestamp($12::float8), $13::integer, $14, $15, $16, $17::json, $18, $19 FROM entry
)`;

function bundleValues(bundle: BundleRecord): unknown[] {
  return [
    ...[bundle.number, bundle.issuer, bundle.generation, bundle.signedAt],
    ...[bundle.devices, bundle.firstId, bundle.lastId, bundle.reissue],
    ...[bundle.files, bundle.rowsSha256, hashRecord(bundle)],
  ];
}

/** The table `batch` of SQLite as the text of an object. */
function readSettings(inventory: InventoryDatabase): string {
  const rows = inventory.connection
    .prepare("SELECT key, value FROM batch ORDER BY key")
    .all();
  return JSON.stringify(
    Object.fromEntries(rows.map(({ key, value }) => [String(key), value])),
  );
}

/** A text within a line of COPY. */
function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replace(/[\t\r\n]/g, " ");
}
