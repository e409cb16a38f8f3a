import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { Bench } from "./support/batch";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, secret } from "./support/wire";

const URN = urnOf("ThingsBoardDeviceProfile", "profile");
const DEVICES = urnOf("ThingsBoardDevices", "devices");

describe("a preview", () => {
  const bench = new Bench();
  let server: ThingsBoardServer;
  let inputs: Properties;
  let wrongKey: Properties;
  let requests: number;

  beforeEach(async () => {
    server = await new ThingsBoardServer().start();
    requests = 0;
    server.disturb = (method) => {
      requests += 1;
      // Nothing is written by looking.
      expect(method).toBe("GET");
      return undefined;
    };
    inputs = {
      server: { url: server.url, apiKey: secret(server.apiKey()) },
      profileName: "pumps",
      certificatePem: bench.above.ca.certificatePem,
    };
    wrongKey = {
      ...inputs,
      server: { url: server.url, apiKey: secret("tb_wrong") },
    };
  });

  afterEach(async () => {
    await server.stop();
  });

  const create = (properties: Properties): Promise<unknown> => {
    server.disturb = () => undefined;
    return bench.plugin.create(URN, properties);
  };

  test("takes what ThingsBoard would", async () => {
    expect(await bench.plugin.check(URN, inputs)).toEqual([]);
    expect(requests).toBeGreaterThan(0);
  });

  test("asks nobody where nothing changes", async () => {
    expect(await bench.plugin.check(URN, inputs, inputs)).toEqual([]);
    expect(requests).toBe(0);
  });

  test("refuses credentials that do not count, of a profile and of devices", async () => {
    const why = [
      expect.stringMatching(
        /^server\.apiKey: http.* does not take it .*; give a key/,
      ) as string,
    ];
    expect(await bench.plugin.check(URN, wrongKey)).toEqual(why);
    expect(await bench.plugin.check(URN, wrongKey, inputs)).toEqual(why);
    expect(
      await bench.plugin.check(DEVICES, {
        server: wrongKey.server,
        profileName: "pumps",
        outputDirectory: "out",
        digest: "x",
      }),
    ).toEqual(why);
    expect(bench.plugin.said.join("\n")).not.toContain("tb_wrong");
  });

  test("refuses a name that is another's, but not what is to be adopted or was cut off", async () => {
    await create({ ...inputs, commonNamePattern: "(a)" });
    const taken = [
      expect.stringMatching(
        /^profileName: "pumps" is a device profile in ThingsBoard already \(.+\); choose another name, set adoptExisting: true/,
      ) as string,
    ];
    expect(
      await bench.plugin.check(URN, { ...inputs, certificatePem: UNKNOWN }),
    ).toEqual(taken);
    expect(await bench.plugin.check(URN, inputs)).toEqual(taken);
    expect(
      await bench.plugin.check(URN, { ...inputs, adoptExisting: true }),
    ).toEqual([]);
    expect(
      await bench.plugin.check(URN, { ...inputs, commonNamePattern: "(a)" }),
    ).toEqual([]);
    expect(
      await bench.plugin.check(URN, inputs, { ...inputs, profileName: "old" }),
    ).toEqual([
      expect.stringMatching(
        /^profileName: "pumps" is another device profile's name in ThingsBoard \(.+\); choose another\.$/,
      ),
    ]);
  });

  test("refuses a certificate that is another profile's", async () => {
    await create(inputs);
    expect(
      await bench.plugin.check(URN, { ...inputs, profileName: "fans" }),
    ).toEqual([
      expect.stringMatching(
        /^certificatePem: is the certificate of the device profile "pumps" already; /,
      ),
    ]);
    // Its own, under a new name.
    expect(
      await bench.plugin.check(
        URN,
        { ...inputs, profileName: "fans" },
        { ...inputs, certificatePem: "" },
      ),
    ).toEqual([]);
  });

  test("warns of a ThingsBoard that is not there yet", async () => {
    await server.stop();
    bench.plugin.log.length = 0;
    expect(await bench.plugin.check(URN, inputs)).toEqual([]);
    expect(bench.plugin.log.at(-1)).toMatchObject({
      severity: "warning",
      text: expect.stringMatching(
        /^server\.url: .* cannot be reached \(ECONNREFUSED\).* not known before\.$/,
      ) as string,
    });
  });
});
