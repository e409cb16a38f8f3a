import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Bench } from "./support/batch";
import { placesIn, runBundles } from "./support/bundleRun";
import { changedPaths, snapshot } from "./support/devices";
import { Plugin } from "./support/plugin";
import { LargeBatch, bundleFaults, ids, readRows } from "./support/largeBatch";

const bench = new Bench();
const range = { id: "device-{number}", from: 0, to: 2999 };
const asked = { range, bundles: { devices: 1000 } };

function faults(output: string): Promise<string[]> {
  return bundleFaults(output, ids(3000), bench.above.ca.certificatePem);
}

function bundleFiles(output: string): string[] {
  return readdirSync(join(output, "bundles")).sort();
}

// Certificates of a bundle take 215 kB, its keys 105 kB, the inventory 330 kB for each; the list takes 150 kB.
test.each([
  ["a bundle", 200_000, "No device is recorded yet."],
  [
    "the inventory",
    500_000,
    "1 bundles with 1,000 certificates are recorded in bundles and stay as they are.",
  ],
])(
  "a limit that %s reaches is told, with what is recorded, and the next run goes on from there",
  async (name, limit, recorded) => {
    const places = placesIn(bench.folder, name);
    const { output } = places;
    const { code, stderr } = await runBundles(
      bench.above,
      places,
      asked,
      limit,
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^outputDirectory: ".*output": nothing more can be written there \([^)]*\)\. .* Make room, or raise the limit or quota, and run the update again: it goes on from there\.$/,
      ) as string,
    });
    expect(stderr).toContain(`). ${recorded} Make room`);
    expect(
      bundleFiles(output).filter((file) => file.includes("partial")),
    ).toEqual([]);
    const before = snapshot(output);
    const rows = readRows(output);
    expect(await runBundles(bench.above, places, asked)).toMatchObject({
      code: 0,
      stderr: "",
    });
    const changed = changedPaths(before, snapshot(output));
    expect(changed.filter((path) => before.has(path))).toEqual([
      "inventory.sqlite",
    ]);
    expect(await faults(output)).toEqual([]);
    const after = readRows(output);
    expect([...rows.values()].map(({ id }) => after.get(id))).toEqual([
      ...rows.values(),
    ]);
  },
);

const mount = join(bench.folder, "disk");
const canMount = process.getuid?.() === 0 && mountDisk() && unmountDisk();

function mountDisk(): boolean {
  mkdirSync(mount, { recursive: true });
  const args = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mount];
  return spawnSync("mount", args).status === 0;
}

function unmountDisk(): boolean {
  return spawnSync("umount", ["-l", mount]).status === 0;
}

if (!canMount) {
  process.stdout.write(
    "skipped: a full disk needs a small file system; run the tests as root on Linux\n",
  );
}

(canMount ? describe : describe.skip)("a disk that is full", () => {
  beforeAll(() => {
    expect(mountDisk()).toBe(true);
  });
  afterAll(() => {
    unmountDisk();
  });

  function batch(name: string, overrides = {}): LargeBatch {
    return LargeBatch.of(bench, join("disk", name), { ...asked, ...overrides });
  }

  test("is told by the preview, with the numbers, and nothing is written", async () => {
    const large = batch("large", { range: { ...range, to: 9999 } });
    expect(await large.refusals()).toEqual([
      `outputDirectory: ${JSON.stringify(large.output)} has room for 4.2 MB, and 10,000 devices take about 6.4 MB (bundles 3.1 MB, inventory 3.3 MB); make room, or name a folder on another disk.`,
    ]);
    expect(existsSync(large.output)).toBe(false);
    // Without compression it is more than twice as much.
    expect(
      await large.refusals({ range, bundles: { compression: "none" } }),
    ).toEqual([]);
    expect(
      await large.refusals({
        range: { ...range, to: 3999 },
        bundles: { compression: "none" },
      }),
    ).toEqual([expect.stringMatching(/take about 5\.\d MB/)]);
  });

  test("that fills up during the run is told, and once there is room the next run completes", async () => {
    const fleet = batch("fleet");
    const { plugin } = bench;
    const { inputs } = await plugin.checkInputs(fleet.urn, fleet.asked);
    const filler = join(mount, "filler");
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 1_100_000));
    const said = plugin.said.length;
    const refusal = await plugin.refusal(plugin.create(fleet.urn, inputs));
    expect(refusal).toMatch(
      /^outputDirectory: ".*": nothing more can be written there \(.*(no space left|disk is full).*\)\. .* Make room/,
    );
    expect(plugin.said.slice(said).join("")).not.toMatch(/\n +at /);
    expect(
      bundleFiles(fleet.output).filter((file) => file.includes("partial")),
    ).toEqual([]);
    const recorded = readRows(fleet.output);
    expect(recorded.size).toBeLessThan(3000);

    rmSync(filler);
    await fleet.create();
    expect(await faults(fleet.output)).toEqual([]);
    const after = readRows(fleet.output);
    for (const [id, row] of recorded) {
      expect(after.get(id)).toEqual(row);
    }
  });

  test("for temporary files is told by the preview, and nothing is left there", async () => {
    const temporary = join(mount, "temporary");
    mkdirSync(temporary);
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    const plugin = await Plugin.start({ cwd: bench.folder });
    process.env.TMPDIR = usual;
    if (usual === undefined) {
      delete process.env.TMPDIR;
    }
    try {
      const { urn, asked: inputs } = LargeBatch.of(bench, "listed", {
        range: { ...range, to: 199_999 },
      });
      expect(await plugin.check(urn, inputs)).toEqual([
        expect.stringMatching(
          /^The list of devices does not fit into ".*temporary", the folder for temporary files/,
        ),
      ]);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      await plugin.stop();
    }
  });

  test("that fills up keeps an update out as well, at its preview", async () => {
    const grown = await batch("grown", {
      range: { ...range, to: 99 },
    }).create();
    await expect(
      grown.preview({ range: { ...range, to: 9999 } }),
    ).rejects.toThrow(/has room for .* and 9,900 devices take about 6\.3 MB/);
    expect(readRows(grown.output).size).toBe(100);
  });
});
