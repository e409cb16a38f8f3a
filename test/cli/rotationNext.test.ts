import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { scratchFolder } from "../pki/support/openssl";
import type { RotatedRoot } from "./support/rotatedRoot";
import {
  rotatedRoot,
  runRotation as run,
  stateOf as stateIn,
  write,
} from "./support/rotatedRoot";
import type { Update } from "./support/stackExport";

const folder = scratchFolder();
const CONFIGURATION = `# The fleet.
config:
  demo:serverRoot:   # in the firmware
    subject: { commonName: "My Root" , organization: 'Me' }


    validityDays: 3650 # ten years
  # Brokers trust this one.
  demo:deviceRoot:
      subject:
          commonName: My Device Root
`;
const NEW = `    generations:
      2026a:
        state: active
      2027a:
        state: staged
        subject:
          commonName: My Root 2027a
          organization: Me
`;

let world: RotatedRoot;

beforeAll(async () => {
  world = await rotatedRoot();
});

function stateOf(...updates: readonly Update[]): string {
  return stateIn(folder, ...updates);
}

describe("rotation next", () => {
  test("from the first naming to the end, each step reviewed and written", async () => {
    const { first, staged, activated } = world;
    const file = write(folder, "Pulumi.dev.yaml", CONFIGURATION);
    const next = (now: string, state: string, ...args: string[]) =>
      run(
        now,
        "next",
        "server-root",
        "--state",
        state,
        "--file",
        file,
        ...args,
      );

    const shown = await next("2027-01-01T00:00:00Z", stateOf(first));
    expect(shown).toMatchObject({ code: 0, error: "" });
    expect(shown.out).toContain(`--- ${file}
+++ ${file}
@@ -5,6 +5,14 @@
 
 
     validityDays: 3650 # ten years
${NEW.replace(/^/gm, "+").slice(0, -1)}   # Brokers trust this one.
`);
    expect(readFileSync(file, "utf8")).toBe(CONFIGURATION);

    await next("2027-01-01T00:00:00Z", stateOf(first), "--write");
    const named = CONFIGURATION.replace(/.*ten years\n/, (line) => line + NEW);
    expect(readFileSync(file, "utf8")).toBe(named);

    // It stands in the file now, and no update has brought it out yet.
    const twice = await next("2027-01-01T00:00:00Z", stateOf(first), "--write");
    expect(twice.code).toBe(1);
    expect(twice.error).toContain(
      "says 2026a active, 2027a staged of server-root, and the last update left 1 active",
    );

    const early = await next("2027-01-07T00:00:00Z", stateOf(first, staged));
    expect(early.code).toBe(1);
    expect(early.out).toContain("not before 2027-01-08T00:00:00Z");
    expect(early.out).not.toContain("@@");
    expect(early.error).toContain("--force");
    const forced = await next(
      "2027-01-07T00:00:00Z",
      stateOf(first, staged),
      "--force",
    );
    expect(forced).toMatchObject({ code: 0, error: "" });

    await next("2027-01-08T00:00:00Z", stateOf(first, staged), "--write");
    const active = named
      .replace("state: active", "state: retiring")
      .replace("state: staged", "state: active");
    expect(readFileSync(file, "utf8")).toBe(active);

    const state = stateOf(first, staged, activated);
    await next("2027-01-09T00:00:00Z", state, "--write");
    expect(readFileSync(file, "utf8")).toBe(
      active.replace("state: retiring", "state: retired"),
    );
  });

  test("a bundle that this very change confirms needs no soak time", async () => {
    const { first, staged } = world;
    const state = stateOf(first, staged);
    const { out } = await run(
      "2027-01-02T00:00:00Z",
      "status",
      "--json",
      "--state",
      state,
    );
    const [hash] = /[0-9a-f]{64}/.exec(out) ?? [""];
    const text = CONFIGURATION.replace(
      /.*ten years\n/,
      (line) => `${line}${NEW}    confirmedBundle: ${hash}\n`,
    );
    const file = write(folder, "Pulumi.dev.yaml", text);
    const { code } = await run(
      "2027-01-02T00:00:00Z",
      "next",
      "server-root",
      "--state",
      state,
      "--file",
      file,
      "--write",
    );
    expect(code).toBe(0);
    expect(parse(readFileSync(file, "utf8"))).toMatchObject({
      config: {
        "demo:serverRoot": {
          generations: {
            "2026a": { state: "retiring" },
            "2027a": { state: "active" },
          },
        },
      },
    });
  });

  test("names of the user's choice; none that is no id, was used, or has no place here", async () => {
    const { first, staged } = world;
    const file = write(folder, "Pulumi.dev.yaml", CONFIGURATION);
    const next = (state: string, ...args: string[]) =>
      run(
        "2027-01-01T00:00:00Z",
        "next",
        "server-root",
        "--state",
        state,
        "--file",
        file,
        ...args,
      );
    const { out } = await next(
      stateOf(first),
      "--name",
      "old",
      "--id",
      "new",
      "--common-name",
      "The New One",
    );
    expect(out).toContain("+      old:\n+        state: active\n+      new:\n");
    expect(out).toContain("+          commonName: The New One\n");
    const refused = async (
      state: string,
      ...args: string[]
    ): Promise<string> => {
      const { code, error } = await next(state, ...args);
      expect(code).toBe(2);
      return error;
    };
    expect(await refused(stateOf(first), "--id", "a b")).toContain("is no id");
    expect(await refused(stateOf(first), "--id", "1")).toContain("I9");
    expect(await refused(stateOf(first), "--id", "a", "--name", "a")).toContain(
      "I9",
    );
    expect(
      await refused(stateOf(first), "--common-name", "x".repeat(65)),
    ).toContain("X.509 allows 64");
    writeFileSync(
      file,
      CONFIGURATION.replace(/.*ten years\n/, (line) => line + NEW),
    );
    const state = stateOf(first, staged);
    expect(await refused(state, "--name", "a")).toContain("--name is for a CA");
    expect(await refused(state, "--id", "a", "--force")).toContain(
      "stages none",
    );
    expect(await refused(state, "--key", "demo:other")).toContain(
      "has no CA under",
    );
  });

  test("a program that does not take it from the configuration gets it in TypeScript", async () => {
    const { first, staged } = world;
    const file = write(folder, "Pulumi.dev.yaml", "config: {}\n");
    const next = (state: string, ...args: string[]) =>
      run(
        "2027-01-08T00:00:00Z",
        "next",
        "server-root",
        "--state",
        state,
        "--file",
        file,
        ...args,
      );
    const { code, out } = await next(stateOf(first));
    expect(code).toBe(0);
    expect(out).toContain(`generations: {
  "2026a": { state: "active" },
  "2027a": {
    state: "staged",
    subject: {
      commonName: "My Root 2027a",
    },
  },
},
`);
    const second = await next(stateOf(first, staged), "--write");
    expect(second.out).toContain(`generations: {
  "2026a": { state: "retiring" }, // what else it says stays
  "2027a": { state: "active" }, // what else it says stays
},
`);
    expect(second).toMatchObject({
      code: 1,
      error: "error: nothing was written.\n",
    });
    expect(readFileSync(file, "utf8")).toBe("config: {}\n");
  });

  test("a CA that the stack does not have", async () => {
    const { first } = world;
    const { code, error } = await run(
      "2027-01-08T00:00:00Z",
      "next",
      "nobody",
      "--state",
      stateOf(first),
    );
    expect(code).toBe(2);
    expect(error).toContain(
      '"nobody" is no CA of this stack; it has server-root.',
    );
  });
});
