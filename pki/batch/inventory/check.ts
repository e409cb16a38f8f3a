import { OctetColumn } from "./octetColumn";
import { quote } from "../../problem";
import type { BundleRecord } from "./bundleRecord";
import { bundleDetail } from "./bundleRecord";
import type { InventoryDatabase } from "./database";
import type { Finding } from "./finding";
import { Findings } from "./finding";
import type { IssuedRows } from "./issuedRows";
import { HASH_LENGTH, SERIAL_NUMBER_LENGTH, hashRows } from "./issuedRows";
import { FORMAT_VERSION } from "./schema";

const PLACE = "inventory.sqlite";

const BRING_BACK =
  "bring back inventory.sqlite as the last update left it, from a copy of the folder";

/** Missing rows that a message names one by one. */
const NAMED = 5;

/**
 * Finds what somebody changed in an inventory by hand: rows that were added,
 * deleted or edited, bundles that are not those of the history, a chain of
 * hashes that is not whole. Reads every row once, and holds one bundle's rows
 * in memory.
 *
 * @returns empty where the inventory is as the last update left it
 */
export function checkInventory(inventory: InventoryDatabase): Finding[] {
  const findings = new Findings();
  const version = inventory.formatVersion();
  if (version !== FORMAT_VERSION) {
    findings.add(
      "unknown-inventory",
      PLACE,
      version === undefined
        ? `is no inventory of a batch; ${BRING_BACK}.`
        : `has format version ${quote(version)}, and this program reads ${FORMAT_VERSION}; use the version of mqtt-pki that wrote it.`,
    );
    return findings.list();
  }
  // As they stand there: the list of files may have been made unreadable.
  const bundles = new Map(
    [...inventory.rows("SELECT * FROM bundle ORDER BY number")].map((row) => [
      Number(row.number),
      row as unknown as BundleRecord,
    ]),
  );
  checkHistory(inventory, bundles, findings);
  checkInactive(inventory, findings);
  checkRows(inventory, bundles, findings);
  return findings.list();
}

/**
 * Finds serial numbers that more than one certificate of the inventory has;
 * there are none unless somebody copied rows.
 */
export function checkSerialNumbers(inventory: InventoryDatabase): Finding[] {
  const findings = new Findings();
  const repeated = inventory.connection
    .prepare(
      `SELECT lower(hex(serialNumber)) AS serialNumber, count(*) AS count, min(id) AS one, max(id) AS other
       FROM (SELECT serialNumber, id FROM device UNION ALL SELECT serialNumber, id FROM superseded)
       GROUP BY 1 HAVING count(*) > 1`,
    )
    .iterate();
  for (const { serialNumber, count, one, other } of repeated) {
    findings.add(
      "serial-number-twice",
      PLACE,
      `has serial number ${String(serialNumber)} ${Number(count)} times, for ${quote(one)} and ${quote(other)}; ${BRING_BACK}.`,
    );
  }
  return findings.list();
}

function checkHistory(
  inventory: InventoryDatabase,
  bundles: ReadonlyMap<number, BundleRecord>,
  findings: Findings,
): void {
  if (!inventory.isChainWhole()) {
    findings.add(
      "history-changed",
      PLACE,
      `has a history whose chain of hashes is not whole: an entry was changed or deleted; ${BRING_BACK}.`,
    );
  }
  const known = new Set<number>();
  const entries = inventory.rows(
    "SELECT detail FROM history WHERE kind = 'bundle' ORDER BY sequence",
  );
  for (const { detail } of entries) {
    const [number = ""] = String(detail).split(" ");
    const bundle = bundles.get(Number(number));
    known.add(Number(number));
    if (bundle === undefined) {
      findings.add(
        "bundle-missing",
        `bundle ${number}`,
        `stands in the history, and the table of bundles has it no more; ${BRING_BACK}.`,
      );
    } else if (bundleDetail(bundle) !== detail) {
      findings.add(
        "bundle-changed",
        `bundle ${number}`,
        `is another one in the table of bundles than in the history; ${BRING_BACK}.`,
      );
    }
  }
  for (const number of bundles.keys()) {
    if (!known.has(number)) {
      findings.add(
        "bundle-unknown",
        `bundle ${number}`,
        `stands in the table of bundles, and no update wrote it into the history; ${BRING_BACK}.`,
      );
    }
  }
}

function checkInactive(inventory: InventoryDatabase, findings: Findings): void {
  if (inventory.setting("inactiveSha256") !== inventory.hashInactive()) {
    findings.add(
      "status-changed",
      PLACE,
      `has devices whose status (removed, revoked) no update gave them, or took away; ${BRING_BACK}. To remove a device, take it out of the list of devices.`,
    );
  }
}

