import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CommandResult } from "../../support/command";
import { runCommand } from "../../support/command";

/** The checkout. */
export const ROOT = join(__dirname, "..", "..", "..");

/** A folder for the tests of one file, gone when they are done. */
export const scratch = realpathSync(
  mkdtempSync(join(tmpdir(), "mqtt-pki-bin-")),
);
let count = 0;

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** A copy of the scripts alone: whatever they would install or write lands there. */
export function copy(packages: readonly string[] = ["yaml"]): string {
  count += 1;
  const folder = join(scratch, `copy-${count}`);
  cpSync(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  for (const name of packages) {
    symlinkSync(
      join(ROOT, "node_modules", name),
      join(folder, "node_modules", name),
    );
  }
  return folder;
}

/** How to run the scripts. */
export interface RunOptions {
  /** Folders of PATH, before the one Node is in. */
  readonly path?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
}

/** Runs a command of a copy, with only what is named in PATH beside Node. */
export function run(
  folder: string,
  args: readonly string[],
  { path = [], env = {}, nodeArgs = [] }: RunOptions = {},
): Promise<CommandResult> {
  return runCommand(
    process.execPath,
    [...nodeArgs, join(folder, "bin", "run.mjs"), ...args],
    {
      cwd: folder,
      env: {
        PATH: [...path, dirname(process.execPath)].join(delimiter),
        HOME: folder,
        ...env,
      },
    },
  );
}

/** Calls a function of `setup.mjs`. */
export async function ask(
  folder: string,
  call: string,
  version?: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const url = pathToFileURL(join(folder, "bin", "setup.mjs")).href;
  const pretend =
    version === undefined
      ? ""
      : `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  const code = `${pretend} import("${url}").then((setup) => console.log(setup.${call})).catch((error) => console.log(error.message));`;
  const { stdout } = await runCommand(process.execPath, ["-e", code], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  return stdout.trim();
}

/** Puts a program that does nothing into a folder. */
export function program(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, "#!/bin/sh\nexit 1\n");
  chmodSync(path, 0o755);
  return folder;
}
