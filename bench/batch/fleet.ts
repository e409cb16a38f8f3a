import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hierarchy } from "../../test/provider/support/inputs";
import { batchInputs } from "../../test/provider/support/inputs";
import { Plugin, urnOf } from "../../test/provider/support/plugin";
import type { Properties } from "../../test/provider/support/wire";
import type { ProcessFigures } from "./children";
import { childWith, processFigures } from "./children";

/** What a run of a fleet's updates took. */
export interface Run {
  /** Seconds in which the list was read and every device checked. */
  readonly check: number;
  /** Seconds in which the plugin carried it out. */
  readonly work: number;
  /** Devices a second, as the last progress line says: from the first signature on. Nothing where the run was too short for one. */
  readonly signingRate: number | undefined;
  /** Of the plugin's process; CPU time during the work only. */
  readonly process: ProcessFigures | undefined;
}

/** What stands on the disk. */
export interface Bytes {
  readonly bundles: number;
  readonly inventory: number;
}

/** A batch with a manifest of its own, called as the engine calls it. Each run starts a plugin of its own, so that its memory is that run's. */
export class BenchFleet {
  readonly output: string;
  private readonly manifest: string;
  private readonly urn: string;
  private readonly asked: Properties;
  private inputs: Properties = {};
  private outs: Properties = {};

  /** @param name all of them equally long, so that states can be compared */
  constructor(
    private readonly folder: string,
    name: string,
    devices: number,
    signer: Hierarchy["signer"],
    overrides: Properties = {},
  ) {
    mkdirSync(folder, { recursive: true });
    this.urn = urnOf("DeviceBatch", name);
    this.output = join(folder, name);
    this.manifest = join(folder, `${name}.csv`);
    this.list(devices);
    const { devices: none, ...rest } = batchInputs(signer, this.output, []);
    this.asked = {
      ...rest,
      manifest: this.manifest,
      format: "bundles",
      ...overrides,
    };
  }

  /** Writes the manifest anew. */
  list(devices: number): void {
    const rows = ["id"];
    for (let index = 0; index < devices; index += 1) {
      rows.push(`device-${String(index).padStart(7, "0")}`);
    }
    writeFileSync(this.manifest, `${rows.join("\n")}\n`);
  }

  /** Issues all devices. */
  create(): Promise<Run> {
    return this.withPlugin(undefined, async (plugin, pid) => {
      const [check, inputs] = await timed(() =>
        this.checked(plugin, this.asked, {}),
      );
      const before = processFigures(pid);
      const [work, { outs }] = await timed(() =>
        plugin.create(this.urn, inputs),
      );
      this.inputs = inputs;
      this.outs = outs;
      return finished(check, work, plugin, before, processFigures(pid));
    });
  }

  /** Brings the fleet up to what is asked for at another day. */
  update(now: Date): Promise<Run> {
    return this.withPlugin(now, async (plugin, pid) => {
      const asked = { ...this.asked, allowClockOverride: true };
      const [check, inputs] = await timed(async () => {
        const news = await this.checked(plugin, asked, this.inputs);
        await plugin.diff(this.urn, this.outs, news);
        return news;
      });
      const before = processFigures(pid);
      const [work, outs] = await timed(() =>
        plugin.update(this.urn, this.outs, inputs),
      );
      this.inputs = inputs;
      this.outs = outs;
      return finished(check, work, plugin, before, processFigures(pid));
    });
  }

  /** Seconds of a preview, and what it says: no change, or how many of what. */
  preview(): Promise<{ readonly seconds: number; readonly said: string }> {
    return this.withPlugin(undefined, async (plugin) => {
      const [seconds, { changes }] = await timed(async () =>
        plugin.diff(
          this.urn,
          this.outs,
          await this.checked(plugin, this.asked, this.inputs),
        ),
      );
      const said = plugin.log.at(-1)?.text ?? "no change";
      return { seconds, said: changes === "none" ? "no change" : said };
    });
  }

  /** Octets that the state holds of the resource. */
  stateBytes(): number {
    return Buffer.byteLength(JSON.stringify([this.inputs, this.outs]));
  }

  bytes(): Bytes {
    const bundles = join(this.output, "bundles");
    return {
      bundles: readdirSync(bundles).reduce(
        (sum, name) => sum + statSync(join(bundles, name)).size,
        0,
      ),
      inventory: statSync(join(this.output, "inventory.sqlite")).size,
    };
  }

  private async withPlugin<T>(
    now: Date | undefined,
    work: (plugin: Plugin, pid: number | undefined) => Promise<T>,
  ): Promise<T> {
    const plugin = await Plugin.start({
      cwd: this.folder,
      ...(now !== undefined && { now: now.toISOString() }),
    });
    try {
      return await work(plugin, childWith("run-plugin"));
    } finally {
      await plugin.stop();
    }
  }

  private async checked(
    plugin: Plugin,
    asked: Properties,
    olds: Properties,
  ): Promise<Properties> {
    const { inputs, failures } = await plugin.checkInputs(
      this.urn,
      asked,
      olds,
    );
    if (failures.length > 0) {
      throw new Error(failures.join("\n"));
    }
    return inputs;
  }
}

function finished(
  check: number,
  work: number,
  { log }: Plugin,
  before: ProcessFigures | undefined,
  after: ProcessFigures | undefined,
): Run {
  const rates = log
    .map(({ text }) => / of [\d,]+ \(([\d,]+)\/s, /.exec(text)?.[1])
    .filter((rate) => rate !== undefined);
  const last = rates.at(-1);
  return {
    check,
    work,
    signingRate:
      last === undefined ? undefined : Number(last.replaceAll(",", "")),
    process:
      after === undefined
        ? undefined
        : {
            peakMemory: after.peakMemory,
            cpuSeconds: after.cpuSeconds - (before?.cpuSeconds ?? 0),
          },
  };
}

/** Seconds of something, and what came of it. */
export async function timed<T>(
  work: () => Promise<T>,
): Promise<readonly [number, T]> {
  const start = performance.now();
  const result = await work();
  return [(performance.now() - start) / 1000, result];
}