type Row = readonly [
  bundle: number,
  position: number,
  id: string,
  notBefore: number,
  notAfter: number,
  renewAt: number,
  /** Serial number, SHA-256, credentials id, order and public key, one after the other. */
  octets: Uint8Array,
  /** 1 where all of these have the type and length they are written with. */
  shaped: number,
];

const HASHES = ["sha256", "thingsBoardCredentialsId", "orderSha256"] as const;

const DATES = ["notBefore", "notAfter", "renewAt"] as const;

/** Whatever a number is, it comes out as one: of integers, those beyond 2^53 would stop the reading. */
const real = (column: string): string => `CAST(${column} AS REAL)`;

const isBlob = (column: string, length: number): string =>
  `typeof(${column}) = 'blob' AND length(${column}) = ${length}`;

// SQLite keeps in a column whatever it is given. One blob a row: five would take Node longer than all the hashing.
const COLUMNS = `${["bundle", "position"].map(real).join(", ")}, CAST(id AS TEXT), ${DATES.map(real).join(", ")},
  CAST(serialNumber || ${HASHES.join(" || ")} || publicKey AS BLOB),
  ${isBlob("serialNumber", SERIAL_NUMBER_LENGTH)}
    AND ${HASHES.map((column) => isBlob(column, HASH_LENGTH)).join(" AND ")}
    AND typeof(publicKey) = 'blob' AND typeof(id) = 'text'
    AND ${["position", ...DATES].map((column) => `typeof(${column}) = 'integer'`).join(" AND ")}`;

/** SQLite sorts in files of its own; here stands one bundle at a time. */
function checkRows(
  inventory: InventoryDatabase,
  bundles: ReadonlyMap<number, BundleRecord>,
  findings: Findings,
): void {
  const statement = inventory.connection.prepare(
    `SELECT ${COLUMNS} FROM device UNION ALL SELECT ${COLUMNS} FROM superseded ORDER BY 1, 2`,
  );
  statement.setReturnArrays(true);
  const seen = new Set<number>();
  let current: BundleRows | undefined;
  for (const values of statement.iterate()) {
    const row = values as unknown as Row;
    if (current?.number !== row[0]) {
      current?.check(findings);
      current = new BundleRows(row[0], bundles.get(row[0]));
      seen.add(row[0]);
    }
    current.add(row);
  }
  current?.check(findings);
  for (const bundle of bundles.values()) {
    if (!seen.has(bundle.number) && bundle.devices > 0) {
      new BundleRows(bundle.number, bundle).check(findings);
    }
  }
}

/** The rows of one bundle, by column. */
class BundleRows {
  private readonly capacity: number;
  private count = 0;
  /** Rows at a position where one stands already, or where none may. */
  private readonly surplus: string[] = [];
  private surplusCount = 0;
  private readonly misshapen: string[] = [];
  private readonly ids: string[] = [];
  private readonly positions: number[] = [];
  private readonly publicKeys: Uint8Array[] = [];
  private readonly orders: Uint8Array[] = [];
  private readonly serialNumbers: Uint8Array;
  private readonly hashes: Uint8Array;
  private readonly credentialsIds: Uint8Array;
  private readonly dates: readonly [Float64Array, Float64Array, Float64Array];

  constructor(
    readonly number: number,
    private readonly bundle: BundleRecord | undefined,
  ) {
    this.capacity = bundle?.devices ?? 0;
    this.serialNumbers = new Uint8Array(this.capacity * SERIAL_NUMBER_LENGTH);
    this.hashes = new Uint8Array(this.capacity * HASH_LENGTH);
    this.credentialsIds = new Uint8Array(this.capacity * HASH_LENGTH);
    this.dates = [
      new Float64Array(this.capacity),
      new Float64Array(this.capacity),
      new Float64Array(this.capacity),
    ];
  }

