import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import { MqttClient } from "mqtt";
import { Fleet } from "../support/fleet";
import { ThingsBoardMqttFront } from "../support/platforms/thingsBoardMqtt";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { TENANT } from "../support/platforms/thingsBoardStore";
import { actions } from "../support/report";

const PROFILE = "ThingsBoardDeviceProfile pumps";
const DEVICES = "ThingsBoardDevices pumps";

describe("from an update to a device that publishes", () => {
  const fleet = new Fleet("test/e2e/programs/thingsBoardOnboarding");
  const server = new ThingsBoardServer();
  const { store } = server.platform;
  let key: string;
  let front: ThingsBoardMqttFront | undefined;
  let port = 0;
  let root: string;

  const profile = () =>
    store.profilesOf(TENANT).find(({ name }) => name === "pumps");
  const names = (): string[] => store.devicesOf(TENANT).map(({ name }) => name);
  const file = (id: string, name: string): string =>
    readFileSync(fleet.path("out", id, name), "utf8");
  /** What `stack output` says; secrets are shown. */
  const outputs = async (): Promise<Record<string, string>> => {
    const { stdout } = await fleet.engine(
      "stack",
      "output",
      "--json",
      "--show-secrets",
    );
    return JSON.parse(stdout) as Record<string, string>;
  };
  /** Why an update does not go through; all that was said. */
  const refused = async (command: "up" | "destroy" = "up"): Promise<string> => {
    const { code, report, stdout, stderr } = await fleet.tryRun(command);
    expect(code).not.toBe(0);
    expect(stdout + stderr).not.toContain(key);
    return (report?.diagnostics ?? []).map(({ message }) => message).join("\n");
  };

  beforeAll(async () => {
    await server.start();
    key = server.apiKey();
    // Its port is its own from here on, and nobody listens there.
    await server.stop();
    fleet.configure("thingsBoard.url", server.url).configure("apiKey", key);
  });

  afterAll(async () => {
    await front?.stop();
    await server.stop();
    fleet.remove();
  });

  /** A device that comes with a chain, publishes and goes; the outcome of its CONNECT. */
  const publishes = async (
    id: string,
    files: { readonly cert: string; readonly key: string },
    temperature: number,
    version: tls.SecureVersion = "TLSv1.3",
  ): Promise<string> => {
    const client = new MqttClient(
      () =>
        tls.connect({
          host: "127.0.0.1",
          port,
          servername: "localhost",
          ca: root,
          minVersion: version,
          maxVersion: version,
          ...files,
        }),
      { clientId: id, protocol: "mqtts", reconnectPeriod: 0 },
    );
    try {
      await new Promise<void>((resolve, reject) => {
        client.once("connect", () => {
          resolve();
        });
        client.once("error", reject);
        client.once("close", () => {
          reject(new Error("closed"));
        });
      });
      await client.publishAsync(
        "v1/devices/me/telemetry",
        JSON.stringify({ temperature }),
        { qos: 1 },
      );
    } catch {
      // What became of it, the front knows.
    } finally {
      await client.endAsync(true);
    }
    return front?.connects.at(-1)?.outcome ?? "did not come";
  };
  const filesOf = (folder: string, id: string) => ({
    cert: file(`${folder}/${id}`, "chain.pem"),
    key: file(`${folder}/${id}`, "key.pem"),
  });
  const temperatureOf = async (name: string): Promise<unknown> => {
    const device = store.deviceByName(TENANT, name);
    const response = await fetch(
      `${server.url}/api/plugins/telemetry/DEVICE/${device?.id ?? ""}/values/timeseries?keys=temperature`,
      { headers: { "x-authorization": `ApiKey ${key}` } },
    );
    const { temperature } = (await response.json()) as {
      temperature?: { value: unknown }[];
    };
    return temperature?.[0]?.value;
  };

  test("a preview passes where nobody is there, and an update says so", async () => {
    const report = await fleet.preview();
    expect(actions(report)).toEqual(
      expect.arrayContaining([`create ${PROFILE}`, `create ${DEVICES}`]),
    );
    expect(await refused()).toMatch(
      /server\.url: http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); see that ThingsBoard runs there, and run this again\./,
    );
  });

  test("a key that does not count is told without itself", async () => {
    await server.start();
    fleet.configure("apiKey", "tb_wrong");
    expect(await refused()).toMatch(
      /server\.apiKey: http.* does not take it \("Authentication failed"\); give a key/,
    );
    fleet.configure("apiKey", key);
  });

  test("an update makes profile and devices, and the next one does nothing", async () => {
    const report = await fleet.up();
    expect(report.outputs.deviceCount).toBe(2);
    expect(profile()).toMatchObject({
      id: { id: report.outputs.profileId },
      provisionDeviceKey: report.outputs.provisionDeviceKey,
    });
    expect(names()).toEqual(["pump-1", "pump-2"]);
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    expect(Object.keys((await fleet.up()).summary)).toEqual(["same"]);
  });

  test("a device of the batch is known at once, one of none makes itself, and both publish", async () => {
    const {
      chainPem = "",
      privateKeyPem = "",
      serverRootPem = "",
    } = await outputs();
    root = serverRootPem;
    front = await ThingsBoardMqttFront.start(server.platform, {
      cert: chainPem,
      key: privateKeyPem,
    });
    ({ port } = front);
    expect(await publishes("pump-1", filesOf("imported", "pump-1"), 21.5)).toBe(
      "credentials",
    );
    expect(await temperatureOf("pump-1")).toBe("21.5");
    const pump = filesOf("imported", "pump-2");
    expect(await publishes("pump-2", pump, 20, "TLSv1.2")).toBe("credentials");
    expect(await temperatureOf("pump-2")).toBe("20");
    const valve = filesOf("later", "valve-1");
    // A leaf alone leads nowhere.
    const alone = { ...valve, cert: file("later/valve-1", "cert.pem") };
    expect(await publishes("valve-1", alone, 30)).toBe(
      "no certificate of the chain is known",
    );
    expect(await publishes("valve-1", valve, 31)).toBe("new");
    expect(await publishes("valve-1", alone, 32)).toBe("credentials");
    expect(await temperatureOf("valve-1")).toBe("32");
    expect(names()).toEqual(["pump-1", "pump-2", "valve-1"]);
  });

  test("another pattern is a change in place", async () => {
    const before = profile();
    fleet.configure("thingsBoard.pattern", "^([a-z]+-\\d+)$");
    const report = await fleet.up();
    expect(actions(report)).toEqual(
      expect.arrayContaining([`update ${PROFILE}`]),
    );
    expect(actions(report).join()).not.toMatch(/replace/);
    expect(profile()).toMatchObject({
      id: before?.id,
      profileData: {
        provisionConfiguration: { certificateRegExPattern: "^([a-z]+-\\d+)$" },
      },
    });
    expect(await publishes("pump-2", filesOf("imported", "pump-2"), 22)).toBe(
      "credentials",
    );
  });

  test("a renewed CA is a change in place: who was seen goes on, who was not needs the new chain", async () => {
    const before = profile();
    const old = filesOf("later", "valve-2");
    fleet.configure("thingsBoard.deviceCaDays", 1800);
    const previewed = await fleet.preview();
    expect(actions(previewed).join()).not.toMatch(/replace/);
    expect(
      previewed.diagnostics.map(({ message }) => message).join("\n"),
    ).toMatch(
      /the certificate of the device profile "pumps" may become another one .* never seen/,
    );
    const report = await fleet.up();
    expect(report.diagnostics.map(({ message }) => message).join("\n")).toMatch(
      /the certificate of the device profile "pumps" becomes "Device CA"/,
    );
    const after = profile();
    expect(after?.id).toEqual(before?.id);
    expect(after?.provisionDeviceKey).not.toBe(before?.provisionDeviceKey);
    expect(await publishes("pump-1", filesOf("imported", "pump-1"), 23)).toBe(
      "credentials",
    );
    expect(await publishes("valve-2", old, 24)).toBe(
      "no certificate of the chain is known",
    );
    expect(await publishes("valve-2", filesOf("later", "valve-2"), 25)).toBe(
      "new",
    );
    expect(Object.keys((await fleet.up()).summary)).toEqual(["same"]);
  });

  test("what somebody changed is found by a refresh, and repaired", async () => {
    const found = profile();
    const provision = found?.profileData?.provisionConfiguration;
    store.saveProfile(TENANT, {
      ...found,
      description: "by hand",
      profileData: {
        ...found?.profileData,
        provisionConfiguration: {
          ...provision,
          certificateRegExPattern: "(x)",
        },
      },
    });
    const pump = store.deviceByName(TENANT, "pump-2");
    store.deleteDevice(TENANT, pump?.id ?? "");
    expect(Object.keys((await fleet.preview()).summary)).toEqual(["same"]);
    const { code, stderr } = await fleet.engine("refresh", "--yes");
    expect([code, stderr.includes(key)]).toEqual([0, false]);
    const report = await fleet.up();
    expect(actions(report)).toEqual([`update ${PROFILE}`, `update ${DEVICES}`]);
    expect(profile()).toMatchObject({
      description: "by hand",
      profileData: {
        provisionConfiguration: { certificateRegExPattern: "^([a-z]+-\\d+)$" },
      },
    });
    expect(names()).toEqual(["pump-1", "pump-2", "valve-1", "valve-2"]);
  });

  test("only the devices that are new are sent", async () => {
    fleet.configure("thingsBoard.ids", ["pump-1", "pump-2", "pump-3"]);
    const before = store
      .devicesOf(TENANT)
      .map(({ name, saved }) => [name, saved]);
    await fleet.up();
    const after = store
      .devicesOf(TENANT)
      .map(({ name, saved }) => [name, saved]);
    expect(after).toEqual([...before, ["pump-3", 1]].sort());
  });

  test("no key stands in the state for everybody to read", async () => {
    expect(await fleet.exportText(["--show-secrets"])).toContain(key);
    expect(await fleet.exportText()).not.toContain(key);
  });

  test("a destruction keeps a profile with devices, and takes it when there are none", async () => {
    expect(await refused("destroy")).toMatch(
      /the device profile "pumps" has 5 devices, and ThingsBoard deletes none that has; .* keepOnDelete: true/,
    );
    expect(profile()).toBeDefined();
    // The import went, as the engine deletes it before the profile; the devices stayed.
    expect(names()).toHaveLength(5);
    fleet.configure("thingsBoard.deleteDevices", true);
    await fleet.up();
    for (const name of ["valve-1", "valve-2"]) {
      server.platform.forget(name);
    }
    await fleet.destroy();
    expect(profile()).toBeUndefined();
    expect(names()).toEqual([]);
  });
});
