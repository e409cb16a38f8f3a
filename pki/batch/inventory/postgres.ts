import type { InventoryDatabase } from "./database";
import type { PostgresOptions } from "./postgresConnection";
import { GRANT_READ, PostgresConnection } from "./postgresConnection";
import { PostgresError, PostgresFailure } from "./postgresErrors";
import type { PublishProgress, PublishResult } from "./postgresPublish";
import { publishInventory } from "./postgresPublish";
import { restoreInventory } from "./postgresRestore";
import { hasTables } from "./postgresSchema";

/**
 * The inventory of a large batch in PostgreSQL, for a team: `inventory.sqlite`
 * stays the working record, PostgreSQL gets each bundle after it is whole, and
 * gives the record back to a machine whose disk is empty.
 *
 * All methods throw a `PostgresError`, whose `kind` tells what went wrong and
 * whose message what to do. After an error the connection may be of no more
 * use: close it, and connect again.
 *
 * @example
 * ```ts
 * const postgres = await PostgresInventory.connect("postgresql://pki:…@db.example.org/pki", "fleet");
 * try {
 *   await postgres.publish(inventory, (done, total) => console.log(`${done} of ${total} bundles`));
 * } finally {
 *   await postgres.close();
 * }
 * ```
 */
export class PostgresInventory {
  private constructor(
    private readonly connection: PostgresConnection,
    private readonly batch: string,
  ) {}

  /**
   * Connects; writes nothing.
   *
   * @param connectionString a secret: `postgresql://role:password@host:5432/database`,
   * and what `pg` knows besides, such as `?sslmode=verify-full&sslrootcert=FILE`
   * @param batchName which batch of the database; any text
   */
  static async connect(
    connectionString: string,
    batchName: string,
    options: PostgresOptions = {},
  ): Promise<PostgresInventory> {
    if (batchName === "" || batchName.includes("\0")) {
      throw new PostgresError(
        PostgresFailure.Refused,
        "The batch's name is empty or holds the character NUL, which PostgreSQL cannot keep; write another one.",
      );
    }
    return new PostgresInventory(
      await PostgresConnection.open(connectionString, options),
      batchName,
    );
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** The digest of what PostgreSQL has, as `InventoryDatabase.head` has it; `undefined` where it has nothing of this batch. */
  async head(): Promise<string | undefined> {
    if (!(await hasTables(this.connection))) {
      return undefined;
    }
    const [row] = await this.connection.query(
      GRANT_READ,
      "SELECT sha256 FROM mqtt_pki.history WHERE batch = $1 ORDER BY sequence DESC LIMIT 1",
      [this.batch],
    );
    return row === undefined ? undefined : String(row.sha256);
  }

  /**
   * Brings PostgreSQL up to the inventory: one transaction for each entry of
   * its history that is missing there, so that a connection that is lost
   * leaves whole bundles, and the next call goes on from there. Makes the
   * schema `mqtt_pki` where it is missing. Nothing else may write to the
   * inventory until it is done.
   *
   * Each call passes over all devices from the first missing bundle's id to
   * the last one's: call it once for many bundles.
   *
   * @param onProgress called at the beginning and after each bundle
   * @throws PostgresError of kind `foreign` where PostgreSQL has what this
   * inventory never had, and of kind `changed` where a row of the inventory is
   * not as it was issued
   */
  publish(
    inventory: InventoryDatabase,
    onProgress: PublishProgress = () => undefined,
  ): Promise<PublishResult> {
    return publishInventory(this.connection, this.batch, inventory, onProgress);
  }

  /**
   * Writes the inventory that PostgreSQL has to a new file, which exists only
   * once all of it is there and checked: the chain of the history, and of each
   * bundle the record and the hash of its rows.
   *
   * @param path of the new `inventory.sqlite`; may not exist
   * @throws PostgresError of kind `missing` where there is no such batch, and
   * of kind `changed` where something was changed by hand
   */
  restore(
    path: string,
    onProgress: PublishProgress = () => undefined,
  ): Promise<void> {
    return restoreInventory(this.connection, this.batch, path, onProgress);
  }
}
