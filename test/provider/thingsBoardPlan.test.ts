import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { credentialsId, splitPem } from "../support/certificates";
import {
  TENANT,
  ThingsBoardStore,
} from "../support/platforms/thingsBoardStore";
import { bulkImport } from "../support/platforms/thingsBoardBulkImport";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { Bench, NO_CHANGE, UPDATE } from "./support/batch";
import type { Batch } from "./support/batch";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const PROFILE = urnOf("ThingsBoardDeviceProfile", "profile");
const DEVICES = urnOf("ThingsBoardDevices", "devices");
const IDS = ["pump-1.example.com", "pump-2.example.com"];
const PATTERN = "(.*)\\.example\\.com";

describe("without a server", () => {
  const bench = new Bench();
  let batch: Batch;
  let directory: string;
  let inputs: Properties;
  let outs: Properties;

  beforeAll(async () => {
    batch = await bench.batch(IDS).create();
    directory = join(bench.folder, "plan");
    inputs = {
      outputDirectory: batch.output,
      digest: batch.outs.digest,
      profileName: 'pumps, "hall 3"',
      commonNamePattern: PATTERN,
      directory,
    };
  });

  test("a profile is a text for who posts it, and becomes one when there is a server", async () => {
    const { plugin, above } = bench;
    const order = {
      profileName: "pumps",
      certificatePem: above.ca.certificatePem,
    };
    expect(await plugin.check(PROFILE, order)).toEqual([]);
    const { id, outs: plan } = await plugin.create(PROFILE, order);
    expect([id, plan.profileId]).toEqual(["plan-profile", ""]);
    expect(await plugin.diff(PROFILE, plan, order)).toEqual(NO_CHANGE);
    expect(await plugin.read(PROFILE, plan)).toEqual(plan);
    const posted = new ThingsBoardStore().saveProfile(
      TENANT,
      JSON.parse(String(plan.profileJson)),
    );
    expect(posted.provisionDeviceKey).toBe(plan.provisionDeviceKey);
    expect(plan.provisionDeviceKey).toBe(
      credentialsId(above.ca.certificatePem),
    );
    const server = await new ThingsBoardServer().start();
    try {
      const served = {
        ...order,
        server: { url: server.url, apiKey: secret(server.apiKey()) },
      };
      expect(await plugin.diff(PROFILE, plan, served)).toEqual({
        changes: "some",
        replaces: ["server"],
      });
      await plugin.delete(PROFILE, plan);
      expect(server.requests).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  test("devices are files that ThingsBoard's import takes, under the names of the pattern", async () => {
    expect(await bench.plugin.check(DEVICES, inputs)).toEqual([]);
    ({ outs } = await bench.plugin.create(DEVICES, inputs));
    expect(outs).toMatchObject({
      count: 0,
      files: ["devices.csv", "bulk-import.json"],
    });
    expect(await bench.plugin.diff(DEVICES, outs, inputs)).toEqual(NO_CHANGE);
    const store = new ThingsBoardStore();
    const body: unknown = JSON.parse(
      readFileSync(join(directory, "bulk-import.json"), "utf8"),
    );
    expect(bulkImport(store, TENANT, body)).toMatchObject({
      created: 2,
      errors: 0,
    });
    expect(body).toMatchObject({
      file: readFileSync(join(directory, "devices.csv"), "utf8"),
    });
    const device = store.deviceByName(TENANT, "pump-2");
    const [pem = ""] = splitPem(
      readFileSync(join(batch.output, IDS[1] ?? "", "cert.pem"), "utf8"),
    );
    expect(device).toMatchObject({
      type: 'pumps, "hall 3"',
      credentialsId: credentialsId(pem),
    });
  });

  test("a file that was changed or deleted by hand is written again", async () => {
    for (const damage of [
      () => {
        writeFileSync(join(directory, "devices.csv"), "NAME\n");
      },
      () => {
        rmSync(join(directory, "bulk-import.json"));
      },
    ]) {
      damage();
      expect(await bench.plugin.diff(DEVICES, outs, inputs)).toEqual(UPDATE);
      outs = await bench.plugin.update(DEVICES, outs, inputs);
      expect(await bench.plugin.diff(DEVICES, outs, inputs)).toEqual(NO_CHANGE);
    }
  });

  test("another folder takes the files along, and a deletion takes them away", async () => {
    const news = { ...inputs, directory: join(bench.folder, "other") };
    outs = await bench.plugin.update(DEVICES, outs, news);
    expect(readdirSync(directory)).toEqual([]);
    expect(readdirSync(news.directory).sort()).toEqual([
      "bulk-import.json",
      "devices.csv",
    ]);
    await bench.plugin.delete(DEVICES, outs);
    expect(readdirSync(news.directory)).toEqual([]);
    // The batch is as it was.
    expect(readdirSync(batch.output)).toContain("inventory.csv");
  });

  test.each([
    ["pump-(\\d+)\\.else", /makes no name of "pump-1\.example\.com"/],
    ["(pump)-", /makes "pump" of two devices/],
  ])(
    "the pattern %s, which does not fit, is refused",
    async (commonNamePattern, why) => {
      const server = await new ThingsBoardServer().start();
      try {
        const connection = { url: server.url, apiKey: secret(server.apiKey()) };
        await bench.plugin.create(PROFILE, {
          server: connection,
          profileName: "pumps",
          certificatePem: bench.above.ca.certificatePem,
        });
        const refusal = await bench.plugin.refusal(
          bench.plugin.create(DEVICES, {
            ...inputs,
            profileName: "pumps",
            server: connection,
            commonNamePattern,
          }),
        );
        expect(refusal).toMatch(/^commonNamePattern: /);
        expect(refusal).toMatch(why);
        expect(server.count("POST /api/device/bulk_import")).toBe(0);
      } finally {
        await server.stop();
      }
    },
  );

  test("a folder that is no batch's is refused", async () => {
    const other = { ...inputs, outputDirectory: bench.folder };
    expect(
      await bench.plugin.refusal(bench.plugin.create(DEVICES, other)),
    ).toMatch(
      /^outputDirectory: .* holds neither inventory\.sqlite nor inventory\.csv/,
    );
  });
});
