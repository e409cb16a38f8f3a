import { exportPkcs8 } from "../../pki/key";
import { issue } from "../pki/support/authority";
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
      await bench.plugin.check(URN, {
        ...inputs,
        certificatePem: UNKNOWN,
        adoptExisting: UNKNOWN,
      }),
    ).toEqual([]);
    // A plan was none in ThingsBoard, and will be replaced.
    const { server: _server, ...plan } = inputs;
    expect(await bench.plugin.check(URN, inputs, plan)).toEqual(taken);
  });

  test("refuses a new name that is another's, but not one that was given by an update that was cut off", async () => {
    const old = { ...inputs, profileName: "old" };
    await create(inputs);
    expect(await bench.plugin.check(URN, inputs, old)).toEqual([]);
    await create({
      ...old,
      certificatePem: bench.above.authority.certificatePem,
    });
    expect(await bench.plugin.check(URN, inputs, old)).toEqual([
      expect.stringMatching(
        /^profileName: "pumps" is another device profile's name in ThingsBoard \(.+\); choose another\.$/,
      ),
    ]);
  });

  test("refuses another server that has no such profile", async () => {
    const there = {
      ...inputs,
      server: { url: "https://other.invalid", apiKey: secret("tb_other") },
    };
    expect(await bench.plugin.check(URN, inputs, there)).toEqual([
      expect.stringMatching(
        /^server: the device profile "pumps" is not at http.*, or not of this user's tenant; name the former server/,
      ),
    ]);
    await create(inputs);
    expect(await bench.plugin.check(URN, inputs, there)).toEqual([]);
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

  test("warns of a ThingsBoard that is not there yet, or not as it is to be", async () => {
    const warned = async (
      properties: Properties,
      why: RegExp,
    ): Promise<void> => {
      bench.plugin.log.length = 0;
      expect(await bench.plugin.check(URN, properties)).toEqual([]);
      expect(bench.plugin.log.at(-1)).toMatchObject({
        severity: "warning",
        text: expect.stringMatching(why) as string,
      });
    };
    // What stands before it, or in its place.
    for (const status of [302, 404, 429, 502]) {
      server.disturb = () => status;
      await warned(inputs, new RegExp(`: ${status}.* not known before\\.$`));
    }
    const { certificatePem: cert, key } = await issue(
      undefined,
      {
        profile: "server",
        subject: { commonName: "localhost" },
        dnsNames: ["localhost"],
      },
      new Date(),
    );
    const tls = { cert, key: exportPkcs8(key) };
    const other = await new ThingsBoardServer({ tls }).start();
    try {
      const apiKey = secret(other.apiKey());
      await warned(
        { ...inputs, server: { url: other.url, apiKey } },
        /^server\.caPem: .* is not trusted .* not known before\.$/,
      );
    } finally {
      await other.stop();
    }
    await server.stop();
    await warned(
      inputs,
      /^server\.url: .* cannot be reached \(ECONNREFUSED\).* not known before\.$/,
    );
  });

  test("waits five seconds for all requests together, login and all", async () => {
    server.disturb = async (_method, path) => {
      const seconds = path === "/api/auth/login" ? 3 : 30;
      await new Promise((resolve) => {
        setTimeout(resolve, seconds * 1000).unref();
      });
      return undefined;
    };
    const [username, password] = ["tenant@example.com", "its password"];
    server.user(username, password);
    const started = performance.now();
    expect(
      await bench.plugin.check(URN, {
        ...inputs,
        server: { url: server.url, username, password: secret(password) },
      }),
    ).toEqual([]);
    expect(performance.now() - started).toBeLessThan(9_000);
    expect(bench.plugin.log.at(-1)?.text).toMatch(
      /^server\.url: .* does not answer within the 5 s that a preview waits\. Whether/,
    );
  });
});
