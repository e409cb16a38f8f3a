import type { Command } from "commander";

import { EngineError } from "../errors";
import { OpenStack } from "../stack/openStack";

/** The streams and settings a command runs with. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  error: (text: string) => void;
  /** Everything on the standard input; asked for if a person sits there, and not shown while it is typed. */
  readInput: (question: string) => Promise<string>;
  /** Whether a person sits at the other end and can be asked. */
  terminal: boolean;
}

/** The options every command has. */
export interface StackFlags {
  stack?: string;
  cwd?: string;
  configFile?: string;
  nonInteractive?: boolean;
}

export function stackFlags(command: Command): Command {
  return command
    .exitOverride()
    .option("-s, --stack <name>", "the stack")
    .option("-C, --cwd <folder>", "the project's folder")
    .option("--config-file <file>", "the stack's configuration file")
    .option("--non-interactive", "never ask")
    .option(
      "--color <when>",
      "accepted for compatibility; colour depends on the terminal",
    );
}

/** Goes to the project's folder; what is said of files and folders afterwards counts from there. */
export function enterProject(flags: StackFlags): void {
  if (flags.cwd !== undefined) {
    try {
      process.chdir(flags.cwd);
    } catch {
      throw new EngineError(`The folder ${flags.cwd} does not exist.`);
    }
  }
}

/** Reads the stack a command is about. */
export async function openStack(
  flags: StackFlags,
  surroundings: Surroundings,
): Promise<OpenStack> {
  enterProject(flags);
  return OpenStack.open(
    { stack: flags.stack, configFile: flags.configFile },
    surroundings.environment,
  );
}
