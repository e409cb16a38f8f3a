import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RunOptions } from "./support/copy";
import { copy, program, run, scratch } from "./support/copy";

describe("what cannot be run is refused in one line, with what to write instead", () => {
  const folder = copy();

  test.each([
    [
      "a command nobody knows",
      ["fly"],
      /^error: fly is no command; there are up, preview, destroy, .*, test and lint\.$/,
    ],
    [
      "a command that every object has",
      ["toString"],
      /^error: toString is no command/,
    ],
    [
      "no command at all",
      [],
      /^error: .* is no command; there are up, preview/,
    ],
    [
      "an engine nobody knows",
      ["up", "--engine=docker"],
      /^error: --engine=docker is no engine; write --engine=bundled or --engine=pulumi\.$/,
    ],
    [
      "an engine that is left out",
      ["up", "--engine"],
      /^error: --engine needs a value\.$/,
    ],
    ["a stack that is left out", ["up", "-s"], /^error: -s needs a value\.$/],
    [
      "a stack without configuration",
      ["up", "--engine=bundled", "--stack=prod"],
      /^error: Pulumi\.prod\.yaml is not there; copy Pulumi\.dev\.yaml and change what is different\.$/,
    ],
    [
      "a stack with its name after a blank",
      ["preview", "--engine", "bundled", "-s", "staging"],
      /^error: Pulumi\.staging\.yaml is not there/,
    ],
  ])("%s", async (_rule, args, message) => {
    const { code, stdout, stderr } = await run(folder, args);
    const errors = stderr
      .split("\n")
      .filter((line) => line.startsWith("error"));
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test("and nothing was written", () => {
    expect(existsSync(join(folder, ".state"))).toBe(false);
    expect(existsSync(join(folder, ".passphrase"))).toBe(false);
  });
});

describe("which engine runs, and why", () => {
  const folder = copy();
  const missing = ["up", "--stack=nowhere"];
  const cli = program(join(scratch, "cli"), "pulumi");
  const home = join(scratch, "home");
  program(join(home, "bin"), "pulumi");
  const wrapper = program(join(scratch, "x", "node_modules", ".bin"), "pulumi");
  const decoy = join(scratch, "decoy");
  mkdirSync(join(decoy, "pulumi"), { recursive: true });

  const bundled =
    "Engine: bundled, since no Pulumi CLI is installed (get the Pulumi CLI at https://www.pulumi.com/docs/install/, or let --engine=pulumi fetch it).";
  const rows: readonly [string, string[], RunOptions, string][] = [
    ["none is installed", [], {}, bundled],
    [
      "the CLI is in PATH",
      [],
      { path: [cli] },
      `Engine: ${join(cli, "pulumi")} (--engine=bundled takes the bundled one).`,
    ],
    [
      "the CLI is in PULUMI_HOME",
      [],
      { env: { PULUMI_HOME: home } },
      `Engine: ${join(home, "bin", "pulumi")} (--engine=bundled takes the bundled one).`,
    ],
    [
      "the bundled one is wanted although the CLI is there",
      ["--engine=bundled"],
      { path: [cli] },
      "Engine: bundled, as asked.",
    ],
    [
      "the CLI is wanted and not there",
      ["--engine=pulumi"],
      {},
      "Engine: the Pulumi CLI from the npm package pulumi, as asked; it is downloaded at its first use.",
    ],
    [
      "the wrapper of an npm package is no CLI",
      [],
      { path: [wrapper] },
      bundled,
    ],
    ["a folder of that name is no CLI", [], { path: [decoy] }, bundled],
    ["an empty entry of PATH is no folder", [], { path: ["", ""] }, bundled],
  ];

  test.each(rows)("%s", async (_rule, args, options, line) => {
    const { stderr } = await run(folder, [...missing, ...args], options);
    expect(stderr.split("\n")[0]).toBe(line);
  });

  test("is not said where the answer is to be read by a program", async () => {
    const { stderr } = await run(folder, [...missing, "--json"]);
    expect(stderr).toBe(
      "error: Pulumi.nowhere.yaml is not there; copy Pulumi.dev.yaml and change what is different.\n",
    );
  });
});

describe("the passphrase of a stack", () => {
  function project(): string {
    const folder = copy(["yaml"]);
    writeFileSync(join(folder, "Pulumi.yaml"), "name: it\nruntime: nodejs\n");
    writeFileSync(join(folder, "Pulumi.dev.yaml"), "config: {}\n");
    return folder;
  }
  const secretOf = (folder: string): string =>
    readFileSync(join(folder, ".passphrase", "dev"), "utf8");
  const mode = (path: string): string =>
    (statSync(path).mode & 0o777).toString(8);

  test("is made once, at random, for nobody else to read, and its place is said", async () => {
    const [one, other] = [project(), project()];
    const first = await run(one, ["preview", "--engine=bundled"]);
    expect(first.stderr).toContain(
      `Made a passphrase for the state's secrets: ${join(".passphrase", "dev")}.`,
    );
    const made = secretOf(one);
    expect(made.trim()).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(first.stderr).not.toContain(made.trim());
    expect(mode(join(one, ".passphrase"))).toBe("700");
    expect(mode(join(one, ".passphrase", "dev"))).toBe("600");
    expect(mode(join(one, ".state"))).toBe("700");

    const second = await run(one, ["preview", "--engine=bundled"]);
    expect(second.stderr).not.toContain("Made a passphrase");
    expect(secretOf(one)).toBe(made);

    await run(other, ["preview", "--engine=bundled"]);
    expect(secretOf(other)).not.toBe(made);
  });

  test("is not made where the user has one", async () => {
    for (const env of [
      { PULUMI_CONFIG_PASSPHRASE: "mine" },
      { PULUMI_CONFIG_PASSPHRASE: "" },
      { PULUMI_CONFIG_PASSPHRASE_FILE: "/my/file" },
    ]) {
      const folder = project();
      await run(folder, ["preview", "--engine=bundled"], { env });
      expect(existsSync(join(folder, ".passphrase"))).toBe(false);
    }
  });

  test("the configuration of the checkout stays as it is", async () => {
    const folder = project();
    await run(folder, ["preview", "--engine=bundled"]);
    expect(readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8")).toBe(
      "config: {}\n",
    );
  });
});
