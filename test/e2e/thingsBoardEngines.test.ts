import { spawnSync } from "node:child_process";
import { describeWith } from "../support/command";
import { Fleet } from "../support/fleet";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import type { StoredProfile } from "../support/platforms/thingsBoardStore";
import { TENANT } from "../support/platforms/thingsBoardStore";
import { RealPulumi, findPulumi, neededPlugins } from "../support/realPulumi";
import { root } from "../pki/support/authority";

const PROGRAM = "test/e2e/programs/thingsBoardProfile";

/** What each engine is asked for: a command, and what it said. */
type Run = (
  command: "up" | "destroy" | "refresh" | "preview",
  environment?: NodeJS.ProcessEnv,
) => Promise<{ readonly code: number; readonly said: string }>;

interface Engine {
  readonly open: (fleet: Fleet) => Promise<Run>;
}

const bundled: Engine = {
  open: (fleet) =>
    Promise.resolve(async (command, environment = {}) => {
      const yes = command === "preview" ? [] : ["--yes"];
      const { code, stdout, stderr } = await fleet.engineWith(
        environment,
        command,
        ...yes,
      );
      return { code, said: stdout + stderr };
    }),
};

const real = (program: string): Engine => ({
  open: async (fleet) => {
    await new RealPulumi(program, fleet).open();
    return async (command, environment = {}) => {
      const yes = command === "preview" ? [] : ["--yes", "--skip-preview"];
      const before = { ...process.env };
      Object.assign(process.env, environment);
      try {
        const pulumi = new RealPulumi(program, fleet);
        const { code, stdout, stderr } = await pulumi.run(command, ...yes);
        return { code, said: stdout + stderr };
      } finally {
        process.env = before;
      }
    };
  },
});

