import { Sandbox } from "./sandbox";

describe("the resource option import", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
  });

  afterEach(() => {
    sandbox.close();
  });

  test("takes over what is there, and keeps the id it was imported by", async () => {
    sandbox.setWorld({ a: { text: "one", size: 1 } });
    const { code, out } = await sandbox.up([
      { name: "a", text: "one", size: 1, import: "a-of-old" },
    ]);
    expect(code).toBe(0);
    expect(out).toContain("=  demo:index:Item a import");
    expect(out).toContain("= 1 imported");
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("a")).toMatchObject({
      id: "a-of-old",
      importID: "a-of-old",
      inputs: { text: "one", size: 1 },
    });
    // With the option gone it is a resource as any other.
    const later = await sandbox.up([{ name: "a", text: "two", size: 1 }]);
    expect(later.code).toBe(0);
    expect(sandbox.journal()).toEqual(["update a"]);
    expect(sandbox.resource("a")).not.toHaveProperty("importID");
  });

  test("refuses in the preview what is not there", async () => {
    sandbox.configure([{ name: "a", text: "one", import: "nobody" }]);
    const { code, out } = await sandbox.run("preview");
    expect(code).toBe(1);
    expect(out).toContain("import: resource 'nobody' does not exist");
  });

  test.each([
    ["preview", []],
    ["up", ["--yes", "--skip-preview"]],
  ])(
    "leaves alone what would have to be replaced, and says why: %s",
    async (command, flags) => {
      sandbox.setWorld({ a: { text: "one", size: 1 } });
      sandbox.configure([{ name: "a", text: "two", size: 2, import: "a-1" }]);
      const { code, out } = await sandbox.run(command, ...flags);
      expect(code).toBe(1);
      expect(out).toContain("would have to be replaced");
      expect(out).toContain("~ size: 1 => 2");
      expect(sandbox.journal()).toEqual([]);
      expect(sandbox.resource("a")).toBeUndefined();
    },
  );

  test("shows no secret of what differs", async () => {
    sandbox.setWorld({ a: { text: "a1b2c3", size: 1 } });
    sandbox.configure([
      { name: "a", text: "d4e5f6", hush: true, size: 1, import: "a-1" },
    ]);
    const { code, out } = await sandbox.run("preview", "--diff");
    expect(code).toBe(0);
    expect(out).toContain("~ text: [secret] => [secret]");
    expect(out).not.toMatch(/a1b2c3|d4e5f6/);
  });

  test("an imported resource is not replaced either while the option stays", async () => {
    sandbox.setWorld({ a: { text: "one", size: 1 } });
    await sandbox.prepare([{ name: "a", text: "one", size: 1, import: "a-1" }]);
    const { code, out } = await sandbox.up([
      { name: "a", text: "one", size: 2, import: "a-1" },
    ]);
    expect(code).toBe(1);
    expect(out).toContain("import: what is imported as 'a-1'");
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("a")?.id).toBe("a-1");
  });
});
