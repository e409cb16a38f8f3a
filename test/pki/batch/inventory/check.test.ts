import { randomUUID } from "node:crypto";
import { join } from "node:path";
import {
  checkInventory,
  checkSerialNumbers,
} from "../../../../pki/batch/inventory/check";
import { InventoryDatabase } from "../../../../pki/batch/inventory/database";
import { scratchFolder } from "../../support/openssl";
import type { Authorities } from "../support/bundles";
import { TestBatch, makeAuthorities } from "../support/bundles";

describe("checkInventory", () => {
  const folder = scratchFolder();
  let authorities: Authorities;

  beforeAll(async () => {
    authorities = await makeAuthorities();
  });

  /** Three bundles: two of new devices, one of renewals; one device removed, one revoked. */
  const makeBatch = async (): Promise<TestBatch> => {
    const batch = new TestBatch(join(folder, randomUUID()), authorities);
    await batch.issue(["a", "b", "c", "d"]);
    await batch.issue(["e", "f"]);
    await batch.issue(["b", "f"]);
    batch.inventory.setStatus("removed", ["c"]);
    batch.inventory.setStatus("revoked", ["d"]);
    return batch;
  };

  test("an inventory is good as updates leave it: new, renewed, removed, empty", async () => {
    const { inventory } = await makeBatch();
    expect(checkInventory(inventory)).toEqual([]);
    expect(checkSerialNumbers(inventory)).toEqual([]);
    expect(checkInventory(InventoryDatabase.empty())).toEqual([]);
  });

  test.each([
    {
      sql: "DELETE FROM device WHERE id = 'e'",
      code: "rows-missing",
      place: "bundle 2",
      message: 'lacks 1 of its 2 rows: position 0 ("e")',
    },
    {
      sql: "DELETE FROM superseded WHERE id = 'b'",
      code: "rows-missing",
      place: "bundle 1",
      message: 'lacks 1 of its 4 rows: position 1 (between "a" and "c")',
    },
    {
      sql: "DELETE FROM device WHERE bundle = 3",
      code: "rows-missing",
      place: "bundle 3",
      message: 'lacks 2 of its 2 rows: positions 0 to 1 (from "b" to "f")',
    },
    {
      sql: "DELETE FROM device WHERE id IN ('c', 'd')",
      code: "rows-missing",
      place: "bundle 1",
      message: 'positions 2 to 3 (after "b", to "d")',
    },
    {
      sql: "UPDATE device SET notAfter = notAfter + 1 WHERE id = 'a'",
      code: "rows-changed",
      place: "bundle 1",
      message: "has rows that were changed",
    },
    {
      sql: "UPDATE device SET notAfter = 9223372036854775807 WHERE id = 'a'",
      code: "rows-changed",
      place: "bundle 1",
      message: "has rows that were changed",
    },
    {
      sql: "UPDATE device SET serialNumber = x'01' WHERE id = 'a'",
      code: "rows-changed",
      place: "bundle 1",
      message: 'has one row that no update wrote so: "a"',
    },
    {
      sql: "UPDATE device SET publicKey = 'a key' WHERE id = 'a'",
      code: "rows-changed",
      place: "bundle 1",
      message: 'has one row that no update wrote so: "a"',
    },
    {
      sql: "UPDATE device SET id = 'aa' WHERE id = 'a'",
      code: "rows-changed",
      place: "bundle 1",
      message: "has rows that were changed",
    },
    {
      sql: `INSERT INTO device SELECT 'z', bundle, 4, serialNumber, notBefore, notAfter, renewAt, sha256,
        thingsBoardCredentialsId, publicKey, orderSha256, status FROM device WHERE id = 'a'`,
      code: "rows-added",
      place: "bundle 1",
      message:
        'has 4 certificates, and beside them one row that no update wrote: "z"',
    },
    {
      sql: "UPDATE device SET bundle = 9 WHERE id = 'e'",
      code: "rows-added",
      place: "bundle 9",
      message:
        'is in no table of bundles, and one row that no update wrote: "e"',
    },
    {
      sql: "UPDATE device SET status = 'active' WHERE id = 'd'",
      code: "status-changed",
      place: "inventory.sqlite",
      message:
        "has devices whose status (removed, revoked) no update gave them",
    },
    {
      sql: "UPDATE history SET detail = '7' WHERE sequence = 1",
      code: "history-changed",
      place: "inventory.sqlite",
      message: "whose chain of hashes is not whole",
    },
    {
      sql: "DELETE FROM history WHERE sequence = 3",
      code: "bundle-unknown",
      place: "bundle 2",
      message: "no update wrote it into the history",
    },
    {
      sql: "DELETE FROM bundle WHERE number = 2",
      code: "bundle-missing",
      place: "bundle 2",
      message: "the table of bundles has it no more",
    },
    {
      sql: "UPDATE bundle SET rowsSha256 = '00' WHERE number = 2",
      code: "bundle-changed",
      place: "bundle 2",
      message: "is another one in the table of bundles than in the history",
    },
    {
      sql: "UPDATE bundle SET generation = 'mine', files = '[' WHERE number = 2",
      code: "bundle-changed",
      place: "bundle 2",
      message: "is another one in the table of bundles than in the history",
    },
    {
      sql: "UPDATE bundle SET lastId = 'x' WHERE number = 2",
      code: "bundle-changed",
      place: "bundle 2",
      message: 'and the table of bundles says from "e" to "x"',
    },
    {
      sql: "UPDATE batch SET value = '2' WHERE key = 'formatVersion'",
      code: "unknown-inventory",
      place: "inventory.sqlite",
      message: 'has format version "2"',
    },
  ])("$sql is found", async ({ sql, code, place, message }) => {
    const batch = await makeBatch();
    batch.tamper(sql);
    const findings = checkInventory(batch.inventory);
    expect(findings).toContainEqual({
      code,
      place,
      message: expect.stringContaining(message) as string,
    });
    for (const finding of findings) {
      expect(finding.message).toMatch(
        /bring back inventory\.sqlite as the last update left it|use the version/,
      );
    }
  });

  test("a serial number that stands there twice is named with both devices", async () => {
    const { inventory } = await makeBatch();
    inventory.connection.exec(
      "UPDATE device SET serialNumber = (SELECT serialNumber FROM device WHERE id = 'a') WHERE id = 'f'",
    );
    expect(checkSerialNumbers(inventory)).toEqual([
      {
        code: "serial-number-twice",
        place: "inventory.sqlite",
        message: expect.stringMatching(/2 times, for "a" and "f"/) as string,
      },
    ]);
  });

  test("of very many findings of a kind, the first 50 and how many more", async () => {
    const batch = new TestBatch(join(folder, randomUUID()), authorities);
    await batch.issue(["a"]);
    batch.tamper(
      `WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
       INSERT INTO device SELECT 'x' || i, i, 0, serialNumber, notBefore, notAfter, renewAt, sha256,
         thingsBoardCredentialsId, publicKey, orderSha256, status FROM device, n`,
    );
    const findings = checkInventory(batch.inventory);
    expect(findings).toHaveLength(51);
    expect(findings.at(-1)).toEqual({
      code: "rows-added",
      place: "",
      message: "150 more like these.",
    });
  });
});
