// `npm run play`: the rotations of examples/rotation, as pull requests to take one after another.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runTypeScript } from "./setup.mjs";

/** Runs the player; answers the exit code. */
export async function playRotation(args) {
  // Beside the demo's own state, and out of git's sight as that is.
  const state = join(ROOT, ".state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(join(state, ".gitignore"), "*\n");
  return runTypeScript("examples/rotation/play.ts", args);
}
