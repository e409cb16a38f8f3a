import { Sandbox } from "./sandbox";

describe("refresh", () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = new Sandbox("fleet");
    await sandbox.prepare([
      { name: "a", text: "one" },
      { name: "b", from: "a" },
      { name: "c", text: "x", group: "g", dependsOn: ["b"] },
    ]);
    sandbox.journal();
  });

  afterEach(() => {
    sandbox.close();
  });

  test("takes over changed outputs and lets go of what is gone", async () => {
    sandbox.setWorld({
      a: { text: "drift", label: "<drift>" },
      b: null,
      c: { note: "new" },
    });
    const written = sandbox.stateText();
    const stateless = await sandbox.run(
      "refresh",
      "--yes",
      "--json",
      "--expect-no-changes",
    );
    expect(stateless.code).toBe(1);
    expect(sandbox.stateText()).toBe(written);

    const result = await sandbox.run("refresh", "--yes");
    expect(result.err).toBe("");
    expect(result.code).toBe(0);
    expect(result.out).toContain("~  demo:index:Item a updated");
    expect(result.out).toContain("-  demo:index:Item b deleted");
    expect(sandbox.names()).toEqual(["fleet-dev", "g", "default", "a", "c"]);
    expect(sandbox.resource("a")).toMatchObject({
      inputs: { text: "one" },
      outputs: { text: "drift", label: "<drift>" },
    });
    expect(sandbox.resource("c")).toMatchObject({ outputs: { note: "new" } });
    expect(sandbox.resource("c")?.dependencies).toBeUndefined();
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.stateText()).not.toContain("token of");

    // The program has its say again: what drifted is set right, what is gone is made.
    sandbox.setWorld({});
    expect((await sandbox.run("up", "--yes", "--skip-preview")).code).toBe(0);
    expect(sandbox.journal().sort()).toEqual(["create b", "update a"]);
  });

  test("comes before an update that asks for it", async () => {
    sandbox.setWorld({ b: null });
    const result = await sandbox.run("up", "--yes", "--refresh", "--json");
    expect(result.code).toBe(0);
    expect(JSON.parse(result.out)).toMatchObject({
      phase: "update",
      steps: [{ op: "create", name: "b" }],
    });
    expect(sandbox.journal()).toEqual(["create b"]);
  });

  test("leaves the state to the byte where nothing has changed", async () => {
    const written = sandbox.stateText();
    const result = await sandbox.run("refresh", "--yes");
    expect(result.code).toBe(0);
    expect(result.out).toContain("5 unchanged");
    expect(sandbox.stateText()).toBe(written);
  });

  test("names what cannot be read, and keeps it", async () => {
    sandbox.setWorld({ a: "broken", b: null });
    const result = await sandbox.run("refresh", "--yes", "--skip-preview");
    expect(result.code).toBe(1);
    expect(result.out).toContain("reading failed: it cannot be reached");
    expect(sandbox.names()).toContain("a");
  });

  test("reads only what is targeted", async () => {
    sandbox.setWorld({ a: { label: "<drift>" }, b: null, c: null });
    const result = await sandbox.run(
      "refresh",
      "--yes",
      "--target",
      "**:Item::c",
    );
    expect(result.code).toBe(0);
    expect(sandbox.names()).toEqual(["fleet-dev", "g", "default", "a", "b"]);
    await sandbox.run(
      "refresh",
      "--yes",
      "--target",
      "**:Item::a",
      "--target-dependents",
    );
    expect(sandbox.names()).toEqual(["fleet-dev", "g", "default", "a"]);
    expect(sandbox.resource("a")).toMatchObject({
      outputs: { label: "<drift>" },
    });
  });

  test("a preview may look first, and writes nothing down", async () => {
    const items = [
      { name: "a", text: "one" },
      { name: "b", text: "two" },
    ];
    await sandbox.prepare(items);
    const before = sandbox.stateText();
    sandbox.setWorld({ a: { text: "meddled with" }, b: null });
    const { code, out } = await sandbox.run("preview", "--refresh");
    expect(code).toBe(0);
    expect(out).toContain(" ~  demo:index:Item a update");
    expect(out).toContain(" +  demo:index:Item b create");
    expect(sandbox.stateText()).toBe(before);
  });
});
