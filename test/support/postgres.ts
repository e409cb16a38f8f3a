import { OctetColumn } from "../../pki/batch/inventory/octetColumn";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import { InventoryDatabase } from "../../pki/batch/inventory/database";
import type { IssuedRows } from "../../pki/batch/inventory/issuedRows";
import { hashRows } from "../../pki/batch/inventory/issuedRows";
import { findProgram, isExecutable } from "./command";

/** Password of the role `postgres`. */
const ADMINISTRATOR = "the administrator's password";

/** The folder with `postgres` and `initdb`, `undefined` where this machine lacks them. Debian has them outside PATH. */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const inPath = findProgram("initdb")?.replace(/\/initdb$/, "");
  return [
    ...(inPath === undefined ? [] : [inPath]),
    ...versions.sort().map((version) => join(debian, version, "bin")),
  ].findLast(
    (folder) =>
      isExecutable(join(folder, "postgres")) &&
      isExecutable(join(folder, "initdb")),
  );
}

/** A PostgreSQL of this test's own on a free port of the loopback interface, with passwords. */
export class PostgresServer {
  private constructor(
    private readonly programs: string,
    readonly folder: string,
    readonly port: number,
    private process: ChildProcess | undefined,
  ) {}

  /** @param programs see {@link findPostgres} */
  static async start(programs: string): Promise<PostgresServer> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "postgres-")));
    const server = new PostgresServer(
      programs,
      folder,
      await freePort(),
      undefined,
    );
    const password = join(folder, "password");
    writeFileSync(password, ADMINISTRATOR);
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    server.giveAway("", "data", "password");
    try {
      await server.end(
        server.spawn("initdb", [
          ...["-D", join(folder, "data"), "-U", "postgres", "-E", "UTF8"],
          ...["--no-locale", "--no-sync", "--auth=scram-sha-256"],
          `--pwfile=${password}`,
        ]),
      );
      await server.run();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Starts the server on the port it had, and waits until it answers. */
  async run(...settings: readonly string[]): Promise<void> {
    const { folder, port } = this;
    this.process = this.spawn("postgres", [
      ...["-D", join(folder, "data"), "-p", String(port), "-k", folder],
      ...["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
      ...settings.flatMap((setting) => ["-c", setting]),
    ]);
    const end = Date.now() + 30_000;
    for (;;) {
      try {
        await this.query("SELECT 1");
        return;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Ends the server, and with it every connection. */
  async stop(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    if (process?.exitCode === null) {
      const ended = new Promise((resolve) => process.once("exit", resolve));
      // "Immediate shutdown".
      process.kill("SIGQUIT");
      await ended;
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The administrator's connection string, or another role's. */
  url(
    database = "postgres",
    role = "postgres",
    password = ADMINISTRATOR,
  ): string {
    return `postgresql://${encodeURIComponent(role)}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** What a statement answers; by the administrator unless told otherwise. */
  async query(
    sql: string,
    database = "postgres",
    values: unknown[] = [],
  ): Promise<QueryResultRow[]> {
    const client = new Client({ connectionString: this.url(database) });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query<QueryResultRow>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Files of the folder become those of the user whom the server runs as. */
  giveAway(...names: readonly string[]): void {
    const user = serverUser();
    for (const name of names) {
      if (user !== undefined) {
        chownSync(join(this.folder, name), user.uid, user.gid);
      }
    }
  }

  private spawn(name: string, args: readonly string[]): ChildProcess {
    return spawn(join(this.programs, name), args, {
      ...serverUser(),
      cwd: this.folder,
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      stdio: "ignore",
    });
  }

  private end(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => {
        if (code === 0) {
          resolve();
        } else {
          reject(new Error(`initdb ends with ${String(code)}`));
        }
      });
    });
  }
}

/** PostgreSQL refuses to run as root. */
function serverUser():
  { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found = ["postgres", "nobody"]
    .map((name) => users.find(([user]) => user === name))
    .find((user) => user !== undefined);
  return found === undefined
    ? undefined
    : { uid: Number(found[2]), gid: Number(found[3]) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
      });
    });
  });
}

/** Made-up certificates of devices `<prefix><number>`; others for each `salt`. */
export function madeUpRows(
  prefix: string,
  first: number,
  count: number,
  salt = "",
): IssuedRows {
  const ids = Array.from(
    { length: count },
    (_, index) => `${prefix}${String(first + index).padStart(8, "0")}`,
  );
  const octets = (length: number, kind: string): Uint8Array =>
    createHash("shake256", { outputLength: length })
      .update(`${kind} ${salt} ${prefix} ${first}`)
      .digest();
  const parts = (length: number, kind: string): Uint8Array[] => {
    const all = octets(count * length, kind);
    return ids.map((_, index) =>
      all.subarray(index * length, (index + 1) * length),
    );
  };
  return {
    ids,
    serialNumbers: octets(count * 17, "serial number"),
    notBefore: new Float64Array(count).fill(1_795_000_000),
    // 9999-12-31T23:59:59Z: no end is known (RFC 5280 §4.1.2.5).
    notAfter: Float64Array.from(ids, (_, index) =>
      index % 2 === 0 ? 253_402_300_799 : 1_900_000_000 + index,
    ),
    renewAt: new Float64Array(count).fill(1_850_000_000),
    sha256: octets(count * 32, "certificate"),
    credentialsIds: octets(count * 32, "credentials id"),
    publicKeys: OctetColumn.of(parts(91, "public key")),
    orders: parts(32, "order"),
  };
}

/** Adds a bundle to an inventory, as issuing does. */
export function addMadeUpBundle(
  inventory: InventoryDatabase,
  rows: IssuedRows,
  replaces = false,
): void {
  const number = inventory.nextBundle();
  inventory.addBundle(
    {
      number,
      issuer: "0a1b2c",
      generation: "g1",
      signedAt: 1_795_000_000 + number,
      devices: rows.ids.length,
      firstId: rows.ids[0] ?? "",
      lastId: rows.ids.at(-1) ?? "",
      reissue: "",
      files: [
        {
          kind: "certificates",
          name: `${number}-certificates.ndjson.zst`,
          bytes: 1000 + number,
          sha256: hashRows(rows),
        },
      ],
      rowsSha256: hashRows(rows),
    },
    rows,
    replaces,
  );
}

/** All that an inventory holds. */
export function dumpInventory(inventory: InventoryDatabase): unknown {
  const order = {
    batch: "key",
    bundle: "number",
    device: "id",
    superseded: "bundle, position",
    history: "sequence",
    inventory: "id",
  };
  return Object.fromEntries(
    Object.entries(order).map(([table, columns]) => [
      table,
      inventory.connection
        .prepare(`SELECT * FROM ${table} ORDER BY ${columns}`)
        .all(),
    ]),
  );
}
