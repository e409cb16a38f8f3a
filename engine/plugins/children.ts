import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { EngineError } from "../errors";

const GRACE_MS = 2_000;
const running = new Set<ChildProcess>();

// A child must not outlive the engine, whatever ends it. SIGKILL is the only signal that needs no event loop.
process.on("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

/** How a child is started. */
export interface ChildOptions {
  cwd: string;
  environment: NodeJS.ProcessEnv;
  onStdout: (line: string) => void;
  onStderr: (line: string) => void;
}

/** Starts a child that ends with the engine; its output comes line by line. */
export function startChild(
  command: string,
  args: string[],
  options: ChildOptions,
): ChildProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // Ctrl-C at the terminal goes to the engine alone: it lets running steps end before it stops the children.
    detached: process.platform !== "win32",
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  forEachLine(child.stdout, options.onStdout);
  forEachLine(child.stderr, options.onStderr);
  return child;
}

/** Ends a child and waits until it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(timer);
}

/** The arguments with which Node runs a script of the SDK as a child: it ends with the engine, even if that is killed. */
export function nodeArguments(
  script: string,
  nodeOptions: string[] = [],
): string[] {
  const preloaded = ["childGuard.cjs", "sdkOnDemand.cjs"];
  return [
    ...preloaded.flatMap((name) => ["--require", join(__dirname, name)]),
    ...nodeOptions,
    script,
  ];
}

/** Finds a script of the SDK the way a language host does: as the project itself would. */
export function sdkScript(folder: string, script: string): string {
  const require = createRequire(join(folder, "noop.js"));
  try {
    return require.resolve(`@pulumi/pulumi/cmd/${script}`);
  } catch {
    throw new EngineError(
      `The package @pulumi/pulumi is not installed for ${folder}. Run \`npm install\` there.`,
    );
  }
}

function forEachLine(
  stream: Readable | null,
  handle: (line: string) => void,
): void {
  if (stream !== null) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", handle);
  }
}
