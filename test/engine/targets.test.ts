import { Sandbox } from "./sandbox";

const ITEM = "urn:pulumi:dev::fleet::demo:index:Item::";

describe("--target", () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = new Sandbox("fleet");
    await sandbox.prepare([
      { name: "a", text: "one" },
      { name: "b", from: "a" },
      { name: "c", text: "x", group: "g" },
    ]);
    sandbox.journal();
  });

  afterEach(() => {
    sandbox.close();
  });

  test("updates what it names and leaves the rest as it was", async () => {
    const before = { b: sandbox.resource("b"), c: sandbox.resource("c") };
    sandbox.configure([
      { name: "a", text: "two" },
      { name: "b", from: "a" },
      { name: "c", text: "y", size: 2, group: "g" },
      { name: "new", text: "n" },
    ]);
    const result = await sandbox.run("up", "--yes", "--target", `${ITEM}a`);
    expect(result.err).toBe("");
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual(["update a"]);
    expect({ b: sandbox.resource("b"), c: sandbox.resource("c") }).toEqual(
      before,
    );
    expect(sandbox.resource("new")).toBeUndefined();

    await sandbox.run(
      "up",
      "--yes",
      "--skip-preview",
      "--target",
      "**:Item::*",
      "--target",
      `${ITEM}a`,
    );
    const done = sandbox.journal();
    expect(done.at(-1)).toBe("delete c");
    expect(done.sort()).toEqual([
      "create c",
      "create new",
      "delete c",
      "update b",
    ]);
  });

  test("takes dependants along when asked to", async () => {
    sandbox.configure([
      { name: "a", text: "two" },
      { name: "b", from: "a" },
      { name: "c", text: "y", group: "g" },
    ]);
    const args = ["up", "--yes", "--target", `${ITEM}a`, "--target-dependents"];
    expect((await sandbox.run(...args)).code).toBe(0);
    expect(sandbox.journal()).toEqual(["update a", "update b"]);
  });

  test("refuses what depends on something new that is left out, and what is nowhere", async () => {
    sandbox.configure([
      { name: "n", text: "new" },
      { name: "e", from: "n" },
    ]);
    const written = sandbox.stateText();
    const refused = await sandbox.run("up", "--yes", "--target", `${ITEM}e`);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain(`depends on ${ITEM}n`);
    const unknown = await sandbox.run("up", "--yes", "--target", `${ITEM}nope`);
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain(`${ITEM}nope is no resource of this stack`);
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.stateText()).toBe(written);
  });

  test("keeps what is no longer in the program, in an order every engine reads", async () => {
    // `a` is gone from the program, and `b`, which depends on it, is left out.
    sandbox.configure([
      { name: "b", text: "alone" },
      { name: "c", text: "y", group: "g" },
    ]);
    const target = "**$demo:index:Item::c";
    const result = await sandbox.run("up", "--yes", "--target", target);
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual(["update c"]);
    expect(sandbox.names().indexOf("a")).toBeLessThan(
      sandbox.names().indexOf("b"),
    );
    const exported = (await sandbox.run("stack", "export")).out;
    expect((await sandbox.feed(exported, "stack", "import")).code).toBe(0);
  });

  test("destroys what it names, and its dependants only when asked to", async () => {
    const refused = await sandbox.run(
      "destroy",
      "--yes",
      "--target",
      `${ITEM}a`,
    );
    expect(refused.code).toBe(1);
    expect(refused.out).toContain(
      `${ITEM}b would be deleted, but it is not named`,
    );
    expect(sandbox.journal()).toEqual([]);
    const args = [
      "destroy",
      "--yes",
      "--target",
      `${ITEM}a`,
      "--target-dependents",
    ];
    expect((await sandbox.run(...args)).code).toBe(0);
    expect(sandbox.journal()).toEqual(["delete b", "delete a"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "g", "default", "c"]);
  });
});
