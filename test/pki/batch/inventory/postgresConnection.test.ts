import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { InventoryDatabase } from "../../../../pki/batch/inventory/database";
import { PostgresInventory } from "../../../../pki/batch/inventory/postgres";
import { lockKey } from "../../../../pki/batch/inventory/postgresConnection";
import { PostgresError } from "../../../../pki/batch/inventory/postgresErrors";
import {
  describeWith,
  findProgram,
  runCommand,
} from "../../../support/command";
import {
  PostgresServer,
  addMadeUpBundle,
  findPostgres,
  madeUpRows,
} from "../../../support/postgres";

const PASSWORD = "s3cret/with?all#of:it@%";

/** What something fails with; the error, and whatever a log would show of it. */
async function failure(work: Promise<unknown>): Promise<PostgresError> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(PostgresError);
    const shown = inspect(error, { depth: 10, showHidden: true });
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "s3cret"]) {
      expect(shown).not.toContain(secret);
    }
    return error as PostgresError;
  }
  throw new Error("nothing fails");
}

describe("the connection string", () => {
  it.each([
    "",
    "host=db password=s3cret",
    "mysql://role:s3cret@db/pki",
    "postgresql://role:s3cret/more@127.0.0.1/pki",
    "postgresql://role:s3cret?more@127.0.0.1/pki",
    "postgresql://role:s3cret#more@127.0.0.1/pki",
    // Digits could be a port, and the rest the name of a database.
    "postgresql://role:12/s3cret@127.0.0.1/pki",
    "postgresql://role:12?s3cret@127.0.0.1/pki",
    "postgresql://role:12#s3cret@127.0.0.1/pki",
    "postgresql://role:s3cret@127.0.0.1:99999/pki",
    "postgresql://role:s3cret%zz@127.0.0.1/pki",
    "postgresql://role:s3cret@127.0.0.1/pki?sslrootcert=/nowhere/s3cret.pem",
    "postgresql://role:s3cret@127.0.0.1:1/pki?port=s3cret",
  ])("is refused without a word of it: %s", async (text) => {
    const error = await failure(PostgresInventory.connect(text, "fleet"));
    expect(["connectionString", "unreachable"]).toContain(error.kind);
    expect(error.message).not.toContain("role:12");
  });

  it("is refused together with a batch that has no name", async () => {
    const text = "postgresql://role:s3cret@127.0.0.1:1/pki";
    for (const name of ["", "a\0b"]) {
      const error = await failure(PostgresInventory.connect(text, name));
      expect(error.kind).toBe("refused");
    }
  });

  it("names host and database where nothing answers", async () => {
    const error = await failure(
      PostgresInventory.connect(
        "postgresql://role:s3cret@127.0.0.1:1/pki",
        "a",
      ),
    );
    expect(error.kind).toBe("unreachable");
    expect(error.message).toMatch(
      /^Database "pki" at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/,
    );
  });

  it("waits for a server that says nothing only so long", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const error = await failure(
      PostgresInventory.connect(
        `postgresql://role:s3cret@127.0.0.1:${port}/pki`,
        "a",
        { connectTimeout: 300 },
      ),
    );
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("cannot be reached in time");
    silent.close();
  });
});

