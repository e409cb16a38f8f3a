import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Bench } from "./support/batch";
import { changedPaths, modeOf, snapshot } from "./support/devices";
import {
  LargeBatch,
  LargeBatches,
  bundleFaults,
  ids,
  readEntries,
  readRows,
} from "./support/largeBatch";

const bench = new Bench();
const batches = new LargeBatches(bench);

describe("a batch in bundles", () => {
  test("is issued, recorded and whole", async () => {
    const { batch } = await batches.created(ids(250));
    expect(batch.outs).toMatchObject({
      count: 250,
      issued: 250,
      renewed: 0,
      format: "bundles",
    });
    expect(
      await bundleFaults(batch.output, ids(250), bench.above.ca.certificatePem),
    ).toEqual([]);
    expect(await readEntries(batch.output, "keys")).toHaveLength(250);
    const index = JSON.parse(
      readFileSync(join(batch.output, "bundles", "index.json"), "utf8"),
    ) as { bundles: { devices: number }[] };
    expect(index.bundles.map(({ devices }) => devices)).toEqual([100, 100, 50]);
    expect(
      readFileSync(join(batch.output, "bundles", "chain.pem"), "utf8"),
    ).toBe(bench.above.ca.certificatePem);
    for (const name of snapshot(batch.output).keys()) {
      expect([name, modeOf(join(batch.output, name))]).toEqual([name, "600"]);
    }
  });

  test("gives an added row one certificate and leaves every other file as it is", async () => {
    const { batch, list } = await batches.created(ids(120));
    const before = snapshot(batch.output);
    batches.write(list, ids(121));
    expect(await batch.update()).toBe(
      "+1 new, 0 changed, 0 due, 120 unchanged",
    );
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "bundles/000003-certificates.ndjson.zst",
      "bundles/000003-keys.ndjson.zst",
      "bundles/index.json",
      "inventory.sqlite",
    ]);
    expect(batch.outs).toMatchObject({ count: 121, issued: 1, renewed: 0 });
  });

  test("gives a changed row another certificate for its key, and remembers the one before", async () => {
    const list = batches.manifest(["a,", "b,"], "id,dnsNames");
    const batch = LargeBatch.of(bench, batches.nextName(), { manifest: list });
    await batch.create();
    const before = readRows(batch.output);
    batches.write(list, ["a,a.example.com", "b,"], "id,dnsNames");
    expect(await batch.update()).toBe("+0 new, 1 changed, 0 due, 1 unchanged");
    expect(batch.outs).toMatchObject({ issued: 0, renewed: 1 });
    const after = readRows(batch.output);
    expect(after.get("b")).toEqual(before.get("b"));
    expect(after.get("a")?.serialNumber).not.toBe(
      before.get("a")?.serialNumber,
    );
    expect(
      await bundleFaults(
        batch.output,
        ["a", "b"],
        bench.above.ca.certificatePem,
      ),
    ).toEqual([]);
    expect(await readEntries(batch.output, "keys")).toHaveLength(2);
  });

  test("records what the list names no more, revokes where the code says so, and takes back what returns", async () => {
    const { batch, list } = await batches.created(ids(5));
    const before = readRows(batch.output);
    batches.write(list, ids(4));
    expect(await batch.update()).toBe(
      "+0 new, 0 changed, 0 due, 4 unchanged, 1 removed",
    );
    expect(readRows(batch.output).get("device-4")?.status).toBe("removed");
    batches.write(list, ids(5));
    await batch.update();
    expect(readRows(batch.output)).toEqual(before);
    batches.write(list, ids(4));
    await batch.update({ onRemoval: "revoke" });
    expect(readRows(batch.output).get("device-4")?.status).toBe("revoked");
    // A revoked certificate is gone for good: the device gets another one, with another key.
    batches.write(list, ids(5));
    expect(await batch.update()).toBe("+0 new, 1 changed, 0 due, 4 unchanged");
    expect(batch.outs).toMatchObject({ issued: 1 });
  });

  test("gives everyone a new key where reissue says so, once", async () => {
    const { batch } = await batches.created(ids(3));
    const before = readRows(batch.output);
    await batch.update({ reissue: "leak of 2026-11-21" });
    expect(batch.outs).toMatchObject({ issued: 3, renewed: 0 });
    for (const [id, row] of readRows(batch.output)) {
      expect(row.sha256).not.toBe(before.get(id)?.sha256);
    }
  });

  test("answers with as much for a thousand devices as for ten", async () => {
    const [ten, thousand] = [
      await batches.created(ids(10)),
      await batches.created(ids(1000)),
    ];
    const size = ({ batch }: typeof ten): number =>
      JSON.stringify([batch.outs, batch.inputs]).length;
    expect(Math.abs(size(thousand) - size(ten))).toBeLessThan(50);
  });
});
