import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** How a process ended, and what it said. */
export interface CommandResult {
  /** 128 and more where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a process. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; none by default. */
  readonly input?: string;
}

/** Runs a program to its end, whatever its exit code. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 128, stdout, stderr });
    });
    // A program that ends without reading its input closes the pipe; that is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** The path of a program, `undefined` where this machine lacks it. Brokers live in `sbin`, which not every user has in PATH. */
export function findProgram(name: string): string | undefined {
  return [
    ...(process.env.PATH ?? "").split(delimiter),
    "/opt/homebrew/sbin",
    "/usr/local/sbin",
    "/usr/sbin",
  ]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Is there a program at this path? */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A group of tests that need a program of the machine's. Where it is missing
 * they are skipped, and one line says so.
 *
 * @param howToGet what to do to have it: `apt-get install mosquitto`
 */
export function describeWith(
  program: { readonly name: string; readonly path: string | undefined },
  howToGet: string,
  title: string,
  body: (path: string) => void,
): void {
  if (program.path === undefined) {
    // Not console.log: jest puts a stack trace around it.
    process.stdout.write(
      `skipped: ${program.name} is not installed; ${howToGet}\n`,
    );
    describe.skip(title, () => {
      body("");
    });
    return;
  }
  const { path } = program;
  describe(title, () => {
    body(path);
  });
}
