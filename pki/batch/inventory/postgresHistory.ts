import { createHash } from "node:crypto";
import type { BundleRecord } from "./bundleRecord";
import type { InventoryDatabase } from "./database";
import type { PostgresConnection } from "./postgresConnection";
import { GRANT_READ } from "./postgresConnection";

/** A link of the chain of hashes. */
export interface HistoryEntry {
  readonly sequence: number;
  readonly kind: string;
  readonly detail: string;
  readonly sha256: string;
}

/** The kinds of `history` that bring no change of statuses. */
export const EntryKind = { Made: "made", Bundle: "bundle" } as const;

/** The history in SQLite, oldest first. */
export function localHistory(inventory: InventoryDatabase): HistoryEntry[] {
  return inventory.connection
    .prepare(
      "SELECT sequence, kind, detail, sha256 FROM history ORDER BY sequence",
    )
    .all() as unknown as HistoryEntry[];
}

/** The history in PostgreSQL, oldest first. */
export async function remoteHistory(
  connection: PostgresConnection,
  batch: string,
): Promise<HistoryEntry[]> {
  const rows = await connection.query(
    GRANT_READ,
    "SELECT sequence, kind, detail, sha256 FROM mqtt_pki.history WHERE batch = $1 ORDER BY sequence",
    [batch],
  );
  return rows as HistoryEntry[];
}

/** The bundles in SQLite by their numbers. */
export function localBundles(
  inventory: InventoryDatabase,
): Map<number, BundleRecord> {
  const rows = inventory.connection
    .prepare("SELECT * FROM bundle ORDER BY number")
    .all() as unknown as BundleRecord[];
  return new Map(rows.map((row) => [row.number, row]));
}

/** The bundles in PostgreSQL, each with the hash it was sent with. */
export async function remoteBundles(
  connection: PostgresConnection,
  batch: string,
): Promise<(BundleRecord & { readonly recordSha256: string })[]> {
  const rows = await connection.query(
    GRANT_READ,
    `SELECT number, issuer, generation, extract(epoch FROM signed_at)::float8 AS "signedAt", devices,
       first_id AS "firstId", last_id AS "lastId", reissue, files::text AS files,
       rows_sha256 AS "rowsSha256", record_sha256 AS "recordSha256"
     FROM mqtt_pki.bundle WHERE batch = $1 ORDER BY number`,
    [batch],
  );
  return rows as (BundleRecord & { readonly recordSha256: string })[];
}

/** SHA-256 over the certificates that are not active, by bundle and position. */
export class StatusesHash {
  private readonly hash = createHash("sha256");

  add(bundle: number, position: number, status: string): void {
    this.hash.update(`${bundle} ${position} ${status}\n`);
  }

  digest(): string {
    return this.hash.digest("hex");
  }
}
