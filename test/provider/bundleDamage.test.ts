import {
  copyFileSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Bench } from "./support/batch";
import { changedPaths, snapshot } from "./support/devices";
import { LargeBatch, bundleFaults, ids, readRows } from "./support/largeBatch";

const bench = new Bench();
let batches = 0;

async function created(count = 250): Promise<LargeBatch> {
  batches += 1;
  const list = `list-${batches}.csv`;
  const batch = LargeBatch.of(bench, `large-${batches}`, {
    manifest: list,
    bundles: { devices: 100 },
  });
  write(batch, ids(count));
  return batch.create();
}

function write({ asked }: LargeBatch, rows: readonly string[]): void {
  const path = join(bench.folder, String(asked.manifest));
  writeFileSync(path, ["id", ...rows, ""].join("\n"));
}

function inventoryOf({ output }: LargeBatch): string {
  return join(output, "inventory.sqlite");
}

function edit(batch: LargeBatch, sql: string): void {
  const database = new DatabaseSync(inventoryOf(batch));
  database.exec(sql);
  database.close();
}

/** Why the preview of an update is refused, and the update itself; neither changes a file. */
async function refusal(batch: LargeBatch, overrides = {}): Promise<string> {
  const before = snapshot(batch.output);
  const said = await bench.plugin.refusal(batch.preview(overrides));
  expect(changedPaths(before, snapshot(batch.output))).toEqual([]);
  return said;
}

describe("an inventory of a large batch", () => {
  test.each([
    [
      "lacks a row that somebody deleted",
      "DELETE FROM device WHERE id = 'device-7'",
      /bundle \d lacks 1 of its \d+ rows: position \d+ \(between "device-.*" and "device-.*"\)/,
    ],
    [
      "has a row that somebody changed",
      "UPDATE device SET notAfter = notAfter + 86400 WHERE id = 'device-7'",
      /bundle \d has rows that were changed/,
    ],
    [
      "has a row that somebody added",
      `INSERT INTO device SELECT 'intruder', bundle, 100 + position, serialNumber, notBefore, notAfter,
         renewAt, sha256, thingsBoardCredentialsId, publicKey, orderSha256, status FROM device WHERE id = 'device-7'`,
      /bundle \d has \d+ certificates, and beside them one row that no update wrote: "intruder"/,
    ],
    [
      "has a device that somebody set to revoked",
      "UPDATE device SET status = 'revoked' WHERE id = 'device-7'",
      /has devices whose status \(removed, revoked\) no update gave them/,
    ],
    [
      "lacks a bundle that somebody deleted",
      "DELETE FROM device WHERE bundle = 3; DELETE FROM bundle WHERE number = 3",
      /bundle 3 stands in the history, and the table of bundles has it no more/,
    ],
    [
      "has a history that somebody cut",
      "UPDATE history SET detail = detail || ' ' WHERE sequence = 2",
      /has a history whose chain of hashes is not whole/,
    ],
  ])("that %s is refused", async (_what, sql, expected) => {
    const batch = await created();
    edit(batch, sql);
    expect(await refusal(batch)).toMatch(expected);
  });

  test("that is gone is refused, whatever else is asked for, until the bundles are put away", async () => {
    const batch = await created();
    rmSync(inventoryOf(batch));
    expect(await refusal(batch)).toMatch(
      /^outputDirectory: ".*" no longer holds the inventory of this batch, inventory\.sqlite \(digest [0-9a-f]{12}…\)\. Bring it back/,
    );
    // The new bundles would be written over those that hold what is valid.
    const reissue = "lost in November";
    expect(await refusal(batch, { reissue })).toMatch(
      /bundles" holds "000001-certificates\.ndjson\.zst" and 5 more files of which inventory\.sqlite does not tell/,
    );
    renameSync(
      join(batch.output, "bundles"),
      join(bench.folder, `lost-${batches}`),
    );
    await batch.update({ reissue });
    expect(batch.outs).toMatchObject({ count: 250, issued: 250 });
  });

  test("that is an older copy is refused", async () => {
    const batch = await created();
    const copy = join(bench.folder, "copy.sqlite");
    copyFileSync(inventoryOf(batch), copy);
    write(batch, ids(251));
    await batch.update();
    copyFileSync(copy, inventoryOf(batch));
    expect(await refusal(batch)).toMatch(
      /is the inventory of another batch, or an older copy: it does not know of the last update/,
    );
  });

  test("that is an older copy is found out by the bundles where the last run was killed", async () => {
    const batch = await created();
    const { outs, inputs } = batch;
    const copy = join(bench.folder, "killed.sqlite");
    copyFileSync(inventoryOf(batch), copy);
    write(batch, ids(251));
    await batch.update();
    // As after a kill at the very end: the state knows nothing of the update.
    copyFileSync(copy, inventoryOf(batch));
    Object.assign(batch, { outs, inputs });
    expect(await refusal(batch)).toMatch(
      /holds "000004-certificates\.ndjson\.zst" and 1 more files of which inventory\.sqlite does not tell/,
    );
  });

  test("that is another batch's is refused", async () => {
    const [batch, other] = [await created(), await created()];
    copyFileSync(inventoryOf(other), inventoryOf(batch));
    expect(await refusal(batch)).toMatch(/is the inventory of another batch/);
  });

  test("that is no inventory is refused", async () => {
    const batch = await created(3);
    writeFileSync(inventoryOf(batch), "id,serialNumber\n");
    expect(await bench.plugin.refusal(batch.preview())).toMatch(
      /cannot be read as an inventory \(file is not a database\); bring it back/,
    );
  });
});

