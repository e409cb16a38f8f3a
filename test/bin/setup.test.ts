import {
  cpSync,
  existsSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "../support/command";
import { ROOT, ask, copy, run, scratch } from "./support/copy";

const PLATFORM_NODE = `node-${process.platform}-${process.arch}`;

describe("the Node everything else runs on", () => {
  const known = existsSync(join(ROOT, "node_modules", PLATFORM_NODE));

  (known ? test : test.skip)(
    "is the one that came with the packages",
    async () => {
      const found = await ask(copy([PLATFORM_NODE]), "findNode()");
      expect(realpathSync(found)).toBe(
        realpathSync(join(ROOT, "node_modules", PLATFORM_NODE, "bin", "node")),
      );
      const { stdout } = await runCommand(found, ["--version"]);
      expect(stdout).toMatch(/^v24\./);
    },
  );

  test("is the one that runs already, where none came and it is new enough", async () => {
    const empty = copy([]);
    expect(await ask(empty, "findNode()", "22.0.0")).toBe(process.execPath);
    expect(await ask(empty, "findNode()", "26.1.0")).toBe(process.execPath);
  });

  test("is asked for where none came and the one that runs is too old", async () => {
    expect(await ask(copy([]), "findNode()", "20.20.2")).toBe(
      `no Node 24 comes as a package for ${process.platform}-${process.arch}, and Node 20.20.2 is too old; install Node 24 (https://nodejs.org).`,
    );
  });

  test.each([
    [
      "18.20.4",
      /^Node 18\.20\.4 is too old to start with; install Node 20 or later/,
    ],
    ["9.11.2", /^Node 9\.11\.2 is too old/],
    ["20.0.0", /^undefined$/],
    ["24.1.0", /^undefined$/],
  ])("a start on Node %s", async (version, answer) => {
    expect(await ask(copy([]), "checkPlatform()", version)).toMatch(answer);
  });
});

describe("compiled code is kept", () => {
  const place = (
    folder: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<string> =>
    ask(folder, "environment().NODE_COMPILE_CACHE", undefined, {
      NODE_COMPILE_CACHE: undefined,
      XDG_CACHE_HOME: undefined,
      HOME: join(folder, "home"),
      ...env,
    });

  /** A copy that can keep nothing beside its packages, as one that somebody else installed. */
  function foreign(): string {
    const folder = copy([]);
    writeFileSync(join(folder, "node_modules", ".cache"), "no folder");
    return folder;
  }

  test("beside the packages, of a checkout and of another program", async () => {
    const folder = copy([]);
    expect(await place(folder)).toBe(
      join(folder, "node_modules", ".cache", "node-compile"),
    );
    const packages = join(scratch, "program", "node_modules");
    cpSync(folder, join(packages, "mqtt-pki"), { recursive: true });
    expect(await place(join(packages, "mqtt-pki"))).toBe(
      join(packages, ".cache", "node-compile"),
    );
  });

  test("in the user's cache folder where that cannot be written to", async () => {
    const folder = foreign();
    expect(await place(folder)).toBe(
      join(folder, "home", ".cache", "mqtt-pki", "node-compile"),
    );
    const named = join(scratch, "named");
    expect(await place(folder, { XDG_CACHE_HOME: named })).toBe(
      join(named, "mqtt-pki", "node-compile"),
    );
    // The specification has what is relative ignored.
    expect(await place(folder, { XDG_CACHE_HOME: "here" })).toBe(
      join(folder, "home", ".cache", "mqtt-pki", "node-compile"),
    );
  });

  test("nowhere where neither can be", async () => {
    const folder = foreign();
    writeFileSync(join(folder, "home"), "no folder");
    expect(await place(folder)).toBe("undefined");
  });

  test("where it was said", async () => {
    const said = join(scratch, "said");
    expect(await place(copy([]), { NODE_COMPILE_CACHE: said })).toBe(said);
  });
});

describe("packages", () => {
  test("are not installed where they came with another program's", async () => {
    const { stderr } = await run(copy(), ["fly"]);
    expect(stderr).not.toContain("Installing");
  });

  test("are installed where the lock file is not the one that was installed; without npm that is said", async () => {
    const folder = copy();
    writeFileSync(join(folder, "package-lock.json"), "{}");
    writeFileSync(
      join(folder, "node_modules", ".mqtt-pki-installed"),
      "of another lock file",
    );
    const { code, stderr } = await runCommand(
      process.execPath,
      [join(folder, "bin", "run.mjs"), "up"],
      { cwd: folder, env: { PATH: join(scratch, "empty"), HOME: folder } },
    );
    expect(stderr).toMatch(/^Installing packages into node_modules/);
    expect(stderr).toContain("error: npm could not install the packages");
    expect(code).toBe(1);
    expect(
      readFileSync(join(folder, "node_modules", ".mqtt-pki-installed"), "utf8"),
    ).toBe("of another lock file");
  });
});
