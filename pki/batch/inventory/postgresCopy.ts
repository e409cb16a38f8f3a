import { HASH_LENGTH, SERIAL_NUMBER_LENGTH } from "./issuedRows";
import type { IssuedRows } from "./issuedRows";

// The binary format of COPY: a signature, flags and an extension of no octets;
// then each row as the number of its fields, and each field behind its length;
// then -1 (PostgreSQL, COPY, "Binary Format"). As text each octet would go over
// the line twice.
const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const FIELDS = 10;
const END = -1;

/** Octets of one part: large enough for few calls, small enough to be nothing in memory. */
const PART = 262_144;

/** 2000-01-01T00:00:00Z, where PostgreSQL's dates begin, in Unix seconds. */
const EPOCH = 946_684_800;

const MICROSECONDS = 1_000_000n;

/** The rows of one bundle as a `COPY … FROM STDIN (FORMAT binary)` reads them, see `SENT_COLUMNS`. */
export function* encodeRows(rows: IssuedRows): Generator<Buffer> {
  let part = Buffer.allocUnsafe(PART);
  let at = HEADER.copy(part);
  const dates = new Dates();
  for (let index = 0; index < rows.ids.length; index += 1) {
    const id = rows.ids[index] ?? "";
    const publicKey = rows.publicKeys.at(index);
    const order = rows.orders[index] ?? new Uint8Array(0);
    const most =
      3 * id.length + publicKey.length + order.length + FIELDS * 4 + 300;
    if (at + most > part.length) {
      yield part.subarray(0, at);
      part = Buffer.allocUnsafe(Math.max(PART, most));
      at = 0;
    }
    at = part.writeInt16BE(FIELDS, at);
    const length = part.write(id, at + 4);
    at = part.writeInt32BE(length, at) + length;
    at = part.writeInt32BE(index, part.writeInt32BE(4, at));
    at = put(part, at, rows.serialNumbers, index, SERIAL_NUMBER_LENGTH);
    at = dates.write(part, at, rows.notBefore[index] ?? 0);
    at = dates.write(part, at, rows.notAfter[index] ?? 0);
    at = dates.write(part, at, rows.renewAt[index] ?? 0);
    at = put(part, at, rows.sha256, index, HASH_LENGTH);
    at = put(part, at, rows.credentialsIds, index, HASH_LENGTH);
    at = put(part, at, publicKey, 0, publicKey.length);
    at = put(part, at, order, 0, order.length);
  }
  yield part.subarray(0, at);
  const end = Buffer.alloc(2);
  end.writeInt16BE(END);
  yield end;
}

/** A field: its length, and the octets of a row out of those of all. */
function put(
  part: Buffer,
  at: number,
  octets: Uint8Array,
  index: number,
  length: number,
): number {
  const start = part.writeInt32BE(length, at);
  part.set(octets.subarray(index * length, (index + 1) * length), start);
  return start + length;
}

/** Dates of a bundle are mostly the same few; a BigInt each would take as long as the rest of the row. */
class Dates {
  private readonly known = new Map<number, bigint>();

  write(part: Buffer, at: number, seconds: number): number {
    let value = this.known.get(seconds);
    if (value === undefined) {
      value = BigInt(seconds - EPOCH) * MICROSECONDS;
      if (this.known.size < 1000) {
        this.known.set(seconds, value);
      }
    }
    return part.writeBigInt64BE(value, part.writeInt32BE(8, at));
  }
}

/** The fields of one row, as they came. */
export type Fields = readonly Buffer[];

/**
 * The rows that a `COPY … TO STDOUT (FORMAT binary)` writes; however it is
 * cut into parts. NULL is an empty field: no column here may be NULL.
 */
export async function* decodeRows(
  parts: AsyncIterable<Buffer>,
): AsyncGenerator<readonly Fields[]> {
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  for await (const part of parts) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    if (!isBegun) {
      if (rest.length < HEADER.length) {
        continue;
      }
      rest = rest.subarray(HEADER.length);
      isBegun = true;
    }
    const rows: Fields[] = [];
    for (;;) {
      const row = decodeRow(rest);
      if (row === undefined) {
        break;
      }
      rows.push(row.fields);
      rest = rest.subarray(row.length);
    }
    if (rows.length > 0) {
      yield rows;
    }
  }
}

/** The first row of these octets; `undefined` where it is not whole, or the end. */
function decodeRow(
  octets: Buffer,
): { readonly fields: Fields; readonly length: number } | undefined {
  if (octets.length < 2) {
    return undefined;
  }
  const count = octets.readInt16BE(0);
  if (count === END) {
    return undefined;
  }
  const fields: Buffer[] = [];
  let at = 2;
  for (let index = 0; index < count; index += 1) {
    if (at + 4 > octets.length) {
      return undefined;
    }
    const length = Math.max(0, octets.readInt32BE(at));
    at += 4;
    if (at + length > octets.length) {
      return undefined;
    }
    fields.push(octets.subarray(at, at + length));
    at += length;
  }
  return { fields, length: at };
}

/** Unix seconds of a `timestamptz`; with a fraction where somebody changed it by hand. */
export function decodeDate(field: Buffer): number {
  const microseconds = field.readBigInt64BE(0);
  const seconds = microseconds / MICROSECONDS;
  return seconds * MICROSECONDS === microseconds
    ? Number(seconds) + EPOCH
    : Number(microseconds) / 1e6 + EPOCH;
}