describe("the bundles of a large batch", () => {
  test("are refused where one was cut", async () => {
    const batch = await created();
    const name = "000002-certificates.ndjson.zst";
    truncateSync(join(batch.output, "bundles", name), 1000);
    expect(await refusal(batch)).toMatch(
      /000002-certificates\.ndjson\.zst" has another size than it was written with; bring it back/,
    );
  });

  test("are no one else's: a new batch does not take a folder over", async () => {
    const batch = await created(3);
    const before = snapshot(batch.output);
    const other = LargeBatch.of(bench, "other", {
      ...batch.asked,
    });
    expect(await other.refusals()).toEqual([
      expect.stringMatching(/belongs to the batch "large-\d+"/),
    ]);
    expect(changedPaths(before, snapshot(batch.output))).toEqual([]);
  });

  test("are not written over by a first run that goes on without its inventory", async () => {
    const batch = await created();
    const folder = join(bench.folder, "begun");
    cpSync(batch.output, folder, { recursive: true });
    rmSync(join(folder, "inventory.sqlite"));
    rmSync(join(folder, ".batch"));
    const begun = LargeBatch.of(bench, "begun", {
      manifest: batch.asked.manifest,
    });
    expect(await begun.refusals()).toEqual([
      expect.stringMatching(/of which inventory\.sqlite does not tell/),
    ]);
  });

  test("of which keys were handed over and deleted are whole", async () => {
    const batch = await created();
    const rows = readRows(batch.output);
    for (const number of [1, 2, 3]) {
      rmSync(join(batch.output, "bundles", `00000${number}-keys.ndjson.zst`));
    }
    await batch.expectSettled();
    write(batch, ids(251));
    await batch.update();
    expect(batch.outs).toMatchObject({ issued: 1, renewed: 0 });
    for (const [id, row] of rows) {
      expect(readRows(batch.output).get(id)).toEqual(row);
    }
    expect(
      await bundleFaults(batch.output, ids(251), bench.above.ca.certificatePem),
    ).toEqual([]);
  });

  test("get their index and chain back with the next update", async () => {
    const batch = await created();
    const index = join(batch.output, "bundles", "index.json");
    const text = readFileSync(index, "utf8");
    rmSync(index);
    write(batch, ids(249));
    await batch.update();
    expect(readFileSync(index, "utf8")).toBe(text);
  });
});
