import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { type Result, Sandbox } from "./sandbox";

/** Waits until a condition holds, or fails after a minute: starting up alone takes long on a busy machine. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition();) {
    if (Date.now() > end) {
      throw new Error("what was waited for did not happen");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("when something goes wrong", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
  });

  afterEach(() => {
    sandbox.close();
  });

  test("all mistakes in all resources are reported at once, and nothing is written", async () => {
    const result = await sandbox.up([
      { name: "a", text: "bad", size: 11 },
      { name: "b", from: "a" },
      { name: "c", text: "bad", group: "g" },
      { name: "d", text: "fine" },
    ]);
    expect(result.code).toBe(1);
    expect(result.out).toContain(
      "demo:index:Item resource 'a': property text has a problem: it may not be \"bad\"",
    );
    expect(result.out).toContain(
      "demo:index:Item resource 'a': property size has a problem: it may be 10 at most",
    );
    expect(result.out).toContain(
      "demo:index:Item resource 'c': property text has a problem",
    );
    expect(result.out).not.toContain("Updating");
    expect(sandbox.journal()).toEqual([]);
    expect(existsSync(sandbox.stateFile())).toBe(false);
  });

  test("a failure half-way keeps what was done, and the next run continues", async () => {
    const items = (
      text: string,
    ): { name: string; [key: string]: unknown }[] => [
      { name: "a", text: "one" },
      { name: "b", text, dependsOn: ["a"] },
      { name: "c", from: "b" },
    ];
    const failed = await sandbox.up(items("explode"));
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("it exploded");
    expect(sandbox.journal()).toEqual(["create a"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
    expect(sandbox.deployment().pending_operations).toBeUndefined();

    const again = await sandbox.up(items("fine"));
    expect(again.code).toBe(0);
    expect(sandbox.journal()).toEqual(["create b", "create c"]);
    expect((await sandbox.run("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("a replacement whose new part fails keeps the old one", async () => {
    await sandbox.prepare([{ name: "a", text: "one", size: 1 }]);
    const id = sandbox.resource("a")?.id;
    sandbox.journal();
    expect(
      (await sandbox.up([{ name: "a", text: "explode", size: 2 }])).code,
    ).toBe(1);
    expect(sandbox.resource("a")).toMatchObject({ id });
    expect(sandbox.journal()).toEqual([]);
  });

  test("a plugin that dies is named, and what was done before is kept", async () => {
    const result = await sandbox.up([
      { name: "a", text: "one" },
      { name: "b", text: "crash", dependsOn: ["a"] },
    ]);
    expect(result.code).toBe(1);
    expect(result.out).toContain("the plugin has stopped");
    // Whether `b` was made before the plugin died, nobody knows.
    expect(sandbox.deployment().pending_operations).toMatchObject([
      {
        type: "creating",
        resource: { urn: expect.stringMatching(/::b$/) as string },
      },
    ]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);
    sandbox.configure([
      { name: "a", text: "one" },
      { name: "b", text: "fine", dependsOn: ["a"] },
    ]);
    const again = await sandbox.run("up", "--yes", "--skip-preview");
    expect(again.code).toBe(0);
    expect(again.out).toContain('interrupted while creating "b"');
    expect(sandbox.deployment().pending_operations).toBeUndefined();
  });

  test("a resource that was made but is not ready is kept, fails the run, and gets another chance", async () => {
    const failed = await sandbox.up([{ name: "a", text: "half" }]);
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("it still starts");
    expect(sandbox.resource("a")).toMatchObject({
      id: "a-half",
      initErrors: ["it still starts"],
    });
    const again = await sandbox.run("up", "--yes");
    expect(again.code).toBe(0);
    expect(sandbox.journal()).toEqual(["update a"]);
    expect(sandbox.resource("a")?.initErrors).toBeUndefined();
  });

  test("an exception in the program fails the run, is told whole, and deletes nothing", async () => {
    await sandbox.prepare([{ name: "a", text: "one" }]);
    sandbox.journal();
    const result = await sandbox.up([], { throw: true });
    expect(result.code).toBe(1);
    expect(result.out).toContain("the program threw");
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("a")).toBeDefined();
    const late = await sandbox.run("up", "--yes", "--skip-preview");
    expect(late.code).toBe(1);
    expect(sandbox.resource("fleet-dev")).toMatchObject({
      outputs: { a: "<one>" },
    });
  });

  test("two resources of one name are a mistake", async () => {
    const result = await sandbox.up([
      { name: "a", text: "one" },
      { name: "a", text: "two" },
    ]);
    expect(result.code).toBe(1);
    expect(result.out).toContain('Two resources have the name "a"');
  });

  test("a second run is refused while the stack is locked, by whom and since when", async () => {
    mkdirSync(sandbox.lockFolder(), { recursive: true });
    writeFileSync(
      join(sandbox.lockFolder(), "4711.json"),
      JSON.stringify({
        pid: 42,
        username: "alice",
        hostname: "laptop",
        timestamp: "2026-01-02T03:04:05Z",
      }),
    );
    const result = await sandbox.up([{ name: "a", text: "one" }]);
    expect(result.code).toBe(1);
    expect(result.err).toContain(
      "held by alice@laptop (pid 42) since 2026-01-02T03:04:05Z",
    );
    expect(result.err).toContain("pulumi cancel");
    expect(existsSync(sandbox.stateFile())).toBe(false);
    // Looking is allowed.
    expect((await sandbox.run("preview")).code).toBe(0);
  });

  test("an update locks the stack and lets go of it", async () => {
    sandbox.configure([{ name: "a", text: "one", waitMs: 700 }]);
    const running = sandbox.start(["up", "--yes"]);
    await until(
      () =>
        existsSync(sandbox.lockFolder()) &&
        readdirSync(sandbox.lockFolder()).length > 0,
    );
    const second = await sandbox.run("up", "--yes");
    expect(second.err).toContain("locked");
    expect((await running.result).code).toBe(0);
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);
  });

  test("Ctrl-C lets the running step end, writes it down and stops the rest", async () => {
    sandbox.configure([
      { name: "a", text: "one", waitMs: 1000 },
      { name: "b", from: "a" },
    ]);
    const running = sandbox.start(["up", "--yes"]);
    await until(() =>
      JSON.stringify(sandbox.deployment().pending_operations ?? "").includes(
        "::a",
      ),
    );
    running.kill("SIGINT");
    const result = await running.result;
    expect(result.code).toBe(1);
    expect(result.out).toContain("interrupted");
    expect(sandbox.journal()).toEqual(["create a"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);
    await sandbox.run("up", "--yes");
    expect(sandbox.journal()).toEqual(["create b"]);
  });

  test("killed in the middle of a step it leaves a readable state and no children, and the next run continues", async () => {
    sandbox.configure([
      { name: "a", text: "one" },
      { name: "b", from: "a", waitMs: 60_000 },
    ]);
    const running = sandbox.start(["up", "--yes"]);
    await until(() =>
      JSON.stringify(sandbox.deployment().pending_operations ?? "").includes(
        "::b",
      ),
    );
    const children = readFileSync(
      `/proc/${running.pid}/task/${running.pid}/children`,
      "utf8",
    )
      .trim()
      .split(" ")
      .map(Number);
    expect(children).toHaveLength(2);
    running.kill("SIGKILL");
    await running.result;
    await until(() => !children.some(isRunning));
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);

    sandbox.journal();
    const again = await sandbox.up([
      { name: "a", text: "one" },
      { name: "b", from: "a" },
    ]);
    expect(again.code).toBe(0);
    expect(again.out).toContain("was killed; its lock is removed");
    expect(again.out).toContain('interrupted while creating "b"');
    expect(sandbox.journal()).toEqual(["create b"]);
    expect(sandbox.deployment().pending_operations).toBeUndefined();
  });

  test("the wrong passphrase is named, and nothing is touched", async () => {
    await sandbox.prepare([{ name: "a", text: "one" }]);
    const written = sandbox.stateText();
    const other = sandbox.withPassphrase("wrong");
    const result: Result = await other.run("up", "--yes");
    expect(result.code).toBe(1);
    expect(result.err).toContain("The passphrase is not the one");
    expect(sandbox.stateText()).toBe(written);
  });

  test("a damaged state file is refused and names its backup", async () => {
    await sandbox.prepare([{ name: "a", text: "one" }]);
    writeFileSync(sandbox.stateFile(), "{ not json");
    const result = await sandbox.run("up", "--yes");
    expect(result.code).toBe(1);
    expect(result.err).toContain("is damaged");
    expect(result.err).toContain("dev.json.bak");
  });
});
