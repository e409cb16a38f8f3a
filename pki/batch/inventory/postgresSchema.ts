import type { PostgresConnection } from "./postgresConnection";
import { GRANT_READ, lockKey } from "./postgresConnection";
import { PostgresError, PostgresFailure, identifier } from "./postgresErrors";

/** Version of the tables below, kept in `mqtt_pki.version`. */
const VERSION = 1;

/** The columns of one certificate that a bundle brings, in the order they are sent and received. */
export const SENT_COLUMNS = [
  "id",
  "position",
  "serial_number",
  "not_before",
  "not_after",
  "renew_at",
  "sha256",
  "thingsboard_credentials_id",
  "public_key",
  "order_sha256",
] as const;

/** Octet order, as in SQLite, and faster to compare than a language's. */
const ID = `text COLLATE "C" NOT NULL`;

/** The table a bundle is sent to before it is merged. */
export const INCOMING = `
CREATE TEMPORARY TABLE mqtt_pki_incoming (
  id ${ID},
  position integer NOT NULL,
  serial_number bytea NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  renew_at timestamptz NOT NULL,
  sha256 bytea NOT NULL,
  thingsboard_credentials_id bytea NOT NULL,
  public_key bytea NOT NULL,
  order_sha256 bytea NOT NULL
) ON COMMIT DROP;`;

const CERTIFICATE = `
  batch ${ID},
  id ${ID},
  bundle integer NOT NULL,
  position integer NOT NULL,
  serial_number bytea NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  renew_at timestamptz NOT NULL,
  sha256 bytea NOT NULL,
  thingsboard_credentials_id bytea NOT NULL,
  public_key bytea NOT NULL,
  order_sha256 bytea NOT NULL,
  status text NOT NULL`;

const hex = (column: string): string => `encode(${column}, 'hex') AS ${column}`;

/**
 * The tables of inventories, in PostgreSQL: those of SQLite with the batch
 * first in each key.
 *
 * `batch.target` is the digest that the last run was on its way to: where it
 * is not the last of `history`, that run broke off. `batch.statuses_sha256`
 * covers what is not active, so that a change by hand is seen.
 */
const TABLES = `
CREATE TABLE mqtt_pki.version (version integer PRIMARY KEY);
CREATE TABLE mqtt_pki.batch (
  batch ${ID} PRIMARY KEY,
  settings json NOT NULL,
  target text NOT NULL,
  statuses_sha256 text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE mqtt_pki.bundle (
  batch ${ID},
  number integer NOT NULL,
  issuer text NOT NULL,
  generation text NOT NULL,
  signed_at timestamptz NOT NULL,
  devices integer NOT NULL,
  first_id text NOT NULL,
  last_id text NOT NULL,
  reissue text NOT NULL,
  files json NOT NULL,
  rows_sha256 text NOT NULL,
  record_sha256 text NOT NULL,
  PRIMARY KEY (batch, number)
);
CREATE TABLE mqtt_pki.device (${CERTIFICATE}, PRIMARY KEY (batch, id));
CREATE TABLE mqtt_pki.superseded (${CERTIFICATE}, PRIMARY KEY (batch, bundle, position));
CREATE TABLE mqtt_pki.history (
  batch ${ID},
  sequence integer NOT NULL,
  kind text NOT NULL,
  detail text NOT NULL,
  sha256 text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (batch, sequence)
);
CREATE VIEW mqtt_pki.inventory AS
SELECT d.batch, d.id, ${hex("serial_number")}, b.issuer, b.generation,
  d.not_before, d.not_after, d.renew_at, ${hex("sha256")}, ${hex("thingsboard_credentials_id")},
  d.bundle, d.status
FROM mqtt_pki.device d JOIN mqtt_pki.bundle b ON b.batch = d.batch AND b.number = d.bundle;
INSERT INTO mqtt_pki.version VALUES (${VERSION});
`;

/**
 * Whether there are tables of this version.
 *
 * @throws PostgresError where they are of a version that this one does not know
 */
export async function hasTables(
  connection: PostgresConnection,
): Promise<boolean> {
  const [found] = await connection.query(
    GRANT_READ,
    "SELECT to_regclass('mqtt_pki.version') IS NOT NULL AS made",
  );
  if (found?.made !== true) {
    return false;
  }
  const [row] = await connection.query(
    GRANT_READ,
    "SELECT max(version) AS version FROM mqtt_pki.version",
  );
  if (row?.version !== VERSION) {
    throw new PostgresError(
      PostgresFailure.Version,
      `The schema mqtt_pki in ${connection.server.text} has version ${String(row?.version)}, and this mqtt-pki knows ${VERSION} only; use the version of mqtt-pki that made it, or a newer one.`,
    );
  }
  return true;
}

/** Makes schema and tables where they are missing. */
export async function makeTables(
  connection: PostgresConnection,
): Promise<void> {
  if (await hasTables(connection)) {
    return;
  }
  const database = identifier(connection.server.database);
  const create = `GRANT CREATE ON DATABASE ${database} TO <role>`;
  await connection.transaction(
    create,
    `SELECT pg_advisory_xact_lock(${lockKey("schema")})`,
    async () => {
      const [schema] = await connection.query(
        create,
        "SELECT to_regnamespace('mqtt_pki') IS NOT NULL AS made",
      );
      if (schema?.made !== true) {
        await connection.query(create, "CREATE SCHEMA mqtt_pki");
      }
      // Another run may have made them while this one waited.
      if (!(await hasTables(connection))) {
        await connection.query(
          "GRANT USAGE, CREATE ON SCHEMA mqtt_pki TO <role>",
          TABLES,
        );
      }
    },
  );
}
