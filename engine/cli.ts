import { createInterface } from "node:readline/promises";

import { Command, CommanderError } from "commander";

import { stackOutputs } from "./deploy/deployment";
import { EngineError, messageOf, outOfScope } from "./errors";
import { Run } from "./run";
import type { Display } from "./show/events";
import { JsonReport, jsonOutputs } from "./show/jsonReport";
import { Screen } from "./show/screen";
import { outputTable } from "./show/text";
import { writeFileAtomic } from "./stack/atomic";
import { encodeDeployment } from "./stack/backend";
import { OpenStack } from "./stack/openStack";

/** The streams and settings a command runs with. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  error: (text: string) => void;
  /** Whether a person sits at the other end and can be asked. */
  terminal: boolean;
}

interface StackFlags {
  stack?: string;
  cwd?: string;
  configFile?: string;
  nonInteractive?: boolean;
}

interface UpdateFlags extends StackFlags {
  yes?: boolean;
  skipPreview?: boolean;
  diff?: boolean;
  json?: boolean;
  expectNoChanges?: boolean;
  showSecrets?: boolean;
}

interface OutputFlags extends StackFlags {
  json?: boolean;
  showSecrets?: boolean;
  file?: string;
}

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
  const updates: ["up" | "preview" | "destroy", string][] = [
    ["up", "Create or update the resources of a stack"],
    ["preview", "Show what an update would change"],
    ["destroy", "Delete all resources of a stack"],
  ];
  for (const [kind, description] of updates) {
    const command = stackFlags(root.command(kind).description(description))
      .option("--diff", "show what changes in each resource")
      .option("--json", "write one JSON document and nothing else")
      .option("--expect-no-changes", "fail if anything would change")
      .option("--show-secrets", "show secrets in the open");
    if (kind !== "preview") {
      command
        .option("-y, --yes", "do not ask after the preview")
        .option("-f, --skip-preview", "update without a preview");
    }
    command.action(async (flags: UpdateFlags) => {
      await update(kind, flags, surroundings);
    });
  }
  const stack = root
    .command("stack")
    .description("Look at a stack")
    .exitOverride();
  stackFlags(
    stack
      .command("output [name]")
      .description("Show the outputs of a stack, or one of them"),
  )
    .option("--json", "write JSON")
    .option("--show-secrets", "show secrets in the open")
    .action(async (name: string | undefined, flags: OutputFlags) => {
      await showOutputs(name, flags, surroundings);
    });
  stackFlags(
    stack
      .command("export")
      .description("Write the state of a stack, secrets encrypted"),
  )
    .option("--show-secrets", "write secrets in the open")
    .option("--file <path>", "write to a file")
    .action(async (flags: OutputFlags) => {
      await exportState(flags, surroundings);
    });
  return root;
}

function stackFlags(command: Command): Command {
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

async function open(
  flags: StackFlags,
  surroundings: Surroundings,
): Promise<OpenStack> {
  if (flags.cwd !== undefined) {
    try {
      process.chdir(flags.cwd);
    } catch {
      throw new EngineError(`The folder ${flags.cwd} does not exist.`);
    }
  }
  return OpenStack.open(
    { stack: flags.stack, configFile: flags.configFile },
    surroundings.environment,
  );
}

async function update(
  kind: "up" | "preview" | "destroy",
  flags: UpdateFlags,
  surroundings: Surroundings,
) {
  const interactive =
    surroundings.terminal &&
    flags.nonInteractive !== true &&
    flags.json !== true;
  if (kind !== "preview" && flags.yes !== true && !interactive) {
    throw new EngineError(
      `Without a terminal to ask at, \`${kind}\` needs --yes. To look only, use \`preview\`.`,
    );
  }
  const stack = await open(flags, surroundings);
  if (kind === "destroy") {
    await stack.requireState();
  }
  const showSecrets = flags.showSecrets === true;
  const report =
    flags.json === true
      ? new JsonReport(showSecrets, surroundings.error)
      : undefined;
  const display: Display =
    report ??
    new Screen({
      stack: stack.name,
      terminal: interactive,
      color: interactive && surroundings.environment.NO_COLOR === undefined,
      diff: flags.diff === true,
      showSecrets,
      write: surroundings.out,
    });
  const run = new Run(
    stack,
    kind,
    {
      skipPreview: flags.skipPreview === true,
      expectNoChanges: flags.expectNoChanges === true,
      confirm: () => (flags.yes === true ? Promise.resolve(true) : ask(kind)),
    },
    display,
    surroundings.environment,
  );
  try {
    await run.execute();
  } catch (error) {
    report?.failed(messageOf(error));
    throw error;
  } finally {
    if (report !== undefined) {
      surroundings.out(`${report.document()}\n`);
    }
  }
}

async function ask(kind: string): Promise<boolean> {
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
  });
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
  };
  // Ctrl-C and the end of input are answers too.
  reader.once("SIGINT", leave).once("close", leave);
  try {
    const what = kind === "up" ? "update" : kind;
    const answer = await reader.question(
      `Do you want to perform this ${what}? (yes/no) `,
      { signal: gone.signal },
    );
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    process.stdout.write("\n");
    return false;
  } finally {
    reader.close();
  }
}

async function showOutputs(
  name: string | undefined,
  flags: OutputFlags,
  surroundings: Surroundings,
): Promise<void> {
  const stack = await open(flags, surroundings);
  await stack.requireState();
  const outputs = stackOutputs(await stack.snapshot) ?? {};
  const showSecrets = flags.showSecrets === true;
  if (name === undefined) {
    if (flags.json === true) {
      surroundings.out(
        `${JSON.stringify(jsonOutputs(outputs, showSecrets), undefined, 2)}\n`,
      );
      return;
    }
    const lines = [
      `Current stack outputs (${Object.keys(outputs).length}):`,
      ...outputTable(outputs, showSecrets),
    ];
    surroundings.out(`${lines.join("\n")}\n`);
    return;
  }
  const value = outputs[name];
  if (value === undefined) {
    const known = Object.keys(outputs).sort().join(", ") || "none";
    throw new EngineError(
      `The stack "${stack.name}" has no output "${name}". It has: ${known}.`,
    );
  }
  const shown = jsonOutputs({ value }, showSecrets).value ?? null;
  surroundings.out(
    flags.json !== true && typeof shown === "string"
      ? `${shown}\n`
      : `${JSON.stringify(shown, undefined, 2)}\n`,
  );
}

async function exportState(
  flags: OutputFlags,
  surroundings: Surroundings,
): Promise<void> {
  const stack = await open(flags, surroundings);
  const stored = await stack.requireState();
  const deployment =
    flags.showSecrets === true
      ? encodeDeployment(
          await stack.snapshot,
          await stack.crypter,
          stack.metadata,
          "plaintext",
        )
      : stored.deployment;
  const text = `${JSON.stringify({ version: 3, deployment }, undefined, 4)}\n`;
  if (flags.file === undefined) {
    surroundings.out(text);
  } else {
    await writeFileAtomic(flags.file, text);
  }
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
      return outOfScope(
        `The option ${/'([^']*)'/.exec(error.message)?.[1] ?? ""}`,
      );
    case "commander.excessArguments":
      return outOfScope(
        `More arguments than \`${args.join(" ")}\` has places for`,
      );
    default:
      return new EngineError(error.message.replace(/^error: /, ""));
  }
}
