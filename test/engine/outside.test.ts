import { Sandbox } from "./sandbox";

describe("what is outside the bundled engine", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("outside");
  });

  afterEach(() => {
    sandbox.close();
  });

  test.each([
    ["importProvider", 'The resource option "import" on a provider'],
    ["transforms", "transforms"],
    ["stackTransform", "transforms"],
    ["hook", "resource hooks"],
    ["remote", "A component that a plugin constructs"],
    ["dynamic", "A dynamic provider"],
    ["asset", "An asset or archive"],
    ["replaceWith", "ReplaceWith"],
    ["stash", "pulumi:index:Stash"],
  ])("is refused by name at preview: %s", async (ask, name) => {
    sandbox.configure([], { ask });
    const { code, out } = await sandbox.run("preview");
    expect(out).toContain(name);
    expect(out).toContain("is outside what the bundled engine does");
    expect(out).toContain("Install the Pulumi CLI");
    expect(code).toBe(1);
    expect(sandbox.stateText()).toBeUndefined();
  });

  test("does not include time limits, which the plugin gets", async () => {
    sandbox.configure([], { ask: "timeouts" });
    expect((await sandbox.run("up", "--yes", "--skip-preview")).code).toBe(0);
    expect(sandbox.resource("a")?.customTimeouts).toEqual({ create: 90 });
  });
});
