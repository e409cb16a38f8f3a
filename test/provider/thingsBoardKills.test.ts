import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TENANT } from "../support/platforms/thingsBoardStore";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { Bench } from "./support/batch";
import { LargeBatch } from "./support/largeBatch";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const IMPORT = "POST /api/device/bulk_import";
const DEVICES = 3_000;

describe("3,000 devices of a batch in bundles", () => {
  const bench = new Bench();
  const URN = urnOf("ThingsBoardDevices", "fleet");
  let server: ThingsBoardServer;
  let batch: LargeBatch;
  let inputs: Properties;

  const stored = () => server.platform.store.devicesOf(TENANT);
  const record = (): string => join(batch.output, "thingsboard-fleet.imported");

  beforeAll(async () => {
    server = await new ThingsBoardServer().start();
    batch = await LargeBatch.of(bench, "fleet", {
      range: { id: "meter-{number}", from: 1, to: DEVICES, digits: 5 },
    }).create();
    const connection = { url: server.url, apiKey: secret(server.apiKey()) };
    await bench.plugin.create(urnOf("ThingsBoardDeviceProfile", "fleet"), {
      server: connection,
      profileName: "fleet",
      certificatePem: bench.above.ca.certificatePem,
    });
    inputs = {
      server: connection,
      outputDirectory: batch.output,
      digest: batch.outs.digest,
      profileName: "fleet",
      devicesPerRequest: 500,
    };
  });

  afterAll(async () => {
    await server.stop();
  });

  test("go on where a kill in the middle left them, none twice", async () => {
    const killed = await Plugin.start({ cwd: bench.folder });
    let imports = 0;
    server.disturb = async (method, path) => {
      imports += `${method} ${path}` === IMPORT ? 1 : 0;
      if (imports === 3) {
        // The request has arrived, and is carried out; nobody is there for its answer.
        await killed.stop();
      }
      return undefined;
    };
    await expect(killed.create(URN, inputs)).rejects.toThrow();
    server.disturb = () => undefined;
    while (server.count(IMPORT) < 3) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(stored()).toHaveLength(1_500);
    const lines = readFileSync(record(), "utf8").split("\n");
    expect(lines).toHaveLength(1 + 1_000 + 1);
    const first = stored().slice(0, 1_000);

    const before = server.count(IMPORT);
    const { outs } = await bench.plugin.create(URN, inputs);
    expect(server.count(IMPORT) - before).toBe(4);
    expect(outs).toMatchObject({
      count: DEVICES,
      created: 1_500,
      updated: 500,
    });
    expect(stored()).toHaveLength(DEVICES);
    expect(new Set(stored().map(({ name }) => name)).size).toBe(DEVICES);
    expect(first.map(({ saved }) => saved)).toEqual(first.map(() => 1));
    expect(Math.max(...stored().map(({ saved }) => saved))).toBeLessThan(3);
    expect(bench.plugin.log.at(-1)?.text).toBe(
      "2000 of 2000 devices were sent to ThingsBoard.",
    );
  });

  test("cost no request for a device the next time", async () => {
    const before = server.count(IMPORT);
    const { outs } = await bench.plugin.create(URN, inputs);
    expect(outs).toMatchObject({ count: DEVICES, created: 0, updated: 0 });
    expect(server.count(IMPORT)).toBe(before);
  });

  test("that are more later are sent alone, and the record is in nobody's way", async () => {
    await batch.update({
      range: { id: "meter-{number}", from: 1, to: DEVICES + 1, digits: 5 },
    });
    inputs = { ...inputs, digest: batch.outs.digest };
    const { outs } = await bench.plugin.create(URN, inputs);
    expect(outs).toMatchObject({ count: DEVICES + 1, created: 1, updated: 0 });
  });

  test("are told from what a kill left of a line, and of a record of another server", async () => {
    const whole = readFileSync(record(), "utf8");
    writeFileSync(record(), whole.slice(0, -10));
    const { outs } = await bench.plugin.create(URN, inputs);
    expect(outs).toMatchObject({ created: 0, updated: 1 });
    writeFileSync(record(), whole.replace(/profile .*/, "profile another"));
    const again = await bench.plugin.create(URN, inputs);
    expect(again.outs).toMatchObject({ created: 0, updated: DEVICES + 1 });
    const sorted = (text: string): string[] => text.split("\n").sort();
    expect(sorted(readFileSync(record(), "utf8"))).toEqual(sorted(whole));
  });

  test("stay below the limit of a body, however many are asked for", async () => {
    const from = server.requests.length;
    writeFileSync(record(), "");
    await bench.plugin.create(URN, { ...inputs, devicesPerRequest: 10_000 });
    const bodies = server.requests
      .slice(from)
      .filter(({ path }) => path === "/api/device/bulk_import");
    expect(bodies.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    expect(Math.max(...bodies.map(({ bytes }) => bytes))).toBeLessThanOrEqual(
      16 * 1024 * 1024,
    );
  });
});
