// How long engines take, measured side by side in one run: `node -r ./bin/register.cjs bench/engine.ts [resources] [rounds]`.
import { completeCli } from "../test/e2e/conformance/demo";
import { bundled, realEngine } from "../test/e2e/conformance/engines";
import type { Engine } from "../test/e2e/conformance/engines";
import { Site } from "../test/e2e/conformance/site";
import { Fleet } from "../test/support/fleet";
import { RealPulumi } from "../test/support/realPulumi";

const RESOURCES = Number(process.argv[2] ?? 500);
const ROUNDS = Number(process.argv[3] ?? 3);

/** Seconds by what was done, of one engine on one stack. */
interface Times {
  stack: string;
  engine: string;
  resources: number;
  create: number;
  change: number;
  noop: number;
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

/** The fastest of several: what else the machine does only ever adds. */
async function fastest(
  action: (round: number) => Promise<unknown>,
): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    best = Math.min(best, await seconds(() => action(round)));
  }
  return best;
}

async function measureMany(engine: Engine, count: number): Promise<Times> {
  const site = new Site();
  const write = (text: string): void => {
    const resources = Array.from({ length: count }, (_, index) => ({
      name: `r${index}`,
      args: { text, data: { secret: `key ${index}` } },
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
    const change = await fastest((round) => {
      write(`round ${round}`);
      return up();
    });
    const noop = await fastest(up);
    const stack = `${count} small resources`;
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

async function measureDemo(cli: string | undefined): Promise<Times> {
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
    const up = (): Promise<unknown> => (pulumi ?? fleet).up();
    const create = await seconds(up);
    const change = await fastest((round) => {
      rename(round);
      return up();
    });
    const noop = await fastest(up);
    const { resources } = await fleet.state();
    return {
      stack: "demo",
      engine: cli === undefined ? "bundled" : "pulumi",
      resources: resources.length,
      create,
      change,
      noop,
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

async function main(): Promise<void> {
  const real = realEngine();
  const cli = completeCli();
  // A table for each stack as soon as it is measured: the next takes its time.
  const demo = [await measureDemo(undefined)];
  if (cli !== undefined) {
    demo.push(await measureDemo(cli));
  }
  print(demo);
  // At two sizes: what grows faster than the stack shows in the time per resource.
  for (const count of [Math.ceil(RESOURCES / 5), RESOURCES]) {
    const rows = [await measureMany(bundled, count)];
    if (real !== undefined) {
      rows.push(await measureMany(real, count));
    }
    print(rows);
  }
  if (real === undefined) {
    process.stdout.write("skipped: pulumi is not installed\n");
  }
}

void main();
