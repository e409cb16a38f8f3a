import { randomInt } from "node:crypto";
import { WHOLE_PROOF } from "../../support/figures";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import type { StoredObject } from "./objects";
import { CONFIG_MAPS, SECRETS, inventory, pathOf } from "./objects";
import { BUNDLE, DEVICE_SECRETS, SERVER_SECRET } from "./program/settings";
import type { CaseStack } from "./stack";

const TIMES = WHOLE_PROOF ? 20 : 2;
/** As many Secrets as a batch may have, and some less. */
const MANY = 32;
const FEW = 24;
/** ConfigMaps that stay as they are. */
const BUNDLES = 8;
const FOREIGN = "theirs";
/** Updates that may be needed after one that was cut off. */
const PATIENCE = 3;

describeCase(
  "chaos",
  "an API server killed in the middle of an update loses, doubles and takes nothing",
  async (run) => {
    const { cluster, namespace } = run;
    const stack = await run.stack();
    await cluster.create(pathOf(namespace, SECRETS), {
      metadata: { name: FOREIGN },
      data: { text: Buffer.from("theirs").toString("base64") },
    });
    stack.set({
      shards: FEW,
      bundles: [namespace],
      bundlesEach: BUNDLES,
    });
    await stack.must("up");

    let inTheMiddle = 0;
    let most = 0;
    for (let time = 1; time <= TIMES; time += 1) {
      const before = await inventory(cluster, namespace);
      // All Secrets of devices are updated; eight are made, or deleted.
      const shards = time % 2 === 1 ? MANY : FEW;
      stack.set({ shards, reissue: `time ${time}` });
      inTheMiddle += (await killedUpdate(run, stack, before)) ? 1 : 0;
      most = Math.max(most, await finish(stack));
      check(before, await inventory(cluster, namespace), shards);
      // What is in the state is what is on the cluster: to look again finds nothing.
      await stack.must("refresh");
      await stack.settled();
    }
    expect(inTheMiddle).toBeGreaterThan(0);
    return `killed ${TIMES} times, ${inTheMiddle} in the middle; at most ${most} updates to finish; 0 of ${MANY + BUNDLES + 1} lost, doubled or foreign`;
  },
  { timeout: 3_600_000 },
);

/** Updates, kills the server after some of the objects and starts it again; whether the update was cut off. */
async function killedUpdate(
  { cluster, namespace }: CaseRun,
  stack: CaseStack,
  before: ReadonlyMap<string, StoredObject>,
): Promise<boolean> {
  let over = false;
  const isOver = (): boolean => over;
  const running = stack.run("up", {}).finally(() => (over = true));
  const some = randomInt(1, FEW);
  while (!isOver()) {
    const now = await inventory(cluster, namespace);
    const different = [...now].filter(
      ([key, { metadata }]) =>
        before.get(key)?.metadata.resourceVersion !== metadata.resourceVersion,
    );
    if (different.length >= some) {
      break;
    }
  }
  await cluster.kill();
  const cutOff = !isOver();
  await new Promise((resolve) => setTimeout(resolve, randomInt(1, 2000)));
  await cluster.restart();
  await running;
  return cutOff;
}

/** Updates until one succeeds; how many that took. */
async function finish(stack: CaseStack): Promise<number> {
  for (let time = 1; time < PATIENCE; time += 1) {
    if ((await stack.run("up", {})).code === 0) {
      return time;
    }
  }
  await stack.must("up");
  return PATIENCE;
}

function check(
  before: ReadonlyMap<string, StoredObject>,
  after: ReadonlyMap<string, StoredObject>,
  shards: number,
): void {
  const numbered = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const wanted = [
    `${SECRETS}/${FOREIGN}`,
    `${SECRETS}/${SERVER_SECRET}`,
    ...numbered(shards, `${SECRETS}/${DEVICE_SECRETS}`),
    ...numbered(BUNDLES, `${CONFIG_MAPS}/${BUNDLE}`),
  ];
  expect([...after.keys()].sort()).toEqual(wanted.sort());
  // Whatever was there and still is, is the same object.
  const both = [...after].filter(([key]) => before.has(key));
  expect(both.map(([key, { metadata }]) => [key, metadata.uid])).toEqual(
    both.map(([key]) => [key, before.get(key)?.metadata.uid]),
  );
  const theirs = `${SECRETS}/${FOREIGN}`;
  expect(after.get(theirs)).toEqual(before.get(theirs));
}
