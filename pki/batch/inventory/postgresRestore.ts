import type { CertificateRow } from "./postgresRows";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { escapeLiteral } from "pg";
import { INVENTORY, PARTIAL } from "../bundles/layout";
import { InventoryDatabase } from "./database";
import type { PostgresConnection } from "./postgresConnection";
import { GRANT_READ } from "./postgresConnection";
import type { Fields } from "./postgresCopy";
import { decodeDate, decodeRows } from "./postgresCopy";
import { PostgresError, PostgresFailure } from "./postgresErrors";
import type { BundleRecord } from "./bundleRecord";
import type { HistoryEntry } from "./postgresHistory";
import { bundleDetail, hashRecord } from "./bundleRecord";
import {
  EntryKind,
  StatusesHash,
  remoteBundles,
  remoteHistory,
} from "./postgresHistory";
import type { PublishProgress } from "./postgresPublish";
import { BundleRows } from "./postgresRows";
import { SENT_COLUMNS, hasTables } from "./postgresSchema";
import { CERTIFICATE_COLUMNS, FORMAT_VERSION, Status } from "./schema";

/** See `PostgresInventory.restore`. */
export async function restoreInventory(
  connection: PostgresConnection,
  batch: string,
  path: string,
  onProgress: PublishProgress,
): Promise<void> {
  if (existsSync(path)) {
    throw new PostgresError(
      PostgresFailure.Refused,
      `${path} exists already; move it away first, so that no inventory is overwritten.`,
    );
  }
  if (!(await hasTables(connection))) {
    throw nothingThere(connection, batch);
  }
  const partial = `${path}${PARTIAL}`;
  removePartial(partial);
  try {
    const inventory = InventoryDatabase.open(partial);
    try {
      await new Restoration(connection, batch, inventory, onProgress).run();
    } finally {
      inventory.close();
    }
    syncPath(partial);
    renameSync(partial, path);
    syncPath(dirname(path));
  } catch (error) {
    removePartial(partial);
    throw error;
  }
}

