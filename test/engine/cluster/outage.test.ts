import { setTimeout as sleep } from "node:timers/promises";

import type { Item } from "../sandbox";
import { describeCluster, mapItem, secretItem } from "./world";

const COUNT = 60;
const MAPS = "/api/v1/namespaces/default/configmaps";

function items(round: string): Item[] {
  return Array.from({ length: COUNT }, (_, index) =>
    mapItem(`m-${index}`, { round }),
  );
}

describeCluster("an API server that goes away", (world) => {
  async function names(): Promise<string[]> {
    const { body } = await world.cluster.call("GET", MAPS);
    return (body as { items: { metadata: { name: string } }[] }).items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith("m-"))
      .sort();
  }

  test("is waited for, while objects are made, changed and deleted", async () => {
    for (const [round, from] of [
      ["1", 0],
      ["2", COUNT],
    ] as const) {
      world.wants(items(round));
      const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
      while ((await names()).length <= from / 2 && from === 0) {
        await sleep(5);
      }
      await sleep(from === 0 ? 0 : 2500);
      await world.cluster.restart();
      const { code, out } = await running.result;
      expect(out).toContain(from === 0 ? "created" : "updated");
      expect(code).toBe(0);
      expect(await names()).toHaveLength(COUNT);
      await world.must("refresh", "--yes", "--expect-no-changes");
      await world.must("preview", "--expect-no-changes");
    }
    world.wants([]);
    const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
    while ((await names()).length === COUNT) {
      await sleep(5);
    }
    await world.cluster.restart();
    expect((await running.result).code).toBe(0);
    expect(await names()).toEqual([]);
  }, 300_000);

  test("does not make it lose an object whose making was not answered", async () => {
    world.wants([secretItem("tls", { a: "1" })]);
    // It stores what it is sent, and is gone before it says so: nothing tells this from here but the object itself.
    const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
    const path = "/api/v1/namespaces/default/secrets/tls";
    while ((await world.live(path)) === undefined) {
      await sleep(2);
    }
    await world.cluster.kill();
    await world.cluster.restart();
    expect((await running.result).code).toBe(0);
    await world.must("preview", "--expect-no-changes");
  }, 120_000);

  test("is not what goes away: an engine that was killed goes on with what it made", async () => {
    world.wants(items("1"));
    const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
    while ((await names()).length <= COUNT / 4) {
      await sleep(2);
    }
    running.kill("SIGKILL");
    await running.result;
    const [first = ""] = await names();
    const path = `${MAPS}/${first}`;
    const made = await world.live(path);
    await world.must("preview");
    await world.must("up", "--yes");
    expect(await names()).toHaveLength(COUNT);
    expect((await world.live(path))?.metadata.uid).toBe(made?.metadata.uid);
    await world.must("refresh", "--yes", "--expect-no-changes");
    await world.must("preview", "--expect-no-changes");
  }, 120_000);
});
