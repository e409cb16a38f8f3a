import { Sandbox } from "./sandbox";

describe("--continue-on-error", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
  });

  afterEach(() => {
    sandbox.close();
  });

  const items = (text: string): { name: string; [key: string]: unknown }[] => [
    { name: "a", text },
    { name: "b", from: "a" },
    { name: "c", text: "fine" },
    { name: "d", from: "c" },
  ];

  test("does what does not depend on a failure, says so once, and the next run resumes", async () => {
    sandbox.configure(items("explode"));
    const failed = await sandbox.run("up", "--yes", "--continue-on-error");
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("it exploded");
    // What the SDK has to say of it is the same once more.
    expect(failed.out).not.toContain("failed to register");
    expect(failed.out).toContain("1 failed");
    expect(failed.err).toContain("The update failed in part.");
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "c", "d"]);
    expect(sandbox.deployment().pending_operations).toBeUndefined();

    const again = await sandbox.up(items("mended"));
    expect(again.code).toBe(0);
    expect(sandbox.journal()).toEqual([
      "create c",
      "create d",
      "create a",
      "create b",
    ]);
  });

  test("can be set in the environment, as for Pulumi", async () => {
    sandbox.configure(items("explode"));
    const environment = { PULUMI_CONTINUE_ON_ERROR: "true" };
    const args = ["up", "--yes", "--skip-preview"];
    const { code } = await sandbox.startWith(environment, ...args).result;
    expect(code).toBe(1);
    expect(sandbox.journal()).toEqual(["create c", "create d"]);
  });

  test("keeps what a failed resource holds on to, where the program ends well all the same", async () => {
    await sandbox.prepare([
      { name: "base", text: "one" },
      { name: "a", text: "two", dependsOn: ["base"] },
      { name: "surplus", text: "three" },
    ]);
    sandbox.journal();
    // Its replacement fails; what it was made on may only go once it has gone itself.
    sandbox.configure([{ name: "a", text: "explode", size: 2 }], {
      shrug: true,
    });
    const args = ["up", "--yes", "--skip-preview", "--continue-on-error"];
    const { code } = await sandbox.run(...args);
    expect(code).toBe(1);
    expect(sandbox.journal()).toEqual(["delete surplus"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "base", "a"]);
  });

  test.each(["preview", "refresh"])("is no option of %s", async (command) => {
    sandbox.configure([]);
    const { code, err } = await sandbox.run(command, "--continue-on-error");
    expect(code).toBe(1);
    expect(err).toContain("--continue-on-error");
  });
});

describe("a provider that cannot be had", () => {
  test.each([[[]], [["--continue-on-error"]]])(
    "is one error, whatever needs it, with %j",
    async (flags: string[]) => {
      const sandbox = new Sandbox("fleet");
      try {
        sandbox.configure([
          { name: "a", text: "one" },
          { name: "b", text: "two" },
          { name: "c", from: "a" },
        ]);
        const { code, out } = await sandbox.startWith(
          { DEMO_PLUGIN_FAILS: "yes" },
          "up",
          "--yes",
          "--skip-preview",
          ...flags,
        ).result;
        expect(code).toBe(1);
        expect(out.match(/the plugin has no wish to run/g)).toHaveLength(1);
        expect(sandbox.names()).toEqual(["fleet-dev"]);
      } finally {
        sandbox.close();
      }
    },
  );
});
