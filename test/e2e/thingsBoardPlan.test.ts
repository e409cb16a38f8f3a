import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describeWith, findProgram, runCommand } from "../support/command";
import { Fleet } from "../support/fleet";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { TENANT } from "../support/platforms/thingsBoardStore";
import { actions } from "../support/report";

describeWith(
  { name: "curl", path: findProgram("curl") },
  "apt-get install curl",
  "a plan without a server",
  () => {
    const fleet = new Fleet("test/e2e/programs/thingsBoardOnboarding");
    const server = new ThingsBoardServer();
    const { store } = server.platform;
    let key: string;

    const plan = (...name: readonly string[]): string =>
      fleet.path("out", "plan", ...name);
    const commands = (): string[] =>
      readFileSync(plan("README.md"), "utf8")
        .split("```")
        .filter((_text, index) => index % 2 === 1)
        .map((block) => block.replace(/^sh\n/, ""));
    const run = async (script: string): Promise<string> => {
      const { code, stdout, stderr } = await runCommand("sh", ["-ec", script], {
        cwd: plan(),
        env: {
          ...process.env,
          THINGSBOARD_URL: server.url,
          THINGSBOARD_API_KEY: key,
        },
      });
      expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
      return stdout;
    };

    beforeAll(async () => {
      await server.start();
      key = server.apiKey();
      fleet
        .configure("thingsBoard.directory", "out/plan")
        .configure("thingsBoard.ids", ["pump-1", "pump-2", "pump-3"]);
    });

    afterAll(async () => {
      await server.stop();
      fleet.remove();
    });

    test("writes what is to be uploaded, and asks nobody", async () => {
      const { outputs } = await fleet.up();
      expect(outputs).toMatchObject({ profileId: "", deviceCount: 0 });
      const shown = readdirSync(plan()).filter((name) => !name.startsWith("."));
      expect(shown.sort()).toEqual([
        "README.md",
        "bulk-import.json",
        "device-profile.json",
        "devices.csv",
      ]);
      expect(readFileSync(plan("device-profile.json"), "utf8")).toBe(
        `${String(outputs.profileJson)}\n`,
      );
      expect(readFileSync(plan("README.md"), "utf8")).toContain(
        String(outputs.provisionDeviceKey),
      );
      expect(server.requests).toEqual([]);
      expect(Object.keys((await fleet.up()).summary)).toEqual(["same"]);
    });

    test("writes again what was changed by hand", async () => {
      const before = readFileSync(plan("bulk-import.json"), "utf8");
      writeFileSync(plan("bulk-import.json"), "{}");
      expect(actions(await fleet.up())).toEqual([
        "update ThingsBoardDevices pumps",
      ]);
      expect(readFileSync(plan("bulk-import.json"), "utf8")).toBe(before);
    });

    test("says commands that do it", async () => {
      const [environment = "", ...scripts] = commands();
      expect(environment).toContain("THINGSBOARD_API_KEY");
      // Arguments of curl are seen by everybody on the machine.
      expect(scripts.join("")).not.toMatch(/-H "[^"]*API_KEY/);
      const [profile = "", devices = ""] = await Promise.all([
        run(scripts[0] ?? ""),
      ]).then(async ([first]) => [first, await run(scripts[1] ?? "")]);
      expect(JSON.parse(profile)).toMatchObject({
        name: "pumps",
        provisionDeviceKey: (await fleet.up()).outputs.provisionDeviceKey,
      });
      expect(JSON.parse(devices)).toMatchObject({ created: 3, errors: 0 });
    });

    test("becomes the real thing when there is a server, and takes over what was uploaded", async () => {
      fleet.configure("thingsBoard.url", server.url).configure("apiKey", key);
      const before = store.devicesOf(TENANT).map(({ id }) => id);
      const report = await fleet.up();
      expect(report.outputs).toMatchObject({ deviceCount: 3 });
      expect(report.outputs.profileId).toBe(
        store.profilesOf(TENANT).find(({ name }) => name === "pumps")?.id.id,
      );
      expect(store.devicesOf(TENANT).map(({ id }) => id)).toEqual(before);
      expect(Object.keys((await fleet.up()).summary)).toEqual(["same"]);
    });
  },
);
