import { existsSync, readFileSync, statSync } from "node:fs";

import { Sandbox } from "./sandbox";

describe("updates of a small program", () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
  });

  afterEach(() => {
    sandbox.close();
  });

  test("creates, keeps, updates and replaces, and deletes what is gone from the program", async () => {
    const first = await sandbox.up([
      { name: "a", text: "one", size: 1 },
      { name: "b", from: "a", group: "g" },
    ]);
    expect(first.err).toBe("");
    expect(first.code).toBe(0);
    expect(first.out).toContain("+ 4 created");
    expect(sandbox.journal()).toEqual(["create a", "create b"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "g", "default", "a", "b"]);
    expect(sandbox.resource("b")).toMatchObject({
      urn: "urn:pulumi:dev::fleet::demo:index:Group$demo:index:Item::b",
      parent: "urn:pulumi:dev::fleet::demo:index:Group::g",
      dependencies: ["urn:pulumi:dev::fleet::demo:index:Item::a"],
      propertyDependencies: {
        text: ["urn:pulumi:dev::fleet::demo:index:Item::a"],
      },
      inputs: { text: "<one>" },
      additionalSecretOutputs: ["token"],
    });

    const written = sandbox.stateText();
    const second = await sandbox.run("up", "--yes", "--expect-no-changes");
    expect(second.code).toBe(0);
    expect(second.out).toContain("4 unchanged");
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.stateText()).toBe(written);

    const third = await sandbox.up([
      { name: "a", text: "one", size: 2 },
      { name: "b", from: "a", group: "g" },
    ]);
    expect(third.code).toBe(0);
    expect(third.out).toContain("+-1 replaced");
    expect(third.out).toContain("[diff: ~size]");
    // The new one is there before the old one goes.
    expect(sandbox.journal()).toEqual(["create a", "delete a"]);

    const fourth = await sandbox.up([{ name: "a", text: "two", size: 2 }]);
    expect(fourth.code).toBe(0);
    expect(sandbox.journal()).toEqual(["update a", "delete b"]);
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
  });

  test("deletes dependants before what they depend on, and a destroyed stack is empty", async () => {
    await sandbox.prepare([
      { name: "a", text: "one" },
      { name: "b", from: "a" },
      { name: "c", text: "x", dependsOn: ["b"] },
    ]);
    sandbox.journal();
    const result = await sandbox.run("destroy", "--yes");
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual(["delete c", "delete b", "delete a"]);
    expect(sandbox.resources()).toEqual([]);
    expect((await sandbox.run("stack", "output")).out).toContain(
      "Current stack outputs (0)",
    );
  });

  test("deletes first where the plugin wants it, and takes dependants along that a new value replaces", async () => {
    const items = (
      size: number,
    ): { name: string; [key: string]: unknown }[] => [
      { name: "a", text: "one", size, deleteFirst: true },
      { name: "b", from: "a" },
      { name: "c", text: "x", sizeFrom: "a" },
      { name: "d", text: "x", dependsOn: ["c"] },
    ];
    await sandbox.prepare(items(1));
    sandbox.journal();
    const result = await sandbox.up(items(2));
    expect(result.code).toBe(0);
    expect(result.out).toContain("+-2 replaced");
    // `b` takes another text in place and `d` takes nothing from `c`, so they stay.
    expect(sandbox.journal()).toEqual([
      "delete c",
      "delete a",
      "create a",
      "create c",
    ]);
    expect([...sandbox.names()].sort()).toEqual([
      "a",
      "b",
      "c",
      "d",
      "default",
      "fleet-dev",
    ]);
    expect((await sandbox.run("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("never writes a secret in the open, and keeps its ciphertext while it does not change", async () => {
    await sandbox.prepare([{ name: "a", text: "hush" }], {
      password: "not so secret in the config of this test",
    });
    const text = sandbox.stateText() ?? "";
    expect(text).not.toContain("token of hush");
    expect(text).not.toContain("not so secret");
    const before = sandbox.resource("a")?.outputs;
    expect(before).toMatchObject({
      token: { ciphertext: expect.stringMatching(/^v1:/) as string },
    });

    await sandbox.prepare([{ name: "a", text: "hush", size: 3 }], {
      password: "not so secret in the config of this test",
    });
    const exported = await sandbox.run("stack", "export");
    expect(exported.out).not.toContain("token of hush");
    expect(exported.out).toContain("ciphertext");
    const open = await sandbox.run("stack", "export", "--show-secrets");
    expect(open.out).toContain("token of hush");

    const output = await sandbox.run("stack", "output", "password");
    expect(output.out).toBe("[secret]\n");
    const shown = await sandbox.run(
      "stack",
      "output",
      "password",
      "--show-secrets",
    );
    expect(shown.out).toBe("not so secret in the config of this test\n");
    expect(statSync(sandbox.stateFile()).mode & 0o777).toBe(0o600);
  });

  test("what turns secret is secret in the outputs too, although nothing is done", async () => {
    await sandbox.prepare([
      { name: "a", text: "hush" },
      { name: "b", text: "soft" },
    ]);
    sandbox.journal();
    const result = await sandbox.up([
      { name: "a", text: "hush", hush: true },
      { name: "b", text: "soft", additionalSecretOutputs: ["label"] },
    ]);
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("a")).toMatchObject({
      outputs: { text: { ciphertext: expect.any(String) as string } },
    });
    expect(sandbox.resource("b")).toMatchObject({
      outputs: {
        text: "soft",
        label: { ciphertext: expect.any(String) as string },
      },
    });
  });

  test("replaceOnChanges goes by what the plugin says has changed, and no further", async () => {
    const item = { name: "a", text: "one", tags: { x: 1, y: 1 } };
    const more = { undecided: true, replaceOnChanges: ["tags.x"] };
    await sandbox.prepare([{ ...item, ...more }]);
    sandbox.journal();
    await sandbox.up([{ ...item, ...more, tags: { x: 1, y: 2 } }]);
    expect(sandbox.journal()).toEqual(["update a"]);
    await sandbox.up([{ ...item, ...more, tags: { x: 2, y: 2 } }]);
    expect(sandbox.journal()).toEqual(["create a", "delete a"]);
    // This plugin decides, and names no property.
    const named = { replaceOnChanges: ["text"], undecided: false };
    await sandbox.up([{ ...item, ...named, text: "two" }]);
    expect(sandbox.journal()).toEqual(["update a"]);
  });

  test("follows an alias: the resource keeps its id and nothing is created", async () => {
    await sandbox.prepare([{ name: "old", text: "one" }]);
    const id = sandbox.resource("old")?.id;
    sandbox.journal();
    const result = await sandbox.up([
      { name: "new", text: "one", aliases: [{ name: "old" }] },
    ]);
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("new")).toMatchObject({
      id,
      urn: "urn:pulumi:dev::fleet::demo:index:Item::new",
    });
    expect(sandbox.resource("new")?.aliases).toBeUndefined();
    expect(sandbox.resource("old")).toBeUndefined();
  });

  test("follows a renamed component: its children are the same resources", async () => {
    await sandbox.prepare([{ name: "g-a", text: "one", group: "g" }]);
    const id = sandbox.resource("g-a")?.id;
    sandbox.journal();
    const result = await sandbox.up(
      [{ name: "h-a", text: "one", group: "h" }],
      { groupAliases: { h: [{ name: "g" }] } },
    );
    expect(result.code).toBe(0);
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("h-a")).toMatchObject({
      id,
      urn: "urn:pulumi:dev::fleet::demo:index:Group$demo:index:Item::h-a",
      parent: "urn:pulumi:dev::fleet::demo:index:Group::h",
    });
    expect(sandbox.names()).toEqual(["fleet-dev", "h", "default", "h-a"]);
  });

  test("honours ignoreChanges, protect and retainOnDelete", async () => {
    const item = {
      name: "a",
      text: "one",
      ignoreChanges: ["text"],
      protect: true,
    };
    await sandbox.prepare([
      item,
      { name: "b", text: "kept", retainOnDelete: true },
    ]);
    sandbox.journal();
    await sandbox.prepare([{ ...item, text: "two" }]);
    expect(sandbox.journal()).toEqual([]);
    expect(sandbox.resource("a")).toMatchObject({ inputs: { text: "one" } });
    expect(sandbox.resource("b")).toBeUndefined();

    const written = sandbox.stateText();
    const refused = await sandbox.up([]);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('"a" would be deleted, but it is protected');
    expect(refused.out).toContain("-  demo:index:Item a failed");
    expect(sandbox.stateText()).toBe(written);
  });

  test("calls functions of the plugin and keeps what they say of secrets", async () => {
    const result = await sandbox.up([], { shout: "hello" });
    expect(result.out).toContain('shout: "HELLO!"');
    const hushed = await sandbox.up([], { shout: "hello", hush: true });
    expect(hushed.out).toContain("~ shout: [secret]");
    expect(sandbox.stateText()).not.toContain("HELLO");
  });

  test("a preview changes nothing, and knows what it cannot know", async () => {
    sandbox.configure([
      { name: "a", text: "one" },
      { name: "b", from: "a" },
    ]);
    const config = readFileSync(sandbox.configFile, "utf8");
    const result = await sandbox.run("preview");
    expect(result.code).toBe(0);
    expect(result.out).toContain("+ 3 to create");
    expect(result.out).toContain("b: [unknown]");
    expect(sandbox.journal()).toEqual([]);
    expect(existsSync(sandbox.stateFile())).toBe(false);
    expect(readFileSync(sandbox.configFile, "utf8")).toBe(config);
  });

  test("writes the salt at the end of the configuration and leaves the rest alone", async () => {
    sandbox.configure([{ name: "a", text: "one" }]);
    const before = readFileSync(sandbox.configFile, "utf8");
    await sandbox.run("up", "--yes");
    const after = readFileSync(sandbox.configFile, "utf8");
    expect(after.startsWith(before)).toBe(true);
    expect(after.slice(before.length)).toMatch(
      /^encryptionsalt: v1:[^:]+:v1:[^:]+:[^:]+\n$/,
    );
  });

  test("--json writes one document and nothing else", async () => {
    sandbox.configure([{ name: "a", text: "loud" }]);
    const result = await sandbox.run("up", "--yes", "--json");
    const document: unknown = JSON.parse(result.out);
    expect(document).toMatchObject({
      phase: "update",
      succeeded: true,
      steps: [
        { op: "create", type: "pulumi:pulumi:Stack" },
        { op: "create", name: "a", changes: [] },
      ],
      diagnostics: [
        { severity: "info", message: "demo: the plugin has something to say" },
      ],
      summary: { create: 2 },
      outputs: { a: "<loud>" },
    });
  });

  test("--json tells of a failure too", async () => {
    sandbox.configure([{ name: "a", text: "bad" }]);
    const result = await sandbox.run("up", "--yes", "--json");
    expect(result.code).toBe(1);
    expect(JSON.parse(result.out)).toMatchObject({
      phase: "preview",
      succeeded: false,
      error: "The preview failed. Nothing was changed.",
      diagnostics: [
        { severity: "error", urn: "urn:pulumi:dev::fleet::demo:index:Item::a" },
      ],
    });
  });

  test("--expect-no-changes fails a preview that has some", async () => {
    sandbox.configure([{ name: "a", text: "one" }]);
    const result = await sandbox.run("preview", "--expect-no-changes");
    expect(result.code).toBe(1);
    expect(result.err).toContain("No changes were expected");
  });
});
