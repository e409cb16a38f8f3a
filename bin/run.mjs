#!/usr/bin/env node
// Every npm script starts here, on whatever Node (20 or later) the machine has. It installs what is missing, then runs
// the rest on the Node that came with it.
import {
  checkPlatform,
  ensureInstalled,
  npm,
  run,
  runTypeScript,
} from "./setup.mjs";

const [command = "help", ...args] = process.argv.slice(2);

// What only a checkout can do.
const TASKS = {
  test: () => run("jest/bin/jest.js", args),
  conformance: () => run("jest/bin/jest.js", ["test/e2e/conformance", ...args]),
  interop: () =>
    run("jest/bin/jest.js", ["test/interop/(stacks|linters).test", ...args]),
  "rotation-proof": async () => {
    const { proveRotation } = await import("./rotationProof.mjs");
    return proveRotation(args);
  },
  cluster: async () => {
    const { proveCluster } = await import("./cluster.mjs");
    return proveCluster(args);
  },
  brokers: async () => {
    const { proveBrokers } = await import("./brokers.mjs");
    return proveBrokers(args);
  },
  play: async () => {
    const { playRotation } = await import("./play.mjs");
    return playRotation(args);
  },
  bench: () => runTypeScript("bench/main.ts", args),
  lint: async () =>
    (await run("typescript/bin/tsc", ["--noEmit"])) ||
    (await run("eslint/bin/eslint.js", ["."])) ||
    (await run("prettier/bin/prettier.cjs", [
      "--check",
      "--log-level",
      "warn",
      ".",
    ])),
  format: () =>
    run("prettier/bin/prettier.cjs", ["--write", "--log-level", "warn", "."]),
  build: () => run("typescript/bin/tsc", ["-p", "tsconfig.build.json"]),
  package: async () => (await TASKS.build()) || npm(["pack", ...args]),
};

// What reads files, needs no stack, and works in whatever folder one stands.
const FILE_COMMANDS = ["verify", "inspect", "adopt", "batch"];

// What reads the state of a stack and changes nothing.
const STATE_COMMANDS = ["rotation", "probe"];

try {
  checkPlatform();
  const started = performance.now();
  ensureInstalled();
  if (Object.hasOwn(TASKS, command)) {
    process.exitCode = await TASKS[command]();
  } else if (FILE_COMMANDS.includes(command)) {
    process.exitCode = await runTypeScript("cli/main.ts", [command, ...args]);
  } else if (STATE_COMMANDS.includes(command)) {
    const { runStateCommand } = await import("./stateCommands.mjs");
    process.exitCode = await runStateCommand(command, args);
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
