import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { runCommand } from "./command";
import { ROOT } from "./fleet";

const CACHE = join(ROOT, "node_modules", ".cache");
const ARCHIVES = join(CACHE, "packed");

/** Milliseconds; a pack takes some seconds, and the others wait for the first. */
const PATIENCE = 100_000;

/** What a package comes from, but `dist`, which the pack makes of the rest. */
const SOURCES = [
  "LICENSE",
  "README.md",
  "bin",
  "cli",
  "cluster",
  "components",
  "engine",
  "package-lock.json",
  "package.json",
  "pki",
  "platforms",
  "provider",
  "resources",
  "rotation",
  "tsconfig.build.json",
  "tsconfig.json",
];

/**
 * Unpacks this package as it would be published. It is packed once for all
 * tests, and again when one of its files has changed.
 *
 * @param installed folder for the package's files; it is made
 */
export async function installPackage(installed: string): Promise<void> {
  mkdirSync(installed, { recursive: true });
  await locked(async () => {
    const archive = join(ARCHIVES, `${sourcesHash()}.tgz`);
    if (!existsSync(archive)) {
      await pack(archive);
    }
    await must("tar", [
      "xzf",
      archive,
      "--strip-components=1",
      "-C",
      installed,
    ]);
  });
}

/** One test at a time: the compiler writes into the folder that is packed. */
async function locked(action: () => Promise<void>): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  // The kernel gives a database's lock back whichever way its holder ends.
  const lock = new DatabaseSync(join(CACHE, "pack.lock"), {
    timeout: PATIENCE,
  });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    await action();
  } finally {
    lock.close();
  }
}

async function pack(archive: string): Promise<void> {
  // Those of former sources nobody wants any more, nor what a kill has left.
  rmSync(ARCHIVES, { recursive: true, force: true });
  mkdirSync(ARCHIVES, { recursive: true });
  const folder = mkdtempSync(join(ARCHIVES, "new-"));
  await must(process.execPath, [
    join(ROOT, "bin", "run.mjs"),
    "package",
    "--pack-destination",
    folder,
  ]);
  const [packed = ""] = readdirSync(folder).filter((name) =>
    name.endsWith(".tgz"),
  );
  renameSync(join(folder, packed), archive);
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  for (const name of SOURCES) {
    const path = join(ROOT, name);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
          .map((file) => join(path, file))
          .filter((file) => statSync(file).isFile())
          .sort()
      : [path];
    for (const file of files) {
      const content = createHash("sha256").update(readFileSync(file));
      hash.update(`${file} ${content.digest("hex")}\n`);
    }
  }
  return hash.digest("hex");
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand(program, args, {
    cwd: ROOT,
  });
  if (code !== 0) {
    throw new Error(
      `${program} ${args.join(" ")} ends with ${code}:\n${stdout}${stderr}`,
    );
  }
}
