import { X509Certificate, createHash } from "node:crypto";
import fc from "fast-check";
import type { InventoryEntry } from "../../../pki/batch/inventory";
import {
  DeviceStatus,
  formatInventory,
  inventoryEntry,
  parseInventory,
} from "../../../pki/batch/inventory";
import { InputError } from "../../../pki/problem";
import { thingsBoardCredentialsId } from "../../../pki/thingsBoard";
import { issue, root } from "../support/authority";

const PATH = "out/inventory.csv";

const hex = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const date = fc
  .date({
    min: new Date("2026-01-01T00:00:00Z"),
    max: new Date("2126-01-01T00:00:00Z"),
    noInvalidDate: true,
  })
  .map((value) => `${value.toISOString().slice(0, 19)}Z`);

const entries: fc.Arbitrary<InventoryEntry[]> = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9._@/-]{1,64}$/),
    serialNumber: hex(34),
    notBefore: date,
    notAfter: date,
    sha256: hex(64),
    thingsBoardCredentialsId: hex(64),
    status: fc.constantFrom(DeviceStatus.Active, DeviceStatus.Removed),
  }),
  { selector: ({ id }) => id, maxLength: 20 },
);

test("an inventory reads back as it was written, sorted by id", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const read = parseInventory(formatInventory(list), PATH);
      expect(read.map((entry) => ({ ...entry }))).toEqual(
        list.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
      );
    }),
  );
});

test("the same entries make the same bytes, whatever their order", () => {
  fc.assert(
    fc.property(
      entries.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length }),
        ),
      ),
      ([list, shuffled]) => {
        expect(formatInventory(shuffled)).toBe(formatInventory(list));
      },
    ),
  );
});

test("the columns are those that are documented, one device a line", () => {
  expect(formatInventory([])).toBe(
    "id,serialNumber,notBefore,notAfter,sha256,thingsBoardCredentialsId,status\n",
  );
});

test("an entry says of a certificate what stands in it", async () => {
  const party = await issue(await root(), {
    subject: { commonName: "thermometer/1" },
  });
  const { raw } = new X509Certificate(party.certificatePem);
  expect(inventoryEntry("thermometer/1", party.certificatePem)).toEqual({
    id: "thermometer/1",
    serialNumber: party.serialNumber,
    notBefore: "2026-11-20T11:00:00Z",
    notAfter: "2027-02-18T12:00:00Z",
    sha256: createHash("sha256").update(raw).digest("hex"),
    thingsBoardCredentialsId: thingsBoardCredentialsId(party.certificatePem),
    status: "active",
  });
});

test("an end after 2049 is written as such", async () => {
  const party = await issue(await root({ validityDays: 36_000 }), {
    validityDays: 35_000,
  });
  expect(inventoryEntry("x", party.certificatePem).notAfter).toBe(
    "2122-09-18T12:00:00Z",
  );
});

test.each([
  ["a quote that is never closed", 'id\n"a\n'],
  ["a row cut short", formatInventory([]) + "a,12\n"],
  ["another file", "name,age\nx,3\n"],
  ["nothing", ""],
])("%s is refused by the file's name", (_what, text) => {
  expect(() => parseInventory(text, PATH)).toThrow(InputError);
  expect(() => parseInventory(text, PATH)).toThrow(
    /^out\/inventory\.csv: is damaged \(.*\); bring back the inventory/,
  );
});
