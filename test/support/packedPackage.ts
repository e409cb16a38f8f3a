import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { runCommand } from "./command";
import { ROOT } from "./fleet";

const CACHE = join(ROOT, "node_modules", ".cache");

/** Milliseconds; a pack takes some seconds, and few tests do it. */
const PATIENCE = 100_000;

/**
 * Packs this package as it would be published, and unpacks it. One test at a
 * time: the compiler writes into the folder that is packed.
 *
 * @param scratch folder for the archive; there must be no other one in it
 * @param installed folder for the package's files; it is made
 */
export async function installPackage(
  scratch: string,
  installed: string,
): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  // The kernel gives a database's lock back whichever way its holder ends.
  const lock = new DatabaseSync(join(CACHE, "pack.lock"), {
    timeout: PATIENCE,
  });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    await must(process.execPath, [
      join(ROOT, "bin", "run.mjs"),
      "package",
      "--pack-destination",
      scratch,
    ]);
  } finally {
    lock.close();
  }
  const [archive = ""] = readdirSync(scratch).filter((name) =>
    name.endsWith(".tgz"),
  );
  mkdirSync(installed, { recursive: true });
  await must("tar", [
    "xzf",
    join(scratch, archive),
    "--strip-components=1",
    "-C",
    installed,
  ]);
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
