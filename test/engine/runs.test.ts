import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { Sandbox, type Started } from "./sandbox";

/** Waits until a condition holds, or fails. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition();) {
    if (Date.now() > end) {
      throw new Error("what was waited for did not happen");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a run", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
  });

  afterEach(() => {
    sandbox.close();
  });

  /** Waits until the state says that a resource is being worked on. */
  function underWay(name: string): Promise<void> {
    return until(() =>
      JSON.stringify(sandbox.deployment().pending_operations ?? "").includes(
        `::${name}"`,
      ),
    );
  }

  function up(): Started {
    return sandbox.start(["up", "--yes", "--skip-preview"]);
  }

  test("that is interrupted twice stops at once, and the state says what was under way", async () => {
    sandbox.configure([{ name: "a", text: "one", waitMs: 60_000 }]);
    const running = up();
    await underWay("a");
    const started = Date.now();
    running.kill("SIGINT");
    let ended = false;
    void running.result.then(() => {
      ended = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // The step that runs may end; only a second Ctrl-C cuts it off.
    expect(ended).toBe(false);
    running.kill("SIGINT");
    const result = await running.result;
    expect(result.code).toBe(1);
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(result.out).toContain("Press Ctrl-C again to stop at once");
    expect(sandbox.deployment().pending_operations).toMatchObject([
      { type: "creating" },
    ]);
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);

    sandbox.configure([{ name: "a", text: "one" }]);
    const again = await sandbox.run("up", "--yes", "--skip-preview");
    expect(again.code).toBe(0);
    expect(again.out).toContain('interrupted while creating "a"');
    expect(sandbox.deployment().pending_operations).toBeUndefined();
  });

  test("of destroy that is interrupted ends the step that runs, keeps the rest and fails", async () => {
    await sandbox.prepare([
      { name: "a", text: "one" },
      { name: "b", text: "two", dependsOn: ["a"], waitMs: 1_500 },
    ]);
    sandbox.journal();
    const running = sandbox.start(["destroy", "--yes", "--skip-preview"]);
    await underWay("b");
    running.kill("SIGINT");
    const result = await running.result;
    expect(result.code).toBe(1);
    expect(result.out).toContain("The destroy was interrupted");
    expect(sandbox.journal()).toEqual(["delete b"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
    const again = await sandbox.run("destroy", "--yes", "--skip-preview");
    expect(again.code).toBe(0);
    expect(sandbox.resources()).toEqual([]);
  });

  test("beside another is refused, and told who holds the stack, since when, and how to break the lock", async () => {
    sandbox.configure([{ name: "a", text: "one", waitMs: 60_000 }]);
    const first = up();
    await underWay("a");
    const second = await up().result;
    expect(second.code).toBe(1);
    expect(second.err).toMatch(
      new RegExp(
        `held by \\S+@\\S+ \\(pid ${first.pid}\\) since \\d{4}-\\d\\d-\\d\\dT`,
      ),
    );
    expect(second.err).toContain(
      "break the lock with `pulumi cancel` or by deleting the file",
    );
    expect(second.err).toContain(sandbox.lockFolder());
    expect(readdirSync(sandbox.lockFolder())).toHaveLength(1);
    first.kill("SIGKILL");
    await first.result;
  });

  test("that waited while another changed the state does not write over what that did", async () => {
    await sandbox.prepare([{ name: "a", text: "one" }]);
    const passphrase = join(sandbox.folder, "passphrase");
    spawnSync("mkfifo", [passphrase]);
    const waiting = sandbox.startWith(
      {
        PULUMI_CONFIG_PASSPHRASE: undefined,
        PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      },
      ...["up", "--yes", "--skip-preview"],
    );
    // Until it reads its passphrase, beside which it has read the state, there is nobody to write to.
    const pipe = await opened(passphrase);
    await sandbox.prepare([
      { name: "a", text: "one" },
      { name: "b", text: "two" },
    ]);
    const written = sandbox.stateText();
    sandbox.journal();
    writeSync(pipe, "correct horse");
    closeSync(pipe);
    const result = await waiting.result;
    expect(result.code).toBe(1);
    expect(result.err).toContain(
      "Another run changed the state while this one was starting",
    );
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.stateText()).toBe(written);
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);
  });
});

/** Opens a pipe for writing once somebody reads from it. */
async function opened(pipe: string): Promise<number> {
  let descriptor: number | undefined;
  await until(() => {
    try {
      descriptor = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
      return true;
    } catch {
      return false;
    }
  });
  return descriptor ?? -1;
}
