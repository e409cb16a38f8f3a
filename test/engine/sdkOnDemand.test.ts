import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command";

const ROOT = join(__dirname, "..", "..");
const RUN_PLUGIN = require.resolve("@pulumi/pulumi/cmd/run-plugin");
const PRELOADED = join(ROOT, "engine", "plugins", "sdkOnDemand.cjs");

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "sdk-on-demand-")));

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** A plugin of one file, which prints what the test wants to know. */
function plugin(main: string, lines: readonly string[]): string {
  const folder = mkdtempSync(join(scratch, "plugin-"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ main }));
  mkdirSync(join(folder, main, ".."), { recursive: true });
  writeFileSync(join(folder, main), [...lines, ""].join("\n"));
  return folder;
}

/** What a plugin prints, as Pulumi's language host runs it or as our engine does. */
async function printed(
  folder: string,
  preloaded: readonly string[] = ["--require", PRELOADED],
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [...preloaded, RUN_PLUGIN, folder, "127.0.0.1:1"],
    { cwd: folder },
  );
  return code === 0 ? stdout : stderr;
}

test("a function is serialised to the same text, with all it captures", async () => {
  const folder = plugin("index.js", [
    'const pulumi = require("@pulumi/pulumi");',
    "class Meter { constructor(id) { this.id = id; } path() { return `devices/${this.id}`; } }",
    "const meter = new Meter('meter-001');",
    "const later = async (count) => `${meter.path()} ${count}`;",
    "pulumi.runtime",
    "  .serializeFunction(later)",
    "  .then(({ text, exportName }) => console.log(exportName, text));",
  ]);
  const ours = await printed(folder);
  expect(ours).toContain("meter-001");
  expect(ours).toBe(await printed(folder, []));
});

test("a plugin of TypeScript gets its compiler, which checks types", async () => {
  const lines = ["enum Answer { Yes = 42 }", "console.log(Answer.Yes);"];
  expect(await printed(plugin("index.ts", lines))).toBe("42\n");
  const wrong = [...lines, "export const text: string = Answer.Yes;"];
  expect(await printed(plugin("index.ts", wrong))).toContain("TS2322");
});

test("what only few use is not loaded at the start", async () => {
  const folder = plugin("index.js", [
    'require("@pulumi/pulumi");',
    "const packages = Object.keys(require.cache).map((file) => file.split(/node_modules./).at(-1));",
    "const heavy = /^(typescript|ts-node|source-map|@npmcli.arborist)[^-].*js$/;",
    "console.log(packages.some((file) => heavy.test(file)));",
  ]);
  expect(await printed(folder, [])).toBe("true\n");
  expect(await printed(folder)).toBe("false\n");
});
