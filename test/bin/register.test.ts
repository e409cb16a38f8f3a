import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { CommandResult } from "../support/command";
import { runCommand } from "../support/command";
import { copy, scratch } from "./support/copy";

const folder = copy(["@swc"]);
const cache = join(scratch, "cache");
const entries = join(cache, "typescript");

/** Writes a file of TypeScript. */
function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, [...lines, ""].join("\n"));
  return path;
}

/** Runs a file of TypeScript as our own are run. */
function start(
  path: string,
  place: string | undefined,
): Promise<CommandResult> {
  return runCommand(
    process.execPath,
    ["-r", join(folder, "bin", "register.cjs"), path],
    { cwd: folder, env: { ...process.env, NODE_COMPILE_CACHE: place } },
  );
}

/** What a file of TypeScript printed. */
async function printed(path: string, place?: string): Promise<string> {
  const { code, stdout, stderr } = await start(path, place);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim();
}

const SAYS_WHETHER_IT_COMPILED = [
  "enum Answer { Kept, Compiled }",
  "const files: string[] = Object.keys(require.cache);",
  'const compiled = files.some((file) => file.endsWith(".node"));',
  "console.log(Answer[compiled ? Answer.Compiled : Answer.Kept]);",
];

describe("what TypeScript was compiled to", () => {
  const file = write("says.ts", SAYS_WHETHER_IT_COMPILED);

  test("is kept from one start to the next", async () => {
    expect(await printed(file, cache)).toBe("Compiled");
    expect(await printed(file, cache)).toBe("Kept");
    expect(readdirSync(entries)).toHaveLength(1);
  });

  test("is replaced where the file has changed, so that nothing piles up", async () => {
    write("says.ts", [...SAYS_WHETHER_IT_COMPILED, 'console.log("more");']);
    expect(await printed(file, cache)).toBe("Compiled\nmore");
    expect(await printed(file, cache)).toBe("Kept\nmore");
    expect(readdirSync(entries)).toHaveLength(1);
  });

  test.each([
    ["cut off", (text: string) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["of another text", (text: string) => text.replace(/\S+\n$/, "else\n")],
  ])("is made anew where the entry is %s", async (_damage, damage) => {
    expect(await printed(file, cache)).toBe("Kept\nmore");
    const [entry = ""] = readdirSync(entries);
    const path = join(entries, entry);
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    expect(await printed(file, cache)).toBe("Compiled\nmore");
    expect(await printed(file, cache)).toBe("Kept\nmore");
  });

  test("is kept nowhere unless a place was named", async () => {
    const before = readdirSync(folder);
    expect(await printed(file)).toBe("Compiled\nmore");
    expect(readdirSync(folder)).toEqual(before);
  });

  test("is not needed where the place cannot be written to", async () => {
    const blocked = join(scratch, "a-file");
    writeFileSync(blocked, "");
    expect(await printed(file, join(blocked, "cache"))).toBe("Compiled\nmore");
    const closed = join(scratch, "closed");
    mkdirSync(closed, { mode: 0o500 });
    expect(await printed(file, closed)).toBe("Compiled\nmore");
    chmodSync(closed, 0o700);
  });

  test("is whole for everyone who starts at the same time", async () => {
    const shared = join(scratch, "shared");
    const all = await Promise.all(
      Array.from({ length: 8 }, () => printed(file, shared)),
    );
    expect(all.filter((text) => !/^(Kept|Compiled)\nmore$/.test(text))).toEqual(
      [],
    );
    expect(readdirSync(join(shared, "typescript"))).toHaveLength(1);
  });
});

test("a mistake is shown where it is in the TypeScript, also in what was kept", async () => {
  const file = write("fails.ts", [
    "interface Long { a: string }",
    "",
    "export function fail(long?: Long): never {",
    "  throw new Error(long?.a ?? 'nothing');",
    "}",
    "fail();",
  ]);
  for (let run = 0; run < 2; run += 1) {
    const { stderr } = await start(file, cache);
    expect(stderr).toContain(`at fail (${file}:4:9)`);
  }
});

describe("what is imported", () => {
  const main = (name: string): string =>
    write(name, [
      'import { used } from "./used";',
      'import { idle } from "./idle";',
      'import "./effect";',
      'export { passed } from "./passed";',
      'console.log("start");',
      'if (process.argv.includes("--idle")) { idle(); }',
      "used();",
    ]);
  const modules = (place: string): void => {
    for (const name of ["used", "idle", "effect", "passed"]) {
      write(join(place, `${name}.ts`), [
        `console.log("load ${name}");`,
        `export const ${name} = (): void => console.log("call ${name}");`,
      ]);
    }
  };

  test("by a command is loaded when it is used, unless it is for its effect or passed on", async () => {
    modules("engine");
    expect((await printed(main("engine/main.ts"))).split("\n")).toEqual(
      expect.arrayContaining(["load effect", "start", "load used"]),
    );
    const lines = (await printed(main("engine/main.ts"))).split("\n");
    expect(lines).not.toContain("load idle");
    expect(lines.indexOf("load effect")).toBeLessThan(lines.indexOf("start"));
    expect(lines.slice(-3)).toEqual(["start", "load used", "call used"]);
  });

  test("by a program is loaded at once, since that may declare resources", async () => {
    modules("");
    expect((await printed(main("index.ts"))).split("\n")).toEqual([
      "load used",
      "load idle",
      "load effect",
      "load passed",
      "start",
      "call used",
    ]);
  });
});
