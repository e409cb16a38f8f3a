// A stack command in the folder one stands in. Unlike bin/run.mjs it does not look whether the packages are there:
// whoever plays has them.
import { runStackCommand } from "../../bin/stack.mjs";

const [command, ...args] = process.argv.slice(2);
try {
  process.exitCode = await runStackCommand(command, args, 0);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
