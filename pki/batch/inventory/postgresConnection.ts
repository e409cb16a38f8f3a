import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { ServerName } from "./postgresErrors";
import {
  PostgresError,
  PostgresFailure,
  connectProblem,
  statementProblem,
} from "./postgresErrors";

/** How long to wait for PostgreSQL. */
export interface PostgresOptions {
  /** Milliseconds until a connection stands. Default 15,000. */
  readonly connectTimeout?: number;
  /** Milliseconds for one statement, and without a word while rows are copied; half of it for another run of the batch. Default 120,000. */
  readonly timeout?: number;
}

const CONNECT_TIMEOUT = 15_000;
const TIMEOUT = 120_000;

/** What a role needs to write an inventory, once there are tables. */
export const GRANT_WRITE =
  "GRANT USAGE ON SCHEMA mqtt_pki TO <role>; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mqtt_pki TO <role>";

/** What a role needs to read one. */
export const GRANT_READ =
  "GRANT USAGE ON SCHEMA mqtt_pki TO <role>; GRANT SELECT ON ALL TABLES IN SCHEMA mqtt_pki TO <role>";

/** A connection to PostgreSQL whose errors say what to do and tell no secret. */
export class PostgresConnection {
  private constructor(
    private readonly client: Client,
    readonly server: ServerName,
    private readonly timeout: number,
  ) {}

  /**
   * @throws PostgresError where the text is no connection string, and for
   * everything that may go wrong until the server lets the role in
   */
  static async open(
    connectionString: string,
    { connectTimeout = CONNECT_TIMEOUT, timeout = TIMEOUT }: PostgresOptions,
  ): Promise<PostgresConnection> {
    const client = makeClient(
      readConnectionString(connectionString),
      connectTimeout,
    );
    // Whoever waits for a statement hears of a lost connection there; without a listener the process would end.
    client.on("error", () => undefined);
    const server = serverName(client, connectionString);
    try {
      await client.connect();
    } catch (error) {
      void quietly(client.end());
      throw connectProblem(error, server);
    }
    return new PostgresConnection(client, server, timeout);
  }

  async close(): Promise<void> {
    // A server that is gone never says goodbye.
    await Promise.race([
      quietly(this.client.end()),
      new Promise((resolve) => setTimeout(resolve, 2000).unref()),
    ]);
  }

  /**
   * The rows of one statement.
   *
   * @param grant what lets the role do it
   */
  async query(
    grant: string,
    sql: string,
    values?: readonly unknown[],
  ): Promise<QueryResultRow[]> {
    return this.guard(grant, async () => {
      const result = (await this.client.query(
        sql,
        values === undefined ? undefined : [...values],
      )) as { readonly rows?: QueryResultRow[] };
      // Several statements answer with several results, which nobody needs.
      return result.rows ?? [];
    });
  }

  /**
   * All or nothing of what `work` does.
   *
   * @param begin statements to begin with, after BEGIN and on one way to the server with it; no values
   * @param grant what lets the role do them
   */
  async transaction<T>(
    grant: string,
    begin: string,
    work: () => Promise<T>,
    mode = "",
  ): Promise<T> {
    try {
      await this.query(
        grant,
        `BEGIN ${mode}; SET LOCAL statement_timeout = ${this.timeout}; SET LOCAL lock_timeout = ${Math.ceil(this.timeout / 2)}; ${begin}`,
      );
      const result = await work();
      await this.query(grant, "COMMIT");
      return result;
    } catch (error) {
      // The error that counts is the one before.
      await quietly(this.query(grant, "ROLLBACK"));
      throw error;
    }
  }

  /** Sends what a `COPY … FROM STDIN` reads. */
  async send(
    grant: string,
    sql: string,
    parts: Iterable<Uint8Array>,
  ): Promise<void> {
    await this.guard(grant, () =>
      pipeline(parts, this.client.query(copyFrom(sql))),
    );
  }