describeWith(
  { name: "postgres", path: findPostgres() },
  "apt-get install postgresql",
  "the roles and rights of PostgreSQL",
  (programs) => {
    let server: PostgresServer;
    let folder: string;
    let inventory: InventoryDatabase;

    beforeAll(async () => {
      server = await PostgresServer.start(programs);
      folder = mkdtempSync(join(tmpdir(), "inventory-"));
      inventory = InventoryDatabase.open(join(folder, "inventory.sqlite"));
      addMadeUpBundle(inventory, madeUpRows("a", 0, 10));
      await server.query("CREATE DATABASE pki");
      await server.query(
        `CREATE ROLE publisher LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`,
      );
    });
    afterAll(async () => {
      inventory.close();
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    async function as<T>(
      role: string,
      work: (postgres: PostgresInventory) => Promise<T>,
    ): Promise<T> {
      const postgres = await PostgresInventory.connect(
        server.url("pki", role, PASSWORD),
        "fleet",
      );
      try {
        return await work(postgres);
      } finally {
        await postgres.close();
      }
    }
    const publish = (): Promise<unknown> =>
      as("publisher", (postgres) => postgres.publish(inventory));

    it("tells a wrong password", async () => {
      const url = server.url("pki", "publisher", `${PASSWORD}!`);
      const error = await failure(PostgresInventory.connect(url, "fleet"));
      expect(error.kind).toBe("password");
      expect(error.message).not.toContain("publisher");
    });

    it("tells a missing password", async () => {
      const url = `postgresql://publisher@127.0.0.1:${server.port}/pki`;
      const error = await failure(PostgresInventory.connect(url, "fleet"));
      expect(error.kind).toBe("password");
    });

    it("tells a missing role like a wrong password", async () => {
      const url = server.url("pki", "nobody at all", PASSWORD);
      const error = await failure(PostgresInventory.connect(url, "fleet"));
      expect(error.kind).toBe("password");
    });

    it("tells a missing database", async () => {
      const url = server.url("elsewhere", "publisher", PASSWORD);
      const error = await failure(PostgresInventory.connect(url, "fleet"));
      expect(error.kind).toBe("database");
      expect(error.message).toContain('database "elsewhere" at 127.0.0.1');
    });

    it("tells a server without TLS", async () => {
      const url = `${server.url("pki", "publisher", PASSWORD)}?sslmode=require`;
      const error = await failure(PostgresInventory.connect(url, "fleet"));
      expect(error.kind).toBe("tls");
    });

    it("connects by a socket of the file system", async () => {
      const url = `postgresql://publisher:${encodeURIComponent(PASSWORD)}@/pki?host=${encodeURIComponent(server.folder)}&port=${server.port}`;
      const postgres = await PostgresInventory.connect(url, "fleet");
      expect(await postgres.head()).toBeUndefined();
      await postgres.close();
    });

    it("says which right is missing, until those that are documented are there", async () => {
      const grant = (sql: string): Promise<unknown> => server.query(sql, "pki");
      const missing = async (work: Promise<unknown>): Promise<string> => {
        const error = await failure(work);
        expect(error.kind).toBe("permission");
        return error.message;
      };

      await grant("REVOKE ALL ON DATABASE pki FROM PUBLIC");
      expect(await missing(publish())).toContain(
        'GRANT CONNECT ON DATABASE "pki" TO <role>;',
      );
      await grant("GRANT CONNECT ON DATABASE pki TO publisher, reader");
      expect(await missing(publish())).toContain(
        'GRANT CREATE ON DATABASE "pki" TO <role>;',
      );
      await grant("CREATE SCHEMA mqtt_pki");
      expect(await missing(publish())).toContain(
        "GRANT USAGE ON SCHEMA mqtt_pki TO <role>;",
      );
      await grant("GRANT USAGE ON SCHEMA mqtt_pki TO publisher");
      expect(await missing(publish())).toContain(
        "GRANT USAGE, CREATE ON SCHEMA mqtt_pki TO <role>;",
      );
      // What the documentation says: a schema of the role's own, and temporary tables.
      await grant("DROP SCHEMA mqtt_pki");
      await grant("CREATE SCHEMA mqtt_pki AUTHORIZATION publisher");
      expect(await missing(publish())).toContain(
        'GRANT TEMPORARY ON DATABASE "pki" TO <role>;',
      );
      await grant("GRANT TEMPORARY ON DATABASE pki TO publisher");
      await publish();

      const head = (): Promise<unknown> =>
        as("reader", (postgres) => postgres.head());
      expect(await missing(head())).toContain(
        "GRANT USAGE ON SCHEMA mqtt_pki TO <role>;",
      );
      await grant("GRANT USAGE ON SCHEMA mqtt_pki TO reader");
      expect(await missing(head())).toContain(
        "GRANT SELECT ON ALL TABLES IN SCHEMA mqtt_pki TO <role>;",
      );
      await grant("GRANT SELECT ON ALL TABLES IN SCHEMA mqtt_pki TO reader");
      expect(await head()).toBe(inventory.head());
      await as("reader", (postgres) =>
        postgres.restore(join(folder, "restored.sqlite")),
      );

      addMadeUpBundle(inventory, madeUpRows("b", 0, 10));
      await grant("GRANT TEMPORARY ON DATABASE pki TO reader");
      const write = as("reader", (postgres) => postgres.publish(inventory));
      expect(await missing(write)).toContain(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mqtt_pki TO <role>;",
      );
    });

    it("refuses tables of a newer version", async () => {
      await publish();
      await server.query("UPDATE mqtt_pki.version SET version = 2", "pki");
      expect((await failure(publish())).kind).toBe("version");
      await server.query("UPDATE mqtt_pki.version SET version = 1", "pki");
    });

    it("waits for another run only so long", async () => {
      addMadeUpBundle(inventory, madeUpRows("c", 0, 10));
      const lock = server.query(
        `BEGIN; SELECT pg_advisory_xact_lock(${lockKey("inventory fleet")}); SELECT pg_sleep(2); COMMIT`,
        "pki",
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      const postgres = await PostgresInventory.connect(
        server.url("pki", "publisher", PASSWORD),
        "fleet",
        { timeout: 200 },
      );
      const error = await failure(postgres.publish(inventory));
      expect(error.kind).toBe("busy");
      await lock;
      await postgres.publish(inventory);
      await postgres.close();
    });

    it("tells a standby", async () => {
      addMadeUpBundle(inventory, madeUpRows("d", 0, 10));
      await server.query(
        "ALTER DATABASE pki SET default_transaction_read_only = on",
      );
      const error = await failure(publish());
      expect(error.message).toContain("can only be read");
      await server.query(
        "ALTER DATABASE pki RESET default_transaction_read_only",
      );
    });

    const openssl = findProgram("openssl");
    (openssl === undefined ? it.skip : it)(
      "checks the server's certificate",
      async () => {
        const certificate = join(server.folder, "server.pem");
        const key = join(server.folder, "server.key");
        await runCommand(openssl ?? "", [
          ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
          ...["-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
          ...["-addext", "subjectAltName=DNS:localhost"],
        ]);
        server.giveAway("server.pem", "server.key");
        await server.stop();
        await server.run(
          "ssl=on",
          `ssl_cert_file=${certificate}`,
          `ssl_key_file=${key}`,
        );
        const url = (host: string, query: string): string =>
          `${server.url("pki", "publisher", PASSWORD).replace("@127.0.0.1", `@${host}`)}?${query}`;

        for (const refused of [
          url("localhost", "sslmode=require"),
          url("127.0.0.1", `sslmode=verify-full&sslrootcert=${certificate}`),
        ]) {
          const error = await failure(
            PostgresInventory.connect(refused, "fleet"),
          );
          expect(error.kind).toBe("tls");
          expect(error.message).toContain("sslrootcert");
        }
        const postgres = await PostgresInventory.connect(
          url("localhost", `sslmode=verify-full&sslrootcert=${certificate}`),
          "fleet",
        );
        expect(await postgres.head()).toBeDefined();
        await postgres.close();
      },
    );
  },
);
