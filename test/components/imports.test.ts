import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");

const PROGRAM = `
  require("./components");
  const packages = Object.keys(require.cache).map(
    (file) => /node_modules[/\\\\]((?:@[^/\\\\]+[/\\\\])?[^/\\\\]+)/.exec(file)?.[1],
  );
  console.log([...new Set(packages)].join(" "));
`;

test("a program that uses the components does not load what issues certificates", () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["-r", join(ROOT, "bin/register.cjs"), "-e", PROGRAM],
    { cwd: ROOT, encoding: "utf8" },
  );
  expect(stderr).toBe("");
  const loaded = stdout.trim().split(" ");
  expect(loaded).toContain("@pulumi/pulumi");
  expect(loaded.filter((name) => name.startsWith("@peculiar"))).toEqual([]);
});
