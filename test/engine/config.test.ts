import { readFileSync, statSync, writeFileSync } from "node:fs";

import { parse } from "yaml";

import { ConfigFile } from "../../engine/stack/configFile";
import { Sandbox } from "./sandbox";

const BEFORE = `# head
config:
  fleet:b: two # about b
  # a list
  fleet:list:
    - 1
    - a

  other:config:old: yes
# tail
`;

describe("the configuration commands", () => {
  let sandbox: Sandbox;
  const text = (): string => readFileSync(sandbox.configFile, "utf8");

  beforeEach(() => {
    sandbox = new Sandbox("fleet");
    writeFileSync(sandbox.configFile, BEFORE, { mode: 0o640 });
  });

  afterEach(() => {
    sandbox.close();
  });

  test("a changed value leaves comments, order and mode of the file alone", async () => {
    expect(await sandbox.run("config", "set", "b", "three")).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(text()).toBe(BEFORE.replace("two", "three"));
    await sandbox.run("config", "rm", "fleet:b");
    expect(text()).toBe(BEFORE.replace("  fleet:b: two # about b\n", ""));
    expect(statSync(sandbox.configFile).mode & 0o777).toBe(0o640);
    expect((await sandbox.run("config", "rm", "nothing")).code).toBe(0);
  });

  test.each([
    ["3", '"3"'],
    ["true", '"true"'],
    ["null", '"null"'],
    ["yes", '"yes"'],
    ["1_000", '"1_000"'],
    ["2020-01-01", '"2020-01-01"'],
    ["", '""'],
    ["plain words, and more", "plain words, and more"],
    [`${"word ".repeat(40)}end`, `${"word ".repeat(40)}end`],
  ])(
    "the text %j stays a text for every reader of YAML",
    async (value, written) => {
      const file = await ConfigFile.open(sandbox.configFile);
      file.set(["fleet:key"], value);
      await file.save();
      expect(text()).toContain(`  fleet:key: ${written}\n`);
      for (const version of ["1.1", "1.2"] as const) {
        expect(parse(text(), { version })).toMatchObject({
          config: { "fleet:key": value },
        });
      }
    },
  );

  test("a secret comes from the standard input and is nowhere in the open", async () => {
    const set = await sandbox.feed(
      "hush: me\n",
      "config",
      "set",
      "pw",
      "--secret",
    );
    expect(set).toEqual({ code: 0, out: "", err: "" });
    expect(text()).not.toContain("hush");
    expect(text()).toMatch(/ {2}fleet:pw:\n {4}secure: v1:[^:]+:[^:]+\n/);
    expect(text().match(/^encryptionsalt: v1:/gm)).toHaveLength(1);
    expect(text()).toContain("fleet:b: two # about b\n  # a list");

    expect((await sandbox.run("config", "get", "pw")).out).toBe("hush: me\n");
    expect((await sandbox.run("config")).out).toContain(
      "pw         [secret]\n",
    );
    expect((await sandbox.run("config", "--show-secrets")).out).toContain(
      "pw         hush: me\n",
    );
    const salt = /^encryptionsalt: .*$/m.exec(text())?.[0];
    await sandbox.run("config", "set", "pw2", "x", "--secret");
    expect(/^encryptionsalt: .*$/m.exec(text())?.[0]).toBe(salt);

    const wrong = await sandbox
      .withPassphrase("wrong")
      .run("config", "get", "pw");
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain("The passphrase is not the one");
  });

  test("a program gets what was set", async () => {
    await sandbox.run("config", "set", "--path", "items[0].name", "a");
    await sandbox.run("config", "set", "--path", "items[0].text", "one");
    await sandbox.run("config", "set", "--path", "items[0].size", "4");
    await sandbox.feed("hush", "config", "set", "password", "--secret");
    expect((await sandbox.run("up", "--yes", "--skip-preview")).code).toBe(0);
    expect(sandbox.resource("a")?.inputs).toEqual({ text: "one", size: 4 });
    expect(
      (await sandbox.run("stack", "output", "--json", "--show-secrets")).out,
    ).toContain('"password": "hush"');
    // A salt that is in the state already is the configuration's too.
    expect((await sandbox.run("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("a path leads into structured values", async () => {
    const set = (...args: string[]) =>
      sandbox.run("config", "set", "--path", ...args);
    await set("list[0]", "7");
    await set("list[2]", "05");
    await set('deep.er["x.y"]', "false");
    await set("deep.pin", "1234", "--secret");
    await set("b.inner", "x");
    expect((await sandbox.run("config", "get", "list")).out).toBe(
      '[7,"a","05"]\n',
    );
    expect((await sandbox.run("config", "get", "--path", "list[1]")).out).toBe(
      "a\n",
    );
    expect(
      JSON.parse((await sandbox.run("config", "get", "deep", "--json")).out),
    ).toEqual({
      value: '{"er":{"x.y":false},"pin":"1234"}',
      objectValue: { er: { "x.y": false }, pin: "1234" },
      secret: true,
    });
    expect((await sandbox.run("config", "get", "--path", "b.inner")).out).toBe(
      "x\n",
    );
    expect(text()).not.toContain("1234");
    await sandbox.run("config", "rm", "--path", "list[0]");
    expect((await sandbox.run("config", "get", "list")).out).toBe(
      '["a","05"]\n',
    );
    const gap = await set("list[9]", "x");
    expect(gap.code).toBe(1);
    expect(gap.err).toContain("its list is shorter");
  });

  test("the list names keys of the project without it, and --json hides secrets", async () => {
    await sandbox.run("config", "set", "pw", "hush", "--secret");
    expect((await sandbox.run("config")).out).toBe(
      [
        "KEY        VALUE",
        "b          two",
        'list       [1,"a"]',
        "pw         [secret]",
        "other:old  yes",
        "",
      ].join("\n"),
    );
    expect(JSON.parse((await sandbox.run("config", "--json")).out)).toEqual({
      "fleet:b": { value: "two", secret: false },
      "fleet:list": { value: '[1,"a"]', objectValue: [1, "a"], secret: false },
      "fleet:pw": { secret: true },
      "other:old": { value: "yes", secret: false },
    });
    await sandbox.run("config", "set", "other:old", "no");
    expect(text()).toContain('  other:config:old: "no"\n');
  });

  test("mistakes are named and change nothing", async () => {
    const cases: [string[], string][] = [
      [["config", "get", "none"], 'has no configuration "none"'],
      [["config", "set", "a:b:c", "x"], "is not a configuration key"],
      [
        ["config", "set", "a", "x", "--secret", "--plaintext"],
        "either --secret or --plaintext",
      ],
      [
        ["config", "set", "key", "-----BEGIN PRIVATE KEY-----\nMC4C"],
        "The option that was given",
      ],
    ];
    for (const [args, message] of cases) {
      const result = await sandbox.run(...args);
      expect(result.code).toBe(1);
      expect(result.err).toContain(message);
      expect(result.err).not.toContain("MC4C");
    }
    const pem = "-----BEGIN PRIVATE KEY-----\nMC4C";
    const fed = await sandbox.feed(pem, "config", "set", "key");
    expect(fed.code).toBe(1);
    expect(fed.err).toContain("Add --secret");
    expect(fed.err).not.toContain("MC4C");
    expect(text()).toBe(BEFORE);
  });

  test("a plain value needs no passphrase and leaves no salt", async () => {
    const nobody = sandbox.withPassphrase(undefined);
    expect((await nobody.run("config", "get", "b")).out).toBe("two\n");
    expect((await nobody.run("config", "set", "b", "x")).code).toBe(0);
    expect((await nobody.run("config")).code).toBe(0);
    expect(text()).not.toContain("encryptionsalt");
    expect(
      (await nobody.run("config", "set", "c", "x", "--secret")).err,
    ).toContain("PULUMI_CONFIG_PASSPHRASE");
  });
});
