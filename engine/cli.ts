import { Command, CommanderError } from "commander";

import type { Surroundings } from "./commands/common";
import { addConfigCommands } from "./commands/config";
import { addStackCommands } from "./commands/stack";
import { addUpdateCommands } from "./commands/update";
import { EngineError, messageOf, outOfScope } from "./errors";

export type { Surroundings } from "./commands/common";

/** Runs one command line and returns the exit code. */
export async function main(
  args: string[],
  surroundings: Surroundings,
): Promise<number> {
  try {
    await program(surroundings).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return 0;
    }
    const cause =
      error instanceof CommanderError ? refusal(error, args) : error;
    surroundings.error(`error: ${messageOf(cause)}
`);
    return 1;
  }
}

function program(surroundings: Surroundings): Command {
  const root = new Command("engine")
    .description(
      "Runs this repository's Pulumi programs without the Pulumi CLI, on the same state.",
    )
    .exitOverride()
    .configureOutput({
      writeOut: surroundings.out,
      // A refusal is written once, by `main`.
      writeErr: () => undefined,
    });
  addUpdateCommands(root, surroundings);
  addStackCommands(root, surroundings);
  addConfigCommands(root, surroundings);
  return root;
}

/** Turns what commander does not know into a refusal by name, since most of it is something Pulumi knows. */
function refusal(error: CommanderError, args: string[]): Error {
  switch (error.code) {
    case "commander.unknownCommand":
    case "commander.help":
      return outOfScope(
        `The command \`${args.filter((arg) => !arg.startsWith("-")).join(" ")}\``,
      );
    case "commander.unknownOption":
      // What is no plain name may be a value, such as a key in PEM, and that is nobody else's business.
      return outOfScope(
        `The option ${/'(--?[a-z][a-z-]*)'/.exec(error.message)?.[1] ?? "that was given"}`,
      );
    case "commander.excessArguments":
      return outOfScope(
        `More arguments than \`${args.slice(0, 2).join(" ")}\` has places for`,
      );
    default:
      return new EngineError(error.message.replace(/^error: /, ""));
  }
}
