import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bench, NO_CHANGE } from "./support/batch";
import { batchInputs, hierarchy, signerOf, without } from "./support/inputs";
import { intermediate } from "../pki/support/authority";
import { ids } from "./support/largeBatch";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const bench = new Bench();
let stacks = 0;

/** A stack whose batches one plugin sees. */
class Stack {
  private readonly name = `stack-${(stacks += 1)}`;

  urn(batch: string): string {
    return urnOf("DeviceBatch", batch, this.name);
  }

  inputs(batch: string, overrides: Properties): Properties {
    const output = join(bench.folder, this.name, batch);
    const { signer } = bench.above;
    return {
      ...without(batchInputs(signer, output, []), "devices"),
      ...overrides,
    };
  }

  check(batch: string, overrides: Properties, olds = {}): Promise<string[]> {
    const inputs = this.inputs(batch, overrides);
    return bench.plugin.check(this.urn(batch), inputs, olds);
  }
}

function devices(...names: readonly string[]): Properties {
  return { devices: names.map((id) => ({ id })) };
}

const LARGE = { format: "bundles" };

describe("two batches of one CA", () => {
  test.each([
    ["small ones", {}, {}],
    ["a small and a large one", {}, LARGE],
    ["large ones", LARGE, LARGE],
  ])(
    "that list one device are refused, with both names and the first ids: %s",
    async (_what, one, other) => {
      const stack = new Stack();
      const fleet = devices("a", "b", "c", "d", "e", "f", "g", "h");
      expect(await stack.check("north", { ...fleet, ...one })).toEqual([]);
      expect(
        await stack.check("south", {
          ...devices("h", "g", "f", "e", "d", "c", "x"),
          ...other,
        }),
      ).toEqual([
        'devices: names devices that the batch "north" names as well, under the same CA: "c", "d", "e", "f", "g" and 1 more. Take them out of "south" or out of "north", or issue one of the two from another CA.',
      ]);
      expect(existsSync(join(bench.folder, "stack-1"))).toBe(false);
    },
  );

  test("may list others, be in other stacks, or be looked at again", async () => {
    const [stack, other] = [new Stack(), new Stack()];
    expect(await stack.check("north", devices("a", "b"))).toEqual([]);
    expect(await stack.check("south", devices("c"))).toEqual([]);
    expect(await other.check("south", devices("a"))).toEqual([]);
    // What counts is what it lists now.
    expect(await stack.check("north", devices("b"))).toEqual([]);
    expect(await stack.check("south", devices("a", "c"))).toEqual([]);
  });

  test("may be parts of one list", async () => {
    const stack = new Stack();
    const range = { id: "device-{number}", from: 1, to: 500 };
    const part = (index: number): Properties => ({
      range,
      ...LARGE,
      shard: { index, of: 2 },
    });
    expect(await stack.check("first", part(0))).toEqual([]);
    expect(await stack.check("second", part(1))).toEqual([]);
    const [said = ""] = await stack.check("again", part(0));
    expect(said).toMatch(/^range: names devices that the batch "first" names/);
    const third = { ...part(0), shard: { index: 0, of: 3 } };
    expect(await stack.check("third", third)).not.toEqual([]);
  });

  test("are told by a manifest as well, among very many", async () => {
    const stack = new Stack();
    const list = (name: string, rows: readonly string[]): Properties => {
      const manifest = join(bench.folder, `${name}.csv`);
      writeFileSync(manifest, ["id", ...rows, ""].join("\n"));
      return { manifest };
    };
    const north = list("north", ids(20_000));
    const south = list("south", ids(20_000, 19_999));
    expect(await stack.check("north", north)).toEqual([]);
    expect(await stack.check("south", south)).toEqual([
      expect.stringMatching(
        /^manifest: .* names as well, under the same CA: "device-19999"\. Take/,
      ),
    ]);
  });
});

describe("batches of two CAs", () => {
  test("may list one device", async () => {
    const stack = new Stack();
    const { authority } = bench.above;
    const ca = await intermediate(authority, { validityDays: 1825 });
    expect(await stack.check("north", devices("a"))).toEqual([]);
    const signer = signerOf(ca, authority);
    expect(await stack.check("south", { ...devices("a"), signer })).toEqual([]);
  });

  test("are told apart by their subjects as long as there are no keys yet", async () => {
    const stack = new Stack();
    const unknown = (commonName: string): Properties => ({
      signer: {
        privateKeyPem: UNKNOWN,
        chainPem: UNKNOWN,
        trustAnchorsPem: UNKNOWN,
        authorities: [
          { subject: { commonName }, validityDays: 1825, pathLength: 0 },
        ],
      },
    });
    const ask = (name: string, ca: string): Promise<string[]> =>
      stack.check(name, { ...devices("a"), ...unknown(ca) });
    expect(await ask("north", "Devices CA")).toEqual([]);
    expect(await ask("south", "Other CA")).toEqual([]);
    expect(await ask("west", "Devices CA")).toEqual([
      expect.stringMatching(/that the batch "north" names as well/),
    ]);
  });
});

test("a batch that changed is held to the inventory of one that did not", async () => {
  const stack = new Stack();
  const asked = { ...devices("a", "b"), ...LARGE };
  const plugin = bench.plugin;
  const north = stack.urn("north");
  const { inputs } = await plugin.checkInputs(
    north,
    stack.inputs("north", asked),
  );
  const { outs } = await plugin.create(north, inputs);
  // Another process: it has seen nothing of the create.
  const later = await Plugin.start({ cwd: bench.folder });
  try {
    const again = await later.checkInputs(
      north,
      stack.inputs("north", asked),
      inputs,
    );
    expect(again.failures).toEqual([]);
    const south = stack.inputs("south", devices("b"));
    expect(await later.check(stack.urn("south"), south)).toEqual([
      expect.stringMatching(/the batch "north" names as well.*: "b"\./),
    ]);
    expect(await later.diff(north, outs, again.inputs)).toEqual(NO_CHANGE);
  } finally {
    await later.stop();
  }
});

test("the authority of another hierarchy is another CA", async () => {
  const stack = new Stack();
  const { signer } = await hierarchy();
  expect(await stack.check("north", devices("a"))).toEqual([]);
  expect(await stack.check("south", { ...devices("a"), signer })).toEqual([]);
});
