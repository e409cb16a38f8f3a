// `rotation status`, `rotation next` and `probe`: the stack's state as `stack export` writes it, whichever engine keeps
// it, and then the command that reads it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTypeScript } from "./setup.mjs";

/** Those that read a state, with the words that follow them; all others of `rotation` only say how they are used. */
const ROTATION_COMMANDS = ["status", "next"];

/** Runs `rotation …` or `probe …`; answers the exit code. */
export async function runStateCommand(command, args) {
  const asksForHelp = args.some((word) => ["--help", "-h"].includes(word));
  const hasState = args.some((word) => /^--state(=|$)/.test(word));
  const readsState =
    command !== "rotation" || ROTATION_COMMANDS.includes(args[0]);
  if (!readsState || asksForHelp || hasState) {
    return runTypeScript("cli/main.ts", [command, ...args]);
  }
  // An export may hold secrets, encrypted ones: this folder is for this user only.
  const folder = mkdtempSync(join(tmpdir(), `mqtt-pki-${command}-`));
  try {
    const file = join(folder, "state.json");
    const { runStackCommand } = await import("./stack.mjs");
    const code = await runStackCommand(
      "stack",
      ["export", "--file", file, ...stackOptions(args)],
      0,
    );
    // The engine has said why it could not.
    return code === 0
      ? await runTypeScript("cli/main.ts", [command, ...args, "--state", file])
      : 2;
  } catch (error) {
    console.error(`error: ${error.message}`);
    return 2;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those options that say which stack is meant. */
function stackOptions(args) {
  const found = [];
  for (const [index, word] of args.entries()) {
    if (/^(--stack|--engine)=/.test(word)) {
      found.push(word);
    } else if (["--stack", "-s", "--engine"].includes(word)) {
      found.push(...args.slice(index, index + 2));
    }
  }
  return found;
}
