import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import {
  changedPaths,
  deviceFolders,
  faults,
  readInventory,
  snapshot,
} from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy } from "./support/inputs";
import { killAfter, withPlugin } from "./support/killed";
import type { PluginOptions } from "./support/plugin";
import { urnOf } from "./support/plugin";

const URN = urnOf("DeviceBatch", "fleet");
const folder = scratchFolder();

let above: Hierarchy;

beforeAll(async () => {
  above = await hierarchy();
});

function options(now?: string): PluginOptions {
  return { cwd: folder, ...(now !== undefined && { now }) };
}

/** The certificates that are there, by device; a file of a running plugin is there whole or not at all. */
function certificates(
  output: string,
  ids: readonly string[],
): Map<string, string> {
  return new Map(
    ids
      .map((id) => [id, join(output, id, "cert.pem")] as const)
      .filter(([, path]) => existsSync(path))
      .map(([id, path]) => [id, readFileSync(path, "utf8")]),
  );
}

test("a create killed again and again loses no device and gives none a second certificate", async () => {
  const output = join(folder, "fleet");
  const ids = Array.from({ length: 150 }, (_, place) => `device-${place}`);
  const inputs = batchInputs(above.signer, output, ids);
  const finished = new Map<string, string>();

  for (const target of [20, 60, 100]) {
    await killAfter(
      options(),
      () => deviceFolders(output).length >= target,
      (plugin) => plugin.create(URN, inputs),
    );
    const now = certificates(output, ids);
    // What was finished before this run is as it was: nothing is issued twice.
    for (const [path, text] of finished) {
      expect(now.get(path)).toBe(text);
    }
    now.forEach((text, path) => finished.set(path, text));
    expect(finished.size).toBeGreaterThanOrEqual(target - 1);
    expect(finished.size).toBeLessThan(ids.length);
    expect(existsSync(join(output, "inventory.csv"))).toBe(false);
  }

  await withPlugin(options(), async (plugin) => {
    // The engine knows nothing of the killed runs: this is a new resource to it.
    expect(await plugin.check(URN, inputs)).toEqual([]);
    const { outs } = await plugin.create(URN, inputs);
    expect(outs).toMatchObject({ count: 150, issued: 150 - finished.size });
    expect(await plugin.diff(URN, outs, inputs)).toEqual({
      changes: "none",
      replaces: [],
    });
  });
  const now = certificates(output, ids);
  for (const [path, text] of finished) {
    expect(now.get(path)).toBe(text);
  }
  expect(faults(output, ids, above.ca.certificatePem)).toEqual([]);
});

test("a renewal killed half-way keeps every key, and the next one renews the rest only", async () => {
  const output = join(folder, "renewed");
  const ids = Array.from({ length: 60 }, (_, place) => `device-${place}`);
  const inputs = batchInputs(above.signer, output, ids, {
    validityDays: 90,
    allowClockOverride: true,
  });
  const { outs } = await withPlugin(options(), (plugin) =>
    plugin.create(URN, inputs),
  );
  const before = snapshot(output);
  const due = new Date(Date.now() + 80 * 86_400_000).toISOString();
  const first = certificates(output, ids);
  const renewed = (): string[] =>
    [...certificates(output, ids)]
      .filter(([id, pem]) => pem !== first.get(id))
      .map(([id]) => id);

  await killAfter(
    options(due),
    () => renewed().length >= 15,
    (plugin) => plugin.update(URN, outs, inputs),
  );
  const halfway = certificates(output, ids);
  const done = renewed();
  expect(done.length).toBeGreaterThanOrEqual(15);
  expect(done.length).toBeLessThan(ids.length);

  const result = await withPlugin(options(due), (plugin) =>
    plugin.update(URN, outs, inputs),
  );
  expect(result).toMatchObject({
    issued: 0,
    renewed: ids.length - done.length,
  });
  const now = certificates(output, ids);
  for (const id of done) {
    expect(now.get(id)).toBe(halfway.get(id));
  }
  expect(
    changedPaths(before, snapshot(output)).filter((path) =>
      path.endsWith("key.pem"),
    ),
  ).toEqual([]);
  expect(faults(output, ids, above.ca.certificatePem)).toEqual([]);
});

test("the inventory stays as it was until an update is through", async () => {
  const output = join(folder, "grown");
  const ids = ["a", "b", "c"];
  const inputs = batchInputs(above.signer, output, ids);
  const { outs } = await withPlugin(options(), (plugin) =>
    plugin.create(URN, inputs),
  );
  const added = Array.from({ length: 60 }, (_, place) => `new-${place}`);
  const news = batchInputs(above.signer, output, [...ids, ...added]);
  await killAfter(
    options(),
    () => deviceFolders(output).length > 20,
    (plugin) => plugin.update(URN, outs, news),
  );
  expect(readInventory(output).map(({ id }) => id)).toEqual(ids);
  await withPlugin(options(), (plugin) => plugin.update(URN, outs, news));
  expect(faults(output, [...ids, ...added], above.ca.certificatePem)).toEqual(
    [],
  );
});
