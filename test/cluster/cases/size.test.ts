import { randomBytes } from "node:crypto";
import { WHOLE_PROOF } from "../../support/figures";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import { CONFIG_MAPS, SECRETS, inventory, pathOf } from "./objects";

/** Trust bundles in each of the namespaces; 40 make 2,000 objects. */
const BUNDLES = WHOLE_PROOF ? [10, 20, 40] : [13];
const NAMESPACES = WHOLE_PROOF ? 50 : 5;
/** Secrets of a batch of devices. */
const SHARDS = 32;
/** Requests of the API server's own limit that are under way at once. */
const AT_ONCE = 16;
/** What a no-op may take per object at the largest size, of what it takes at the smallest. */
const LINEAR = 1.5;

describeCase(
  "size",
  "the time per object, and a no-op that grows with the stack",
  async (run) => {
    const { cluster, namespace } = run;
    const stack = await run.stack();
    const places = Array.from(
      { length: NAMESPACES },
      (_, index) => `${namespace}-${index}`,
    );
    for (const name of places) {
      await cluster.create("/api/v1/namespaces", { metadata: { name } });
    }
    const figures: string[] = [];
    const noops: number[] = [];
    let made = 0;
    for (const bundlesEach of BUNDLES) {
      // The one is the broker's.
      const size = bundlesEach * NAMESPACES + SHARDS + 1;
      stack.set({ bundles: places, bundlesEach, shards: SHARDS });
      const create = await seconds(() => stack.must("up"));
      const noop = await seconds(() => stack.settled());
      noops.push(noop / size);
      const limit = await limitOf(run, size - made);
      const each = create / (size - made);
      figures.push(
        `${size}: ${milliseconds(each)} an object (${(each / limit).toFixed(1)} times a plain POST of ${milliseconds(limit)}), no-op ${noop.toFixed(1)} s`,
      );
      made = size;
    }
    expect(await countOf(run, [namespace, ...places])).toBe(made);
    const [first = 0] = noops;
    expect((noops.at(-1) ?? 0) / first).toBeLessThan(LINEAR);
    await stack.must("destroy");
    expect(await countOf(run, [namespace, ...places])).toBe(0);
    return figures.join("; ");
  },
  { timeout: 3_600_000 },
);

async function countOf(
  { cluster }: CaseRun,
  namespaces: readonly string[],
): Promise<number> {
  let count = 0;
  for (const name of namespaces) {
    count += (await inventory(cluster, name)).size;
  }
  return count;
}

/** Seconds of the API server for a Secret of a device's size, with as many requests at once as it likes. */
async function limitOf(
  { cluster, engine }: CaseRun,
  count: number,
): Promise<number> {
  const name = `limit-${engine.name}-${count}`;
  await cluster.create("/api/v1/namespaces", { metadata: { name } });
  const client = cluster.clientOf("admin", AT_ONCE);
  const data = { "chain.pem": randomBytes(1500).toString("base64") };
  const took = await seconds(() =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.call({
          method: "POST",
          path: pathOf(name, SECRETS),
          object: { metadata: { name: `${CONFIG_MAPS}-${index}` }, data },
        }),
      ),
    ),
  );
  client.close();
  expect((await inventory(cluster, name)).size).toBe(count);
  return took / count;
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

function milliseconds(value: number): string {
  return `${(value * 1000).toFixed(1)} ms`;
}
