// `rotation status` and `rotation next`: the stack's state as `stack export` writes it, whichever engine keeps it, and
// then the command that reads it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTypeScript } from "./setup.mjs";

const COMMANDS = ["status", "next"];

/** Runs `rotation …`; answers the exit code. */
export async function runRotation(args) {
  const asksForHelp = args.some((word) => ["--help", "-h"].includes(word));
  const hasState = args.some((word) => /^--state(=|$)/.test(word));
  if (!COMMANDS.includes(args[0]) || asksForHelp || hasState) {
    return runTypeScript("cli/main.ts", ["rotation", ...args]);
  }
  // An export may hold secrets, encrypted ones: this folder is for this user only.
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-rotation-"));
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
      ? await runTypeScript("cli/main.ts", [
          "rotation",
          ...args,
          "--state",
          file,
        ])
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
