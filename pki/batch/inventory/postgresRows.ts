import { OctetColumn } from "./octetColumn";
import type { SQLOutputValue } from "node:sqlite";
import type { InventoryDatabase } from "./database";
import { HASH_LENGTH, SERIAL_NUMBER_LENGTH, hashRows } from "./issuedRows";
import type { IssuedRows } from "./issuedRows";
import { PostgresError, PostgresFailure } from "./postgresErrors";
import type { BundleRecord } from "./bundleRecord";

/** One certificate on its way into {@link BundleRows}. */
export interface CertificateRow {
  readonly id: string;
  readonly position: number;
  readonly serialNumber: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly renewAt: number;
  readonly sha256: Uint8Array;
  readonly credentialsId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly order: Uint8Array;
}

/** Gathers the certificates of one bundle in their order, and checks that they are the ones that were issued. */
export class BundleRows {
  private readonly rows: Omit<IssuedRows, "publicKeys"> & {
    readonly ids: string[];
    readonly orders: Uint8Array[];
  };
  private readonly publicKeys: Uint8Array[] = [];
  private isWhole = true;

  constructor(private readonly bundle: BundleRecord) {
    const { devices } = bundle;
    this.rows = {
      ids: [],
      serialNumbers: new Uint8Array(devices * SERIAL_NUMBER_LENGTH),
      notBefore: new Float64Array(devices),
      notAfter: new Float64Array(devices),
      renewAt: new Float64Array(devices),
      sha256: new Uint8Array(devices * HASH_LENGTH),
      credentialsIds: new Uint8Array(devices * HASH_LENGTH),
      orders: [],
    };
  }

  get number(): number {
    return this.bundle.number;
  }

  add(row: CertificateRow): void {
    const { rows } = this;
    const index = rows.ids.length;
    if (
      row.position !== index ||
      index >= this.bundle.devices ||
      row.serialNumber.length !== SERIAL_NUMBER_LENGTH ||
      row.sha256.length !== HASH_LENGTH ||
      row.credentialsId.length !== HASH_LENGTH
    ) {
      this.isWhole = false;
      return;
    }
    rows.ids.push(row.id);
    rows.serialNumbers.set(row.serialNumber, index * SERIAL_NUMBER_LENGTH);
    rows.notBefore[index] = row.notBefore;
    rows.notAfter[index] = row.notAfter;
    rows.renewAt[index] = row.renewAt;
    rows.sha256.set(row.sha256, index * HASH_LENGTH);
    rows.credentialsIds.set(row.credentialsId, index * HASH_LENGTH);
    this.publicKeys.push(row.publicKey);
    rows.orders.push(row.order);
  }

  /** All of them; `undefined` where they are not those that the bundle was recorded with. */
  finish(): IssuedRows | undefined {
    const rows = {
      ...this.rows,
      publicKeys: OctetColumn.of(this.publicKeys),
    };
    return this.isWhole &&
      rows.ids.length === this.bundle.devices &&
      hashRows(rows) === this.bundle.rowsSha256
      ? rows
      : undefined;
  }
}

const COLUMNS =
  "bundle, position, id, serialNumber, notBefore, notAfter, renewAt, sha256, thingsBoardCredentialsId, publicKey, orderSha256";

/**
 * The certificates of bundles out of SQLite, bundle by bundle in the order of
 * their numbers: those that are valid now and those that were superseded. One
 * pass over the tables however many bundles there are.
 *
 * @param bundles in the order of their numbers, and all from the first one on
 */
export function* readBundles(
  inventory: InventoryDatabase,
  bundles: readonly BundleRecord[],
): Generator<IssuedRows> {
  const [first] = bundles;
  if (first === undefined) {
    return;
  }
  const ids = bundles
    .flatMap(({ firstId, lastId }) => [firstId, lastId])
    .sort();
  const statement = inventory.connection.prepare(
    // Where one bundle is missing, the range of its ids spares a pass over all devices.
    ["device", "superseded"]
      .map(
        (table) =>
          `SELECT ${COLUMNS} FROM ${table} WHERE bundle >= ?1 AND id BETWEEN ?2 AND ?3`,
      )
      .join(" UNION ALL ") + " ORDER BY bundle, position",
  );
  statement.setReturnArrays(true);
  const values = statement.iterate(
    first.number,
    ids[0] ?? "",
    ids.at(-1) ?? "",
  ) as unknown as Iterator<SQLOutputValue[]>;
  let value = values.next();
  for (const bundle of bundles) {
    const rows = new BundleRows(bundle);
    while (value.done !== true && value.value[0] === bundle.number) {
      rows.add(certificateRow(value.value));
      value = values.next();
    }
    const issued = rows.finish();
    if (issued === undefined) {
      throw new PostgresError(
        PostgresFailure.Changed,
        `Bundle ${bundle.number} of inventory.sqlite is not as it was issued: somebody changed, added or deleted a row. Take the file from a backup, or from PostgreSQL; nothing of this bundle was sent.`,
      );
    }
    yield issued;
  }
}

/** What comes out of {@link readBundles}, read while PostgreSQL is busy with the bundle before. */
export class ReadAhead {
  private ready: (() => IssuedRows | undefined) | undefined;

  constructor(private readonly bundles: Generator<IssuedRows>) {}

  /** Reads the next bundle; what is wrong with it is thrown by `take`. */
  prepare(): void {
    if (this.ready !== undefined) {
      return;
    }
    try {
      const next = this.bundles.next();
      const rows = next.done === true ? undefined : next.value;
      this.ready = () => rows;
    } catch (error) {
      this.ready = () => {
        throw error;
      };
    }
  }

  /** The next bundle; `undefined` after the last one. */
  take(): IssuedRows | undefined {
    this.prepare();
    const { ready } = this;
    this.ready = undefined;
    return ready?.();
  }

  /** Ends reading: otherwise SQLite would keep its file locked against writers. */
  end(): void {
    this.bundles.return(undefined);
  }
}

function certificateRow(values: readonly SQLOutputValue[]): CertificateRow {
  const octets = (index: number): Uint8Array => {
    const value = values[index];
    return value instanceof Uint8Array ? value : new Uint8Array(0);
  };
  return {
    position: Number(values[1]),
    id: String(values[2]),
    serialNumber: octets(3),
    notBefore: Number(values[4]),
    notAfter: Number(values[5]),
    renewAt: Number(values[6]),
    sha256: octets(7),
    credentialsId: octets(8),
    publicKey: octets(9),
    order: octets(10),
  };
}