  /** What a `COPY … TO STDOUT` writes, part by part. */
  async *receive(grant: string, sql: string): AsyncGenerator<Buffer> {
    const stream: Readable = this.client.query(copyTo(sql));
    const parts = stream[Symbol.asyncIterator]();
    let isWhole = false;
    try {
      for (;;) {
        const part = await this.guard(
          grant,
          () => parts.next() as Promise<IteratorResult<Buffer, undefined>>,
        );
        if (part.done === true) {
          isWhole = true;
          return;
        }
        yield part.value;
      }
    } finally {
      if (!isWhole) {
        // Whoever reads no further would leave the rest in the way of the next statement.
        void quietly(this.client.end());
      }
    }
  }

  /** What fails or takes too long, in words. */
  private async guard<T>(grant: string, work: () => Promise<T>): Promise<T> {
    // A server that is gone without a word never answers; TCP itself would wait for a quarter of an hour.
    const patience = this.timeout + 5000;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        void quietly(this.client.end());
        reject(
          new PostgresError(
            PostgresFailure.Lost,
            `${this.server.text} has not answered for ${patience / 1000} s. What it holds is whole up to the last bundle; run the same again, and it goes on from there.`,
          ),
        );
      }, patience);
    });
    try {
      return await Promise.race([work(), silence]);
    } catch (error) {
      throw statementProblem(error, this.server, grant);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A key for `pg_advisory_xact_lock`: a whole number of 64 bits. */
export function lockKey(text: string): string {
  return createHash("sha256")
    .update(`mqtt-pki ${text}`)
    .digest()
    .readBigInt64BE()
    .toString();
}

/** The connection string as a URL that the driver and this file read alike. */
function readConnectionString(text: string): URL {
  // Between "@" and "/" a URL has a host, but PostgreSQL takes a folder of sockets from ?host=.
  const whole = text.replace("@/", "@localhost/");
  const url =
    /^postgres(ql)?:\/\//.test(text) && URL.canParse(whole)
      ? new URL(whole)
      : undefined;
  // A password with "/", "?" or "#" ends the host too early: what follows would be taken for the database's name.
  if (url?.hash !== "" || (url.pathname + url.search).includes("@")) {
    throw new PostgresError(
      PostgresFailure.ConnectionString,
      "The connection string is no URL of PostgreSQL; write postgresql://role:password@host:5432/database, and what a URL reserves with % (@ is %40, / is %2F, : is %3A, # is %23, ? is %3F).",
    );
  }
  // The driver treats these as verify-full too, but warns at every run.
  if (
    /^(prefer|require|verify-ca)$/.test(
      url.searchParams.get("sslmode") ?? "",
    ) &&
    url.searchParams.get("uselibpqcompat") !== "true"
  ) {
    url.searchParams.set("sslmode", "verify-full");
  }
  return url;
}

function makeClient(url: URL, connectTimeout: number): Client {
  const client = newClient(url, connectTimeout);
  // The driver would fail in a way that ends the process later.
  const port = client?.port ?? 0;
  if (client === undefined || !(port > 0 && port < 65_536)) {
    throw new PostgresError(
      PostgresFailure.ConnectionString,
      "The connection string cannot be read: its port is no number, a % in it begins no escape, or a file that sslrootcert, sslcert or sslkey names is missing.",
    );
  }
  return client;
}

function newClient(url: URL, connectTimeout: number): Client | undefined {
  try {
    return new Client({
      application_name: "mqtt-pki",
      connectionString: url.href,
      connectionTimeoutMillis: connectTimeout,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
  } catch {
    // Files of certificates are read here too. The driver's error may hold the whole text.
    return undefined;
  }
}

function serverName(client: Client, connectionString: string): ServerName {
  const { username, password } = readConnectionString(connectionString);
  const place = client.host.startsWith("/")
    ? client.host
    : `${client.host}:${client.port}`;
  return {
    text: `database ${JSON.stringify(client.database ?? "")} at ${place}`,
    database: client.database ?? "",
    secrets: [
      connectionString,
      username,
      password,
      client.user ?? "",
      // From the environment, where the connection string has none.
      client.password ?? "",
    ].filter((secret) => secret !== ""),
  };
}

async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // Nobody is left to whom it would matter.
  }
}