  add(row: Row): void {
    const [, position, id] = row;
    const before = this.positions.at(-1) ?? -1;
    if (position <= before || position >= this.capacity) {
      this.surplusCount += 1;
      if (this.surplus.length < NAMED) {
        this.surplus.push(id);
      }
      return;
    }
    this.ids.push(id);
    this.positions.push(position);
    if (row[7] !== 1) {
      this.misshapen.push(id);
      return;
    }
    const index = this.count;
    this.count += 1;
    this.dates[0][index] = row[3];
    this.dates[1][index] = row[4];
    this.dates[2][index] = row[5];
    const octets = row[6];
    const [serialEnd, sha256End] = [
      SERIAL_NUMBER_LENGTH,
      SERIAL_NUMBER_LENGTH + HASH_LENGTH,
    ];
    const credentialsEnd = sha256End + HASH_LENGTH;
    const orderEnd = credentialsEnd + HASH_LENGTH;
    this.serialNumbers.set(
      octets.subarray(0, serialEnd),
      index * SERIAL_NUMBER_LENGTH,
    );
    this.hashes.set(octets.subarray(serialEnd, sha256End), index * HASH_LENGTH);
    this.credentialsIds.set(
      octets.subarray(sha256End, credentialsEnd),
      index * HASH_LENGTH,
    );
    this.orders.push(octets.subarray(credentialsEnd, orderEnd));
    this.publicKeys.push(octets.subarray(orderEnd));
  }

  check(findings: Findings): void {
    const place = `bundle ${this.number}`;
    if (this.surplusCount > 0) {
      findings.add(
        "rows-added",
        place,
        `${this.bundle === undefined ? "is in no table of bundles, and" : `has ${this.capacity} certificates, and beside them`} ${rows(this.surplusCount)} that no update wrote: ${some(this.surplus, this.surplusCount)}; ${BRING_BACK}.`,
      );
    }
    if (this.bundle === undefined) {
      return;
    }
    const missing = this.capacity - this.positions.length;
    if (missing > 0) {
      findings.add(
        "rows-missing",
        place,
        `lacks ${missing} of its ${this.capacity} rows: ${this.gaps(missing)}; ${BRING_BACK}.`,
      );
    } else if (this.misshapen.length > 0) {
      findings.add(
        "rows-changed",
        place,
        `has ${rows(this.misshapen.length)} that no update wrote so: ${some(this.misshapen.slice(0, NAMED), this.misshapen.length)}; ${BRING_BACK}.`,
      );
    } else if (hashRows(this.issued()) !== this.bundle.rowsSha256) {
      findings.add(
        "rows-changed",
        place,
        `has rows that were changed (their SHA-256 is not the one of the update); \`batch verify\` says which, and what else they say; ${BRING_BACK}.`,
      );
    } else if (
      this.ids[0] !== this.bundle.firstId ||
      this.ids.at(-1) !== this.bundle.lastId
    ) {
      findings.add(
        "bundle-changed",
        place,
        `goes from ${quote(this.ids[0])} to ${quote(this.ids.at(-1))}, and the table of bundles says from ${quote(this.bundle.firstId)} to ${quote(this.bundle.lastId)}; ${BRING_BACK}.`,
      );
    }
  }

  private issued(): IssuedRows {
    const [notBefore, notAfter, renewAt] = this.dates;
    return {
      ids: this.ids,
      serialNumbers: this.serialNumbers,
      notBefore,
      notAfter,
      renewAt,
      sha256: this.hashes,
      credentialsIds: this.credentialsIds,
      publicKeys: OctetColumn.of(this.publicKeys),
      orders: this.orders,
    };
  }

  /** Which positions are missing, and between whom: who stood there is not known any more. */
  private gaps(missing: number): string {
    const gaps: string[] = [];
    let named = 0;
    for (
      let index = 0;
      index <= this.positions.length && gaps.length < NAMED;
      index += 1
    ) {
      const from = (this.positions[index - 1] ?? -1) + 1;
      const to = (this.positions[index] ?? this.capacity) - 1;
      if (from <= to) {
        named += to - from + 1;
        gaps.push(
          `${from === to ? `position ${from}` : `positions ${from} to ${to}`} (${this.between(index)})`,
        );
      }
    }
    return `${gaps.join(", ")}${named < missing ? `, and ${missing - named} more` : ""}`;
  }

  private between(index: number): string {
    const [before, after] = [this.ids[index - 1], this.ids[index]];
    if (before === undefined && after === undefined) {
      return `from ${quote(this.bundle?.firstId)} to ${quote(this.bundle?.lastId)}`;
    }
    if (before === undefined) {
      return this.positions[0] === 1
        ? quote(this.bundle?.firstId)
        : `from ${quote(this.bundle?.firstId)} to before ${quote(after)}`;
    }
    return after === undefined
      ? `after ${quote(before)}, to ${quote(this.bundle?.lastId)}`
      : `between ${quote(before)} and ${quote(after)}`;
  }
}

function rows(count: number): string {
  return count === 1 ? "one row" : `${count} rows`;
}

function some(named: readonly string[], count: number): string {
  const list = named.map((id) => quote(id)).join(", ");
  return count > named.length
    ? `${list} and ${count - named.length} more`
    : list;
}