function removePartial(partial: string): void {
  for (const file of [partial, `${partial}-journal`]) {
    rmSync(file, { force: true });
  }
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function nothingThere(
  { server }: PostgresConnection,
  batch: string,
): PostgresError {
  return new PostgresError(
    PostgresFailure.Missing,
    `There is no batch ${JSON.stringify(batch)} in ${server.text}; check the batch's name and the database, or start without an inventory.`,
  );
}

const CERTIFICATE = CERTIFICATE_COLUMNS.join(", ");
const PLACES = CERTIFICATE_COLUMNS.map(() => "?").join(", ");

/** One batch out of PostgreSQL into an empty inventory, each part checked on its way. */
class Restoration {
  constructor(
    private readonly connection: PostgresConnection,
    private readonly batch: string,
    private readonly inventory: InventoryDatabase,
    private readonly onProgress: PublishProgress,
  ) {}

  async run(): Promise<void> {
    const { connection: sqlite } = this.inventory;
    // The file counts for nothing until it is renamed, and is synchronized then.
    sqlite.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN");
    // One snapshot: a run that publishes meanwhile is either in it or not.
    await this.connection.transaction(
      GRANT_READ,
      "",
      () => this.read(),
      "ISOLATION LEVEL REPEATABLE READ READ ONLY",
    );
    sqlite.exec("COMMIT; PRAGMA journal_mode = DELETE");
  }

  private async read(): Promise<void> {
    const { inventory, connection, batch } = this;
    const [row] = await connection.query(
      GRANT_READ,
      "SELECT settings::text AS settings, target, statuses_sha256 FROM mqtt_pki.batch WHERE batch = $1",
      [batch],
    );
    const history = await remoteHistory(connection, batch);
    if (row === undefined || history.length === 0) {
      throw nothingThere(connection, batch);
    }
    this.writeSettings(String(row.settings));
    this.writeHistory(history);
    const bundles = await remoteBundles(connection, batch);
    this.writeBundles(history, bundles);
    const statuses = await this.copyCertificates(bundles);
    this.checkSuperseded();
    if (statuses !== row.statuses_sha256) {
      throw this.changed("the status of a device");
    }
    if (inventory.head() !== row.target) {
      // The run that published broke off: its settings are of a later time than its devices.
      inventory.set("inactiveSha256", inventory.hashInactive());
    }
  }

  private writeSettings(text: string): void {
    const settings = new Map(
      Object.entries(JSON.parse(text) as Record<string, unknown>),
    );
    const version = settings.get("formatVersion");
    if (version !== FORMAT_VERSION) {
      throw new PostgresError(
        PostgresFailure.Version,
        `The inventory of batch ${JSON.stringify(this.batch)} has format ${String(version)}, and this mqtt-pki knows ${FORMAT_VERSION} only; use the version of mqtt-pki that made it, or a newer one.`,
      );
    }
    this.inventory.connection.exec("DELETE FROM batch");
    for (const [key, value] of settings) {
      this.inventory.set(key, String(value));
    }
  }

  private writeHistory(history: readonly HistoryEntry[]): void {
    const { connection } = this.inventory;
    connection.exec("DELETE FROM history");
    const insert = connection.prepare(
      "INSERT INTO history VALUES (?, ?, ?, ?)",
    );
    for (const { sequence, kind, detail, sha256 } of history) {
      insert.run(sequence, kind, detail, sha256);
    }
    const isCounted = history.every(
      ({ sequence }, index) => sequence === index + 1,
    );
    if (!isCounted || !this.inventory.isChainWhole()) {
      throw this.changed("the history");
    }
  }

  private writeBundles(
    history: readonly HistoryEntry[],
    bundles: readonly (BundleRecord & { readonly recordSha256: string })[],
  ): void {
    const details = history
      .filter(({ kind }) => kind === EntryKind.Bundle)
      .map(({ detail }) => detail);
    if (details.length !== bundles.length) {
      throw this.changed("the list of bundles");
    }
    const insert = this.inventory.connection.prepare(
      "INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    for (const [index, bundle] of bundles.entries()) {
      if (
        hashRecord(bundle) !== bundle.recordSha256 ||
        bundleDetail(bundle) !== details[index]
      ) {
        throw this.changed(`the record of bundle ${bundle.number}`);
      }
      insert.run(
        bundle.number,
        bundle.issuer,
        bundle.generation,
        bundle.signedAt,
        bundle.devices,
        bundle.firstId,
        bundle.lastId,
        bundle.reissue,
        bundle.files,
        bundle.rowsSha256,
      );
    }
  }

  /** Copies all certificates, bundle by bundle; the hash of their statuses. */
  private async copyCertificates(
    bundles: readonly BundleRecord[],
  ): Promise<string> {
    const { connection: sqlite } = this.inventory;
    const prepare = (table: string) =>
      sqlite.prepare(
        `INSERT INTO ${table} (${CERTIFICATE}) VALUES (${PLACES})`,
      );
    const device = prepare("device");
    const superseded = prepare("superseded");
    const statuses = new StatusesHash();
    let done = 0;
    let current: BundleRows | undefined;
    const next = (): void => {
      if (current !== undefined && current.finish() === undefined) {
        throw this.changed(`a certificate of bundle ${current.number}`);
      }
      this.onProgress(done, bundles.length);
      const bundle = bundles[done];
      current = bundle === undefined ? undefined : new BundleRows(bundle);
      done += 1;
    };
    next();
    for await (const rows of decodeRows(
      this.connection.receive(GRANT_READ, this.copySql()),
    )) {
      for (const fields of rows) {
        const row = readFields(fields);
        while (current !== undefined && row.bundle > current.number) {
          next();
        }
        if (current?.number !== row.bundle) {
          throw this.changed("a certificate that is of no bundle");
        }
        current.add(row);
        if (row.status !== Status.Active) {
          statuses.add(row.bundle, row.position, row.status);
        }
        (row.isCurrent ? device : superseded).run(
          row.id,
          row.bundle,
          row.position,
          row.serialNumber,
          row.notBefore,
          row.notAfter,
          row.renewAt,
          row.sha256,
          row.credentialsId,
          row.publicKey,
          row.order,
          row.status,
        );
      }
    }
    while (current !== undefined) {
      next();
    }
    return statuses.digest();
  }

  private copySql(): string {
    // COPY takes no parameters.
    const select = (table: string, isCurrent: boolean): string =>
      `SELECT bundle, status, ${isCurrent}, ${SENT_COLUMNS.join(", ")} FROM mqtt_pki.${table} WHERE batch = ${escapeLiteral(this.batch)}`;
    return `COPY (${select("device", true)} UNION ALL ${select("superseded", false)} ORDER BY bundle, position) TO STDOUT (FORMAT binary)`;
  }

  /** What a device has now is the newest it ever had. */
  private checkSuperseded(): void {
    const row = this.inventory.connection
      .prepare(
        "SELECT 1 FROM superseded AS old LEFT JOIN device USING (id) WHERE device.bundle IS NULL OR device.bundle <= old.bundle LIMIT 1",
      )
      .get();
    if (row !== undefined) {
      throw this.changed("which certificate of a device is the newest");
    }
  }

  private changed(what: string): PostgresError {
    const { server } = this.connection;
    return new PostgresError(
      PostgresFailure.Changed,
      `Batch ${JSON.stringify(this.batch)} in ${server.text} is not as it was published: ${what} was changed by hand. Nothing was restored; take the database from a backup, or delete the batch there and publish it again from a machine that has ${INVENTORY}.`,
    );
  }
}

interface ReceivedRow extends CertificateRow {
  readonly bundle: number;
  readonly status: string;
  readonly isCurrent: boolean;
}

const NOTHING = Buffer.alloc(0);

function readFields(fields: Fields): ReceivedRow {
  const field = (index: number): Buffer => fields[index] ?? NOTHING;
  return {
    bundle: field(0).readInt32BE(0),
    status: field(1).toString("utf8"),
    isCurrent: field(2)[0] === 1,
    id: field(3).toString("utf8"),
    position: field(4).readInt32BE(0),
    serialNumber: field(5),
    notBefore: decodeDate(field(6)),
    notAfter: decodeDate(field(7)),
    renewAt: decodeDate(field(8)),
    sha256: field(9),
    credentialsId: field(10),
    publicKey: field(11),
    order: field(12),
  };
}