function suite(engine: () => Engine): void {
  const server = new ThingsBoardServer();
  const fleet = new Fleet(PROGRAM);
  let key: string;
  let run: Run;
  let made: StoredProfile | undefined;

  const profile = (): StoredProfile | undefined =>
    server.platform.store
      .profilesOf(TENANT)
      .find(({ name }) => name === "meters");
  const configured = (target: Fleet, certificatePem: string): Fleet =>
    target
      .configure("thingsBoard.url", server.url)
      .configure("thingsBoard.certificatePem", certificatePem)
      .configure("apiKey", key);
  const done = async (
    command: Parameters<Run>[0],
    on: Run = run,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<string> => {
    const { code, said } = await on(command, environment);
    expect([code, code === 0 ? "" : said]).toEqual([0, ""]);
    expect(said).not.toContain(key);
    return said;
  };

  let certificatePem: string;
  beforeAll(async () => {
    await server.start();
    key = server.apiKey();
    ({ certificatePem } = await root({}, new Date()));
    configured(fleet, certificatePem);
    run = await engine().open(fleet);
  });

  afterAll(async () => {
    await server.stop();
    fleet.remove();
  });

  test("makes it, changes it in place, and finds what others changed", async () => {
    await done("up");
    made = profile();
    expect(made).toBeDefined();
    const posts = server.count("POST /api/deviceProfile");
    await done("up");
    expect(server.count("POST /api/deviceProfile")).toBe(posts);
    fleet.configure("thingsBoard.pattern", "(.*)\\.meters");
    const said = await done("preview");
    expect(said).toMatch(/meters/);
    expect(said).not.toMatch(/replace/);
    await done("up");
    expect(profile()).toMatchObject({ id: made?.id, version: 2 });
    server.platform.store.saveProfile(TENANT, {
      ...profile(),
      provisionType: "DISABLED",
      profileData: { provisionConfiguration: { type: "DISABLED" } },
    });
    await done("refresh");
    await done("up");
    expect(profile()).toMatchObject({
      id: made?.id,
      version: 4,
      provisionType: "X509_CERTIFICATE_CHAIN",
      profileData: {
        provisionConfiguration: { certificateRegExPattern: "(.*)\\.meters" },
      },
    });
  });

  test("gives it a renewed CA in place, with a word of what that means", async () => {
    const key = profile()?.provisionDeviceKey;
    ({ certificatePem } = await root({}, new Date()));
    configured(fleet, certificatePem);
    const said = await done("up");
    expect(said).toMatch(
      /the certificate of the device profile "meters" becomes/,
    );
    expect(profile()?.id).toEqual(made?.id);
    expect(profile()?.provisionDeviceKey).not.toBe(key);
  });

  test("makes it anew where a refresh finds that it is gone", async () => {
    server.platform.store.deleteProfile(TENANT, made?.id.id ?? "");
    await done("refresh");
    await done("up");
    expect(profile()?.id).not.toEqual(made?.id);
  });

  test("leaves it where it is when the resource gets another name", async () => {
    const id = profile()?.id;
    fleet.configure("thingsBoard.resource", "renamed");
    expect(await done("up")).toMatch(/another resource has taken it over/);
    expect(profile()?.id).toEqual(id);
    expect(await done("up")).not.toMatch(/taken over/);
  });

  test("takes one over by its id, without a change, and deletes it in the end", async () => {
    const id = profile()?.id.id ?? "";
    const other = new Fleet(PROGRAM);
    try {
      configured(other, certificatePem)
        .configure("thingsBoard.pattern", "(.*)\\.meters")
        .configure("thingsBoard.importId", id);
      const importing = await engine().open(other);
      const posts = server.count("POST /api/deviceProfile");
      const environment = {
        THINGSBOARD_URL: server.url,
        THINGSBOARD_API_KEY: key,
      };
      expect(await done("up", importing, environment)).toMatch(/import/);
      // What it needs from here on stands in the state, encrypted.
      expect(await other.exportText()).not.toContain(key);
      await done("up", importing);
      expect(server.count("POST /api/deviceProfile")).toBe(posts);
      await done("destroy", importing);
      expect(profile()).toBeUndefined();
    } finally {
      other.remove();
    }
  });
}

describe("a device profile and the bundled engine", () => {
  suite(() => bundled);
});

describeWith(
  { name: "pulumi", path: findPulumi() },
  "see https://www.pulumi.com/docs/install/",
  "a device profile and the Pulumi CLI",
  (program) => {
    suite(() => real(program));
  },
);

const [tlsPlugin = ""] = neededPlugins();
const cli = findPulumi();
describeWith(
  {
    name: `pulumi plugin ${tlsPlugin}`,
    path: cli !== undefined && hasPlugin(cli, tlsPlugin) ? cli : undefined,
  },
  `pulumi plugin install resource ${tlsPlugin}`,
  "the devices of a batch and the Pulumi CLI",
  (program) => {
    const server = new ThingsBoardServer();
    const fleet = new Fleet("test/e2e/programs/thingsBoardOnboarding");
    const names = (): string[] =>
      server.platform.store.devicesOf(TENANT).map(({ name }) => name);

    beforeAll(async () => {
      await server.start();
      fleet
        .configure("thingsBoard.url", server.url)
        .configure("thingsBoard.deleteDevices", true)
        .configure("apiKey", server.apiKey());
    });

    afterAll(async () => {
      await server.stop();
      fleet.remove();
    });

    test("are imported, are no change, are more, and go with it", async () => {
      const pulumi = new RealPulumi(program, fleet);
      await pulumi.open();
      await pulumi.up();
      expect(names()).toEqual(["pump-1", "pump-2"]);
      expect(await pulumi.preview()).toEqual([]);
      fleet.configure("thingsBoard.ids", ["pump-1", "pump-2", "pump-3"]);
      expect(await pulumi.preview()).toEqual([
        "update imported",
        "update pumps",
      ]);
      await pulumi.up();
      expect(names()).toEqual(["pump-1", "pump-2", "pump-3"]);
      const { code, stdout, stderr } = await pulumi.run(
        "destroy",
        "--yes",
        "--skip-preview",
      );
      expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
      expect(names()).toEqual([]);
    });
  },
);

/** Without its plugins the CLI would try to download them. */
function hasPlugin(program: string, plugin: string): boolean {
  const { stdout } = spawnSync(program, ["plugin", "ls"], { encoding: "utf8" });
  const [name = "", version = ""] = plugin.split(" ");
  return stdout
    .split("\n")
    .some((line) => line.startsWith(`${name} `) && line.includes(version));
}
