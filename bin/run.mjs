// Every npm script starts here, on whatever Node (20 or later) the machine has. It installs what is missing, then runs
// the rest on the Node that came with it.
import { checkPlatform, ensureInstalled, run } from "./setup.mjs";

const [command = "help", ...args] = process.argv.slice(2);

const TASKS = {
  test: () =>
    run("jest/bin/jest.js", args.length > 0 ? args : ["--silent=false"]),
  lint: async () => {
    const codes = [
      await run("typescript/bin/tsc", ["--noEmit"]),
      await run("eslint/bin/eslint.js", ["."]),
      await run("prettier/bin/prettier.cjs", [
        "--check",
        "--log-level",
        "warn",
        ".",
      ]),
    ];
    return Math.max(...codes);
  },
  format: () =>
    run("prettier/bin/prettier.cjs", ["--write", "--log-level", "warn", "."]),
};

try {
  checkPlatform();
  const started = performance.now();
  ensureInstalled();
  if (command in TASKS) {
    process.exitCode = await TASKS[command]();
  } else {
    // Only now are the packages there that this one needs.
    const { runStackCommand } = await import("./stack.mjs");
    process.exitCode = await runStackCommand(
      command,
      args,
      performance.now() - started,
    );
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
