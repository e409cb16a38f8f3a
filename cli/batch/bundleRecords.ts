import type { StatementSync } from "node:sqlite";
import type { InventoryDatabase } from "../../pki/batch/inventory/database";
import { HASH_LENGTH } from "../../pki/batch/inventory/issuedRows";
import type { BundleRow } from "../../pki/batch/inventory/schema";

/** What the inventory says of one certificate. */
export interface CertificateRecord {
  readonly position: number;
  /** Uppercase hex, as Node writes it. */
  readonly serialNumber: string;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly sha256: Uint8Array;
  readonly credentialsId: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Of the device; `superseded` where it has another certificate now. */
  readonly status: string;
}

// One blob a row is much faster than three. Numbers beyond 2^53 would stop the reading.
const COLUMNS = `CAST(bundle AS REAL), CAST(position AS REAL), hex(serialNumber),
  CAST(notBefore AS REAL), CAST(notAfter AS REAL),
  CAST(sha256 || thingsBoardCredentialsId || publicKey AS BLOB)`;

type Row = readonly [
  number,
  number,
  string,
  number,
  number,
  Uint8Array,
  string,
];

/** The inventory's rows for the certificates of one bundle. */
export class BundleRecords {
  private readonly device: StatementSync;
  /** Those of this bundle whose devices have another certificate now, by id; few, or whole bundles of old ones. */
  private readonly superseded = new Map<string, CertificateRecord>();

  constructor(
    private readonly inventory: InventoryDatabase,
    private readonly bundle: BundleRow,
  ) {
    this.device = inventory.prepare(
      `SELECT ${COLUMNS}, status FROM device WHERE id = ?`,
    );
    this.device.setReturnArrays(true);
    const superseded = inventory.prepare(
      `SELECT ${COLUMNS}, 'superseded', id FROM superseded WHERE bundle = ?`,
    );
    superseded.setReturnArrays(true);
    for (const values of superseded.iterate(bundle.number)) {
      const row = values as unknown as Row;
      this.superseded.set(String(row.at(-1)), record(row));
    }
  }

  /** What this bundle's certificate for a device is to be; `undefined` where the inventory knows of none. */
  find(id: string): CertificateRecord | undefined {
    const row = this.device.get(id) as unknown as Row | undefined;
    return row?.[0] === this.bundle.number
      ? record(row)
      : this.superseded.get(id);
  }

  /** The device that stands at a position of this bundle, where the inventory still knows; looks at every row. */
  idAt(position: number): string | undefined {
    const row = this.inventory
      .prepare(
        `SELECT id FROM device WHERE bundle = ?1 AND position = ?2
         UNION ALL SELECT id FROM superseded WHERE bundle = ?1 AND position = ?2`,
      )
      .get(this.bundle.number, position);
    return row === undefined ? undefined : String(row.id);
  }
}

function record(row: Row): CertificateRecord {
  const [, position, serialNumber, notBefore, notAfter, octets, status] = row;
  return {
    position,
    serialNumber,
    notBefore,
    notAfter,
    sha256: octets.subarray(0, HASH_LENGTH),
    credentialsId: octets.subarray(HASH_LENGTH, 2 * HASH_LENGTH),
    publicKey: octets.subarray(2 * HASH_LENGTH),
    status,
  };
}
