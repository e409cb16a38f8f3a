import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InventoryDatabase } from "../../../../pki/batch/inventory/database";
import { PostgresInventory } from "../../../../pki/batch/inventory/postgres";
import { Status } from "../../../../pki/batch/inventory/schema";
import { describeWith } from "../../../support/command";
import { figures } from "../../../support/figures";
import {
  PostgresServer,
  addMadeUpBundle,
  dumpInventory,
  findPostgres,
  madeUpRows,
} from "../../../support/postgres";

describeWith(
  { name: "postgres", path: findPostgres() },
  "apt-get install postgresql",
  "the inventory in PostgreSQL",
  (programs) => {
    let server: PostgresServer;
    let folder: string;
    let inventory: InventoryDatabase;
    let postgres: PostgresInventory;
    let batches = 0;
    let batch: string;
    const opened: PostgresInventory[] = [];

    beforeAll(async () => {
      server = await PostgresServer.start(programs);
      folder = mkdtempSync(join(tmpdir(), "inventory-"));
    });
    afterAll(async () => {
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
      batches += 1;
      batch = `batch ${batches}`;
      inventory = newInventory(`original-${batches}`);
      postgres = await connect();
    });
    afterEach(async () => {
      inventory.close();
      await Promise.all(opened.splice(0).map((one) => one.close()));
    });

    const newInventory = (name: string): InventoryDatabase =>
      InventoryDatabase.open(join(folder, `${name}.sqlite`));

    async function connect(name = batch): Promise<PostgresInventory> {
      const connected = await PostgresInventory.connect(server.url(), name);
      opened.push(connected);
      return connected;
    }

    /** What a restored inventory holds. */
    async function restored(from = postgres): Promise<unknown> {
      const path = join(folder, `restored-${batches}.sqlite`);
      rmSync(path, { force: true });
      await from.restore(path);
      const copy = InventoryDatabase.open(path, { readOnly: true });
      try {
        return dumpInventory(copy);
      } finally {
        copy.close();
      }
    }

    const count = async (table: string, name = batch): Promise<number> => {
      const rows = await server.query(
        `SELECT count(*)::integer AS count FROM mqtt_pki.${table} WHERE batch = $1`,
        "postgres",
        [name],
      );
      return Number(rows[0]?.count);
    };

    it("has no digest before anything is published", async () => {
      expect(await postgres.head()).toBeUndefined();
    });

    it("publishes what is missing, and nothing the second time", async () => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 100));
      addMadeUpBundle(inventory, madeUpRows("b", 0, 50));
      const progress: [number, number][] = [];
      const first = await postgres.publish(inventory, (...steps) => {
        progress.push(steps);
      });

      expect(first).toEqual({ entries: 3, bundles: 2, certificates: 150 });
      expect(progress).toEqual([
        [0, 2],
        [1, 2],
        [2, 2],
      ]);
      expect(await postgres.head()).toBe(inventory.head());
      expect(await postgres.publish(inventory)).toEqual({
        entries: 0,
        bundles: 0,
        certificates: 0,
      });

      addMadeUpBundle(inventory, madeUpRows("aa", 0, 10));
      expect(await postgres.publish(inventory)).toEqual({
        entries: 1,
        bundles: 1,
        certificates: 10,
      });
      expect(await count("device")).toBe(160);
      expect(await restored()).toEqual(dumpInventory(inventory));
    });

    it("shows people and programs what SQLite shows", async () => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 2));
      await postgres.publish(inventory);
      const there = await server.query(
        `SELECT id, serial_number, issuer, generation,
           to_char(not_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS not_before,
           to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS not_after,
           to_char(renew_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS renew_at,
           sha256, thingsboard_credentials_id, bundle, status
         FROM mqtt_pki.inventory WHERE batch = $1 ORDER BY id`,
        "postgres",
        [batch],
      );
      const here = [...inventory.rows("SELECT * FROM inventory ORDER BY id")];

      expect(there.map((row): unknown[] => Object.values(row))).toEqual(
        here.map((row) => Object.values(row)),
      );
      expect(there[0]?.not_after).toBe("9999-12-31T23:59:59Z");
    });

    it("keeps what was superseded, renewed twice and in one publication or three", async () => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 100));
      addMadeUpBundle(inventory, madeUpRows("a", 20, 30, "second"), true);
      await postgres.publish(inventory);
      expect(await restored()).toEqual(dumpInventory(inventory));

      addMadeUpBundle(inventory, madeUpRows("a", 30, 90, "third"), true);
      await postgres.publish(inventory);
      expect(await count("superseded")).toBe(100);
      expect(await restored()).toEqual(dumpInventory(inventory));

      const other = await connect(`${batch} at once`);
      await other.publish(inventory);
      expect(await restored(other)).toEqual(dumpInventory(inventory));
    });

    it("brings statuses: removed, revoked, active again, and superseded as removed", async () => {
      const { ids } = madeUpRows("a", 0, 40);
      addMadeUpBundle(inventory, madeUpRows("a", 0, 40));
      inventory.setStatus(Status.Removed, ids.slice(0, 10));
      await postgres.publish(inventory);
      expect(await restored()).toEqual(dumpInventory(inventory));

      inventory.setStatus(Status.Revoked, ids.slice(0, 3));
      inventory.setStatus(Status.Active, ids.slice(8, 10));
      addMadeUpBundle(inventory, madeUpRows("a", 5, 2, "again"), true);
      inventory.setStatus(Status.Removed, ids.slice(20, 21));
      addMadeUpBundle(inventory, madeUpRows("b", 0, 2));
      await postgres.publish(inventory);

      expect(await restored()).toEqual(dumpInventory(inventory));
      const rows = await server.query(
        "SELECT status, count(*)::integer AS count FROM mqtt_pki.inventory WHERE batch = $1 GROUP BY status ORDER BY status",
        "postgres",
        [batch],
      );
      const { active, removed, revoked } = inventory.summary();
      expect(rows).toEqual([
        { status: "active", count: active },
        { status: "removed", count: removed },
        { status: "revoked", count: revoked },
      ]);
    });

    it("brings settings that changed without an entry in the history", async () => {
      await postgres.publish(inventory);
      inventory.set("name", 'fleet "west" \\ ü');
      await postgres.publish(inventory);
      expect(await restored()).toEqual(dumpInventory(inventory));
    });

    it("goes on after a connection that was lost in a bundle, without duplicates", async () => {
      for (let bundle = 0; bundle < 4; bundle += 1) {
        addMadeUpBundle(inventory, madeUpRows("a", bundle * 500, 500));
      }
      inventory.setStatus(Status.Removed, ["a00000001"]);
      addMadeUpBundle(inventory, madeUpRows("a", 100, 500, "again"), true);
      const empty = newInventory(`empty-${batches}`);
      await postgres.publish(empty);
      empty.close();
      // The server ends the connection when the third bundle is about to be merged.
      await server.query(`
        CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql
          AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE TRIGGER end_connection AFTER INSERT ON mqtt_pki.device
          FOR EACH ROW WHEN (NEW.bundle = 3 AND NEW.position = 250) EXECUTE FUNCTION end_connection()`);
      await expect(postgres.publish(inventory)).rejects.toMatchObject({
        kind: "lost",
      });
      await server.query("DROP FUNCTION end_connection CASCADE");

      const again = await connect();
      const head = await again.head();
      expect(inventory.descendsFrom(head ?? "")).toBe(true);
      expect(await count("bundle")).toBe(2);
      expect(await count("device")).toBe(1000);
      // What is there is whole: a machine whose disk is lost gets it.
      const partial = (await restored(again)) as { history: unknown[] };
      expect(partial.history).toHaveLength(3);

      await again.publish(inventory);
      expect(await count("device")).toBe(2000);
      expect(await restored(again)).toEqual(dumpInventory(inventory));
    });

    it("goes on after the server was killed", async () => {
      for (let bundle = 0; bundle < 5; bundle += 1) {
        addMadeUpBundle(inventory, madeUpRows("a", bundle * 2000, 2000));
      }
      let stopped: Promise<void> | undefined;
      await expect(
        postgres.publish(inventory, (done) => {
          if (done === 2) {
            stopped = server.stop();
          }
        }),
      ).rejects.toMatchObject({ kind: "lost" });
      await stopped;
      await expect(connect()).rejects.toMatchObject({ kind: "unreachable" });
      await server.run();

      const again = await connect();
      await again.publish(inventory);
      expect(await count("device")).toBe(10_000);
      expect(await restored(again)).toEqual(dumpInventory(inventory));
    });

    it("lets two runs of the same inventory share the work", async () => {
      for (let bundle = 0; bundle < 6; bundle += 1) {
        addMadeUpBundle(inventory, madeUpRows("a", bundle * 100, 100));
      }
      const other = await connect();
      const same = InventoryDatabase.open(
        join(folder, `original-${batches}.sqlite`),
        { readOnly: true },
      );
      const results = await Promise.all([
        postgres.publish(inventory),
        other.publish(same),
      ]);
      same.close();

      expect(
        Math.max(...results.map(({ entries }) => entries)),
      ).toBeGreaterThan(0);
      expect(await count("device")).toBe(600);
      expect(await restored()).toEqual(dumpInventory(inventory));
    });

    it("refuses a history that went on elsewhere, and sends nothing", async () => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 10));
      await postgres.publish(inventory);
      const path = join(folder, `elsewhere-${batches}.sqlite`);
      await postgres.restore(path);
      const elsewhere = InventoryDatabase.open(path);
      addMadeUpBundle(elsewhere, madeUpRows("b", 0, 10));
      await postgres.publish(elsewhere);
      elsewhere.close();

      await expect(postgres.publish(inventory)).rejects.toMatchObject({
        kind: "foreign",
        message: expect.stringMatching(
          /ahead of this inventory by 1 entries.*restore/,
        ) as string,
      });
      addMadeUpBundle(inventory, madeUpRows("c", 0, 10));
      await expect(postgres.publish(inventory)).rejects.toMatchObject({
        kind: "foreign",
        message: expect.stringMatching(
          /another history than this inventory from entry 3 on/,
        ) as string,
      });
      expect(await count("device")).toBe(20);
    });

    it("refuses to publish rows that were changed by hand", async () => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 10));
      addMadeUpBundle(inventory, madeUpRows("b", 0, 10));
      inventory.connection.exec(
        "UPDATE device SET notAfter = notAfter + 1 WHERE id = 'b00000003'",
      );
      await expect(postgres.publish(inventory)).rejects.toMatchObject({
        kind: "changed",
        message: expect.stringContaining("Bundle 2") as string,
      });
      expect(await count("bundle")).toBe(1);
    });

    it.each([
      [
        "a date",
        "UPDATE mqtt_pki.device SET not_after = not_after + interval '1 microsecond' WHERE batch = $1 AND id = 'a00000003'",
      ],
      [
        "a key",
        "UPDATE mqtt_pki.superseded SET public_key = '\\x00' WHERE batch = $1 AND id = 'a00000005'",
      ],
      [
        "a serial number's length",
        "UPDATE mqtt_pki.device SET serial_number = '\\x00' WHERE batch = $1 AND id = 'a00000003'",
      ],
      [
        "a device that is gone",
        "DELETE FROM mqtt_pki.device WHERE batch = $1 AND id = 'a00000003'",
      ],
      [
        "the last device that is gone",
        "DELETE FROM mqtt_pki.device WHERE batch = $1 AND id = 'a00000006'",
      ],
      [
        "a device more",
        "INSERT INTO mqtt_pki.device SELECT batch, 'x', 2, 2, serial_number, not_before, not_after, renew_at, sha256, thingsboard_credentials_id, public_key, order_sha256, status FROM mqtt_pki.device WHERE batch = $1 AND id = 'a00000003'",
      ],
      [
        "a bundle that nobody wrote",
        "UPDATE mqtt_pki.device SET bundle = 7 WHERE batch = $1 AND id = 'a00000003'",
      ],
      [
        "a status",
        "UPDATE mqtt_pki.device SET status = 'active' WHERE batch = $1 AND id = 'a00000001'",
      ],
      [
        "an issuer",
        "UPDATE mqtt_pki.bundle SET issuer = 'ff' WHERE batch = $1 AND number = 1",
      ],
      [
        "a bundle that is gone",
        "DELETE FROM mqtt_pki.bundle WHERE batch = $1 AND number = 2",
      ],
      [
        "the history",
        "UPDATE mqtt_pki.history SET detail = '10' WHERE batch = $1 AND sequence = 3",
      ],
      [
        "an entry that is gone",
        "DELETE FROM mqtt_pki.history WHERE batch = $1 AND sequence = 2",
      ],
    ])("refuses to restore what was changed by hand: %s", async (_, sql) => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 10));
      inventory.setStatus(Status.Revoked, ["a00000001"]);
      addMadeUpBundle(inventory, madeUpRows("a", 5, 2, "again"), true);
      await postgres.publish(inventory);
      await server.query(sql, "postgres", [batch]);
      const path = join(folder, `changed-${batches}.sqlite`);

      await expect(postgres.restore(path)).rejects.toMatchObject({
        kind: "changed",
      });
      expect(() => InventoryDatabase.open(path, { readOnly: true })).toThrow();
      expect(() =>
        InventoryDatabase.open(`${path}.partial`, { readOnly: true }),
      ).toThrow();
    });

    it("refuses to restore over a file, and a batch that is not there", async () => {
      await expect(
        postgres.restore(join(folder, `original-${batches}.sqlite`)),
      ).rejects.toMatchObject({ kind: "refused" });
      await expect(
        postgres.restore(join(folder, "none.sqlite")),
      ).rejects.toMatchObject({ kind: "missing" });
    });

    it.each([
      "x'; DROP SCHEMA mqtt_pki CASCADE; --",
      "\\'; DROP SCHEMA mqtt_pki CASCADE; --",
      '$1 " % _ ü \n\t',
      "Fleet",
    ])("takes the name of a batch as it is: %j", async (name) => {
      addMadeUpBundle(inventory, madeUpRows("a", 0, 3));
      const named = await connect(name);
      await named.publish(inventory);
      expect(await count("device", name)).toBe(3);
      expect(await restored(named)).toEqual(dumpInventory(inventory));
      expect(await (await connect(name.toLowerCase() + "_")).head()).toBe(
        undefined,
      );
    });

    it("publishes and restores 100,000 devices", async () => {
      for (let bundle = 0; bundle < 10; bundle += 1) {
        addMadeUpBundle(inventory, madeUpRows("a", bundle * 10_000, 10_000));
      }
      let begin = performance.now();
      await postgres.publish(inventory);
      const published = performance.now() - begin;
      begin = performance.now();
      await postgres.restore(join(folder, "large.sqlite"));
      const restoring = performance.now() - begin;
      figures(
        "The inventory in PostgreSQL, 100,000 devices",
        `published ${Math.round(1e8 / published)} rows/s\nrestored ${Math.round(1e8 / restoring)} rows/s`,
      );
      expect(await count("device")).toBe(100_000);
    });
  },
);
