import { join } from "node:path";
import { scratchFolder } from "../../pki/support/openssl";
import type { Hierarchy } from "./inputs";
import { batchInputs, hierarchy } from "./inputs";
import { Plugin, urnOf } from "./plugin";
import type { Properties } from "./wire";

/** Answers of `diff`. */
export const NO_CHANGE = { changes: "none", replaces: [] };
export const UPDATE = { changes: "some", replaces: [] };

/** A plugin and a CA for the batches of one test file. */
export class Bench {
  readonly folder = scratchFolder();
  private made: { plugin: Plugin; above: Hierarchy } | undefined;
  private batches = 0;

  constructor() {
    beforeAll(async () => {
      const plugin = await Plugin.start({ cwd: this.folder });
      this.made = { plugin, above: await hierarchy() };
    });
    afterAll(async () => {
      await this.plugin.stop();
    });
  }

  get plugin(): Plugin {
    return this.ready().plugin;
  }

  get above(): Hierarchy {
    return this.ready().above;
  }

  /** A batch in a folder of its own. */
  batch(ids: readonly string[], overrides: Properties = {}): Batch {
    this.batches += 1;
    return new Batch(this, `batch-${this.batches}`, ids, overrides);
  }

  private ready(): { plugin: Plugin; above: Hierarchy } {
    if (this.made === undefined) {
      throw new Error("the plugin runs within tests only");
    }
    return this.made;
  }
}

/** A batch as the engine would take it through its life. */
export class Batch {
  readonly urn: string;
  readonly output: string;
  inputs: Properties;
  outs: Properties = {};

  constructor(
    private readonly bench: Bench,
    name: string,
    readonly ids: readonly string[],
    overrides: Properties,
  ) {
    // In a stack of its own: its devices have the ids of another test's.
    this.urn = urnOf("DeviceBatch", name, name);
    this.output = join(bench.folder, name);
    const { signer } = bench.above;
    this.inputs = batchInputs(signer, this.output, ids, overrides);
  }

  /** Creates it, and sees that nothing is left to do. */
  async create(): Promise<this> {
    const { plugin } = this.bench;
    expect(await plugin.check(this.urn, this.inputs)).toEqual([]);
    ({ outs: this.outs } = await plugin.create(this.urn, this.inputs));
    await this.expectSettled();
    return this;
  }

  /** Updates to other inputs, and sees that nothing is left to do; says what the preview said. */
  async update(overrides: Properties): Promise<string> {
    const { plugin } = this.bench;
    const news = { ...this.inputs, ...overrides };
    expect(await plugin.check(this.urn, news, this.inputs)).toEqual([]);
    expect(await plugin.diff(this.urn, this.outs, news)).toEqual(UPDATE);
    const said = plugin.log.at(-1)?.text ?? "";
    this.outs = await plugin.update(this.urn, this.outs, news);
    this.inputs = news;
    await this.expectSettled();
    return said;
  }

  private async expectSettled(): Promise<void> {
    const { plugin } = this.bench;
    expect(await plugin.diff(this.urn, this.outs, this.inputs)).toEqual(
      NO_CHANGE,
    );
  }
}
