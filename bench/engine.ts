// How long engines take, measured side by side in one run.
import { completeCli } from "../test/e2e/conformance/demo";
import { bundled, realEngine } from "../test/e2e/conformance/engines";
import type { Engine } from "../test/e2e/conformance/engines";
import { Site } from "../test/e2e/conformance/site";
import { Fleet } from "../test/support/fleet";
import { RealPulumi } from "../test/support/realPulumi";

const RESOURCES = 500;
const ROUNDS = 3;

/** Seconds of one run: of the whole of it, and of the program in it. */
interface Split {
  whole: number;
  seconds?: number;
  waitingSeconds?: number;
}

/** Seconds by what was done, of one engine on one stack. */
interface Times {
  stack: string;
  engine: string;
  resources: number;
  create: number;
  change: number;
  noop: number;
  /** Where the fastest run without a change spent its time; the bundled engine says. */
  split?: Split;
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return secondsSince(start);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** The fastest of several: what else the machine does only ever adds. */
async function fastest(
  rounds: number,
  action: (round: number) => Promise<unknown>,
): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    best = Math.min(best, await seconds(() => action(round)));
  }
  return best;
}

/** @param inRow each after the one before, so that nothing can share a write of the state */
async function measureMany(
  engine: Engine,
  count: number,
  inRow: boolean,
  rounds: number,
): Promise<Times> {
  const site = new Site();
  const write = (text: string): void => {
    const resources = Array.from({ length: count }, (_, index) => ({
      name: `r${index}`,
      args: { text, data: { secret: `key ${index}` } },
      options: inRow && index > 0 ? { dependsOn: [`r${index - 1}`] } : {},
    }));
    site.write({ resources, exports: {} });
  };
  const up = async (): Promise<void> => {
    const { code, text } = await engine.run(site, "up");
    if (code !== 0) {
      throw new Error(text);
    }
  };
  try {
    await engine.prepare(site);
    write("first");
    const create = await seconds(up);
    const change = await fastest(rounds, (round) => {
      write(`round ${round}`);
      return up();
    });
    const noop = await fastest(rounds, up);
    const stack = `${count} ${inRow ? "in a row" : "at once"}`;
    return {
      stack,
      engine: engine.name,
      resources: count,
      create,
      change,
      noop,
    };
  } finally {
    site.close();
  }
}

async function measureDemo(
  cli: string | undefined,
  rounds: number,
): Promise<Times> {
  const fleet = new Fleet();
  const rename = (round: number): void => {
    fleet.configure("server.dnsNames", [
      "my-iot-cloud.com",
      `mqtt${round}.my-iot-cloud.com`,
    ]);
  };
  try {
    const pulumi = cli === undefined ? undefined : new RealPulumi(cli, fleet);
    await pulumi?.open();
    const splits: Split[] = [];
    const up = async (): Promise<void> => {
      if (pulumi === undefined) {
        const start = performance.now();
        const { program } = await fleet.up();
        splits.push({ whole: secondsSince(start), ...program });
      } else {
        await pulumi.up();
      }
    };
    const create = await seconds(up);
    const change = await fastest(rounds, (round) => {
      rename(round);
      return up();
    });
    splits.length = 0;
    const noop = await fastest(rounds, up);
    const { resources } = await fleet.state();
    const [split] = splits.sort((one, other) => one.whole - other.whole);
    return {
      stack: "demo",
      engine: cli === undefined ? "bundled" : "pulumi",
      resources: resources.length,
      create,
      change,
      noop,
      ...(split !== undefined && { split }),
    };
  } finally {
    fleet.remove();
  }
}

function print(rows: readonly Times[]): void {
  const head = ["stack", "engine", "step", "seconds", "ms/resource", "ratio"];
  const lines = rows.flatMap((row) =>
    (["create", "change", "noop"] as const).map((step) => {
      const base = rows.find(
        ({ stack, engine }) => stack === row.stack && engine === "bundled",
      );
      return [
        row.stack,
        row.engine,
        step,
        row[step].toFixed(2),
        ((row[step] * 1000) / row.resources).toFixed(1),
        (row[step] / (base?.[step] ?? row[step])).toFixed(2),
      ];
    }),
  );
  const all = [head, ...lines];
  const widths = head.map((_, column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of all) {
    const cells = line.map((cell, column) =>
      column < 3
        ? cell.padEnd(widths[column] ?? 0)
        : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join("  ")}\n`);
  }
  process.stdout.write("\n");
}

/** Says how much of a run was the program's own. */
function printSplit({ whole, seconds, waitingSeconds }: Split): void {
  if (seconds === undefined || waitingSeconds === undefined) {
    throw new Error("the engine does not say how long the program ran");
  }
  const share = (part: number): string =>
    `${part.toFixed(2)} s (${Math.round((100 * part) / whole)} %)`;
  const outside = whole - seconds;
  process.stdout.write(
    `The no-op of ${whole.toFixed(2)} s: the program ran for ${share(seconds)}, the rest is ${share(outside)}.\n` +
      `With all the time in which the program may have waited for an answer, the engine's part is ${share(outside + waitingSeconds)}.\n\n`,
  );
}

/**
 * Prints how long the engines take for the demo and for stacks of many
 * resources.
 *
 * @param resources of the largest stack. Default 500.
 * @param rounds of which the fastest counts. Default 3.
 */
export async function benchEngines(
  resources = RESOURCES,
  rounds = ROUNDS,
): Promise<void> {
  const real = realEngine();
  const cli = completeCli();
  // A table for each stack as soon as it is measured: the next takes its time.
  const demo = [await measureDemo(undefined, rounds)];
  if (cli !== undefined) {
    demo.push(await measureDemo(cli, rounds));
  }
  print(demo);
  demo.forEach(({ split }) => {
    if (split !== undefined) {
      printSplit(split);
    }
  });
  // At two sizes: what grows faster than the stack shows in the time per resource.
  for (const inRow of [false, true]) {
    for (const count of [Math.ceil(resources / 5), resources]) {
      const rows = [await measureMany(bundled, count, inRow, rounds)];
      if (real !== undefined) {
        rows.push(await measureMany(real, count, inRow, rounds));
      }
      print(rows);
    }
  }
  if (real === undefined) {
    process.stdout.write("skipped: pulumi is not installed\n");
  }
}
