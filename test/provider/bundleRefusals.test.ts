import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeOpenSsl } from "../pki/support/openssl";
import { RequestFiles } from "../support/requestFiles";
import { Bench } from "./support/batch";
import { LargeBatch, ids, readRows } from "./support/largeBatch";
import type { Properties } from "./support/wire";

const bench = new Bench();
let batches = 0;

/** Writes a list; its path. */
function manifest(rows: readonly string[], header = "id"): string {
  batches += 1;
  const name = `list-${batches}.csv`;
  writeFileSync(join(bench.folder, name), [header, ...rows, ""].join("\n"));
  return name;
}

/** What a new batch is refused for at its preview. Nothing has been written by then. */
async function refusals(overrides: Properties): Promise<string[]> {
  batches += 1;
  const batch = LargeBatch.of(bench, `refused-${batches}`, overrides);
  const found = await batch.refusals();
  expect(existsSync(batch.output)).toBe(false);
  return found;
}

describe("a list for bundles is refused, and nothing is issued", () => {
  test("with an id that stands there twice, in the middle of many", async () => {
    const rows = ids(20_000);
    rows[15_000] = "device-77";
    rows[19_999] = "device-3";
    const list = manifest(rows);
    expect(await refusals({ manifest: list })).toEqual([
      `${list}:15002.id: "device-77" stands at ${list}:79 already; every device needs an id of its own.`,
      `${list}:20001.id: "device-3" stands at ${list}:5 already; every device needs an id of its own.`,
    ]);
  });

  test("with very many of them: the first 50 and how many more", async () => {
    const list = manifest([...ids(3000), ...ids(3000)]);
    const found = await refusals({ manifest: list });
    expect(found).toHaveLength(51);
    expect(found.at(-1)).toBe("… and 2,950 more");
  });

  test("with bad rows in the middle, each by row and column", async () => {
    const rows = ids(20_000).map((id) => `${id},`);
    rows[9_998] = "device:9998,";
    rows[9_999] = "device-9999,soon";
    rows[10_000] = "device-10000";
    const list = manifest(rows, "id,validityDays");
    const found = await refusals({ manifest: list });
    expect(found.map((text) => text.split(": ", 1)[0]).sort()).toEqual([
      `${list}:10000.id`,
      `${list}:10001.validityDays`,
      `${list}:10002`,
    ]);
  });

  test("with a column that nothing uses", async () => {
    const list = manifest(["a,1"], "id,colour");
    expect(await refusals({ manifest: list })).toEqual([
      expect.stringContaining("colour"),
    ]);
  });

  test("with values of output.bundles and a shard that nobody knows, all at once", async () => {
    expect(
      await refusals({
        manifest: manifest(["a"]),
        bundles: { format: "zip", compression: "brotli", devices: 99 },
        onRemoval: "forget",
        shard: { index: 4, of: 4 },
      }),
    ).toEqual([
      'output.bundles.format: "zip" is not known; write one of "ndjson", "tar".',
      'output.bundles.compression: "brotli" is not known; write one of "none", "gzip", "zstd".',
      "output.bundles.devices: 99 is out of range; write a whole number from 100 to 50000.",
      'onRemoval: "forget" is not known; write one of "record", "revoke".',
      "shard.index: 4 is out of range; write a whole number from 0 to 3.",
    ]);
    expect(
      await refusals({ manifest: manifest(["a"]), shard: { index: 0, of: 0 } }),
    ).toContain(
      "shard.of: 0 is out of range; write a whole number from 1 to 100000.",
    );
    expect(
      await refusals({ manifest: manifest(["a"]), format: "zip" }),
    ).toEqual([expect.stringMatching(/^output\.format: "zip" is not known/)]);
  });

  test("that changed between the preview and the run", async () => {
    const list = manifest(ids(10));
    const batch = LargeBatch.of(bench, "changing", { manifest: list });
    const { inputs } = await bench.plugin.checkInputs(batch.urn, batch.asked);
    writeFileSync(join(bench.folder, list), "id\nother\n");
    const create = bench.plugin.create(batch.urn, inputs);
    expect(await bench.plugin.refusal(create)).toMatch(
      /^manifest: .*nothing was issued from it/,
    );
    expect(existsSync(join(batch.output, "bundles"))).toBe(false);
    await batch.create();
    expect([...readRows(batch.output).keys()]).toEqual(["other"]);

    const before = readRows(batch.output);
    const olds = batch.inputs;
    writeFileSync(join(bench.folder, list), "id\nother\nnew\n");
    const { inputs: news } = await bench.plugin.checkInputs(
      batch.urn,
      batch.asked,
      olds,
    );
    writeFileSync(join(bench.folder, list), "id\nother\nnewer\n");
    expect(
      await bench.plugin.refusal(
        bench.plugin.update(batch.urn, batch.outs, news),
      ),
    ).toMatch(/^manifest: .*nothing was issued from it/);
    expect(readRows(batch.output)).toEqual(before);
  });
});

describe("the format of a batch that was begun", () => {
  test("stays bundles", async () => {
    const batch = LargeBatch.of(bench, "large", { manifest: manifest(["a"]) });
    await batch.create();
    expect(await batch.refusals({ format: "files" })).toEqual([
      'output.format: "files" cannot follow on "bundles", as this batch was begun; leave it, or begin a batch of another name in another folder.',
    ]);
    const { bundles, format, ...asked } = batch.asked;
    // Left out, it is what it was.
    expect(await bench.plugin.check(batch.urn, asked, batch.inputs)).toEqual(
      [],
    );
  });

  test("stays files", async () => {
    const batch = await bench.batch(["a"]).create();
    const inputs = { ...batch.inputs, format: "bundles" };
    expect(await bench.plugin.check(batch.urn, inputs, batch.inputs)).toEqual([
      expect.stringMatching(
        /^output\.format: "bundles" cannot follow on "files"/,
      ),
    ]);
    expect(existsSync(join(batch.output, "inventory.sqlite"))).toBe(false);
  });
});

describeOpenSsl("requests for bundles", (openssl) => {
  test("are refused where one's signature does not hold, and nothing is issued", async () => {
    const folder = join(bench.folder, "requests");
    const files = new RequestFiles(openssl, folder, `${folder}-keys`);
    files.make("good");
    const path = files.make("tampered", { der: true });
    const der = readFileSync(path);
    // Another name under the same signature.
    der.write("tempered", der.indexOf("tampered"), "latin1");
    writeFileSync(path, der);
    expect(await refusals({ requests: folder })).toEqual([
      expect.stringMatching(/tampered\.csr.*signature/),
    ]);
  });
});
