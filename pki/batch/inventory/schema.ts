/** Version of the schema below, kept in the table `batch`. */
export const FORMAT_VERSION = "1";

/** Whether a batch still issues for a device, and whether what it has is still to be trusted. */
export const Status = {
  Active: "active",
  /** The list names the device no more. */
  Removed: "removed",
  /** Removed, and to be listed as revoked (RFC 5280 §5). */
  Revoked: "revoked",
} as const;

/** The columns of one certificate, in the order of the tables. */
export const CERTIFICATE_COLUMNS = [
  "id",
  "bundle",
  "position",
  "serialNumber",
  "notBefore",
  "notAfter",
  "renewAt",
  "sha256",
  "thingsBoardCredentialsId",
  "publicKey",
  "orderSha256",
  "status",
] as const;

const CERTIFICATE = `
  bundle INTEGER NOT NULL REFERENCES bundle,
  position INTEGER NOT NULL,
  serialNumber BLOB NOT NULL,
  notBefore INTEGER NOT NULL,
  notAfter INTEGER NOT NULL,
  renewAt INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  thingsBoardCredentialsId BLOB NOT NULL,
  publicKey BLOB NOT NULL,
  orderSha256 BLOB NOT NULL,
  status TEXT NOT NULL`;

const iso = (column: string): string =>
  `strftime('%Y-%m-%dT%H:%M:%SZ', ${column}, 'unixepoch')`;

/**
 * The inventory of a large batch. `device` holds what each device has now,
 * `superseded` what it had before and what may still be valid; `inventory` is
 * the view for people and programs: texts in the place of octets.
 *
 * Dates are Unix seconds. `publicKey` is the DER of the SubjectPublicKeyInfo,
 * so that a renewal needs no private key. `orderSha256` stands for all that
 * was asked for; another one means that the certificate is to be issued anew.
 * `history` is a chain of hashes over all that was ever written here; the last
 * one is the batch's digest.
 */
export const SCHEMA = `
CREATE TABLE batch (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE bundle (
  number INTEGER PRIMARY KEY,
  issuer TEXT NOT NULL,
  generation TEXT NOT NULL,
  signedAt INTEGER NOT NULL,
  devices INTEGER NOT NULL,
  firstId TEXT NOT NULL,
  lastId TEXT NOT NULL,
  reissue TEXT NOT NULL,
  files TEXT NOT NULL,
  rowsSha256 TEXT NOT NULL
);
CREATE TABLE device (id TEXT PRIMARY KEY, ${CERTIFICATE}) WITHOUT ROWID;
CREATE TABLE superseded (id TEXT NOT NULL, ${CERTIFICATE}, PRIMARY KEY (bundle, position)) WITHOUT ROWID;
CREATE TABLE history (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  sha256 TEXT NOT NULL
);
CREATE VIEW inventory AS
SELECT id, lower(hex(serialNumber)) AS serialNumber, issuer, generation,
  ${iso("notBefore")} AS notBefore, ${iso("notAfter")} AS notAfter, ${iso("renewAt")} AS renewAt,
  lower(hex(sha256)) AS sha256, lower(hex(thingsBoardCredentialsId)) AS thingsBoardCredentialsId,
  bundle, status
FROM device JOIN bundle ON bundle.number = device.bundle;
`;

/** One of the files of a bundle. */
export interface BundleFile {
  /** `certificates`, `keys` or `keystores`. */
  readonly kind: string;
  /** Within the folder `bundles`: `000001-certificates.ndjson.zst`. */
  readonly name: string;
  readonly bytes: number;
  /** Over the file, lowercase hex. */
  readonly sha256: string;
}

/** A row of `bundle`. */
export interface BundleRow {
  readonly number: number;
  /** Key identifier of the CA that signed, lowercase hex. */
  readonly issuer: string;
  /** Which generation of it; empty where it has none. */
  readonly generation: string;
  /** Unix seconds. */
  readonly signedAt: number;
  readonly devices: number;
  readonly firstId: string;
  readonly lastId: string;
  /** The batch's `reissue` at the time; empty where there was none. */
  readonly reissue: string;
  readonly files: readonly BundleFile[];
  /** See `hashRows`. */
  readonly rowsSha256: string;
}
