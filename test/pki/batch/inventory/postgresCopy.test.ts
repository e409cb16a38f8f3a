import { OctetColumn } from "../../../../pki/batch/inventory/octetColumn";
import fc from "fast-check";
import type { IssuedRows } from "../../../../pki/batch/inventory/issuedRows";
import type { Fields } from "../../../../pki/batch/inventory/postgresCopy";
import {
  decodeDate,
  decodeRows,
  encodeRows,
} from "../../../../pki/batch/inventory/postgresCopy";
import { madeUpRows } from "../../../support/postgres";

async function decode(parts: readonly Buffer[]): Promise<Fields[]> {
  async function* deliver(): AsyncGenerator<Buffer> {
    for (const part of parts) {
      yield await Promise.resolve(part);
    }
  }
  const rows: Fields[] = [];
  for await (const some of decodeRows(deliver())) {
    rows.push(...some);
  }
  return rows;
}

/** The octets in parts of these lengths, over and over. */
function cut(octets: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < octets.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    parts.push(octets.subarray(at, at + length));
    at += length;
  }
  return parts;
}

function expectRows(decoded: readonly Fields[], rows: IssuedRows): void {
  expect(decoded).toHaveLength(rows.ids.length);
  for (const [index, fields] of decoded.entries()) {
    const part = (octets: Uint8Array, length: number): Buffer =>
      Buffer.from(octets.subarray(index * length, (index + 1) * length));
    const [id, position, serialNumber, ...others] = fields;
    expect(id?.toString("utf8")).toBe(rows.ids[index]);
    expect(position?.readInt32BE(0)).toBe(index);
    expect(serialNumber).toEqual(part(rows.serialNumbers, 17));
    expect(others.slice(0, 3).map(decodeDate)).toEqual([
      rows.notBefore[index],
      rows.notAfter[index],
      rows.renewAt[index],
    ]);
    expect(others.slice(3)).toEqual([
      part(rows.sha256, 32),
      part(rows.credentialsIds, 32),
      Buffer.from(rows.publicKeys.at(index)),
      Buffer.from(rows.orders[index] ?? []),
    ]);
  }
}

describe("rows in the binary format of COPY", () => {
  it("come back however they are cut, with any id, date and key", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            id: fc.string({ unit: "binary", maxLength: 64 }),
            date: fc.integer({ min: -2_000_000_000, max: 253_402_300_799 }),
            key: fc.uint8Array({ maxLength: 600 }),
          }),
          { maxLength: 30 },
        ),
        fc.array(fc.integer({ min: 1, max: 500 }), {
          minLength: 1,
          maxLength: 20,
        }),
        async (devices, lengths) => {
          const rows: IssuedRows = {
            ...madeUpRows("", 0, devices.length),
            ids: devices.map(({ id }) => id),
            notBefore: Float64Array.from(devices, ({ date }) => date),
            publicKeys: OctetColumn.of(devices.map(({ key }) => key)),
          };
          const octets = Buffer.concat([...encodeRows(rows)]);
          expectRows(await decode(cut(octets, lengths)), rows);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("fill many parts", async () => {
    const rows = madeUpRows("a", 0, 2000);
    const parts = [...encodeRows(rows)];
    expect(parts.length).toBeGreaterThan(2);
    expectRows(await decode(parts), rows);
  });

  it("keep a fraction of a second, so that a hash over it fits no more", () => {
    const field = Buffer.alloc(8);
    field.writeBigInt64BE(1n);
    expect(decodeDate(field)).not.toBe(946_684_800);
  });
});
