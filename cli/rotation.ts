import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { quote } from "../pki/problem";
import { GenerationState, isTrusted } from "../rotation/generation";
import { formatNextStep } from "../rotation/nextStep";
import { formatMoment } from "../rotation/refusal";
import { reason } from "./files";
import { UsageError, readDate } from "./options";
import type { Change, Naming } from "./rotation/change";
import {
  FIRST_GENERATION,
  isUnnamed,
  planChange,
  plannedStep,
} from "./rotation/change";
import type { ConfiguredAuthority } from "./rotation/configurationFile";
import { editConfiguration, findAuthority } from "./rotation/configurationFile";
import { generationsSnippet } from "./rotation/snippet";
import type { AuthorityState, StackState } from "./rotation/state";
import { liveAt } from "./rotation/state";
import { addStateOptions, readState } from "./rotation/stateOptions";
import type { StateOptions } from "./rotation/stateOptions";
import {
  isUrgent,
  leavesOf,
  stackStatus,
  statusJson,
  statusText,
} from "./rotation/status";
import { unifiedDiff } from "./rotation/unifiedDiff";
import { ExitCode } from "./verifyReport";

/** What the commands see of the world. */
export interface RotationSurroundings {
  readonly now: Date;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

interface StatusOptions extends StateOptions {
  readonly at?: string;
  readonly json?: boolean;
}

interface NextOptions extends StateOptions, Naming {
  readonly file?: string;
  readonly key?: string;
  readonly write?: boolean;
  readonly force?: boolean;
}

const DAY = 86_400_000;

/** Adds `rotation status` and `rotation next`, which say and write what a rotation's next pull request is. */
export function addRotationCommand(
  root: Command,
  surroundings: RotationSurroundings,
  end: (code: number) => void,
): void {
  const rotation = root
    .command("rotation")
    .description("Where the CAs of a stack stand, and what comes next.");
  addStateOptions(rotation.command("status"))
    .description(
      "Prints of every CA its generations, what is live below them, and the next step with its earliest date.",
    )
    .option("--at <date>", "look at another day: 2027-06-30")
    .option("--json", "print a JSON document")
    .action((options: StatusOptions) => {
      end(status(options, surroundings));
    });
  addStateOptions(rotation.command("next"))
    .description(
      "Prints a CA's next step as a diff of the stack's configuration, for review.",
    )
    .argument("<ca>", "name of the CA, such as server-root")
    .option("--id <id>", "id of a generation that is staged, such as 2027a")
    .option(
      "--name <id>",
      "id for the present generation, where the code has named none yet",
    )
    .option(
      "--common-name <text>",
      "common name of a generation that is staged",
    )
    .option("--file <path>", "the configuration (default: Pulumi.<stack>.yaml)")
    .option("--key <key>", "the CA's key in it, where that is not its name")
    .option("--write", "write the change into the file")
    .option("--force", "also a step whose date has not come")
    .action((name: string, options: NextOptions) => {
      end(next(name, options, surroundings));
    });
}

function status(
  options: StatusOptions,
  { now, out }: RotationSurroundings,
): number {
  const at = options.at === undefined ? now : readDate(options.at);
  const statuses = stackStatus(readState(options), at);
  const exitCode = statuses.some(isUrgent) ? ExitCode.Findings : ExitCode.Fine;
  out(
    options.json === true
      ? `${JSON.stringify({ stack: options.stack, ...statusJson(statuses, at), exitCode }, undefined, 2)}\n`
      : statusText(statuses, at),
  );
  return exitCode;
}

function next(
  name: string,
  options: NextOptions,
  { now, out, error }: RotationSurroundings,
): number {
  const state = readState(options);
  const authority = pick(state, name);
  const file = options.file ?? `Pulumi.${options.stack}.yaml`;
  const text = readConfiguration(file, options);
  const entry =
    text === undefined
      ? undefined
      : findAuthority(file, text, state.project, name, options.key);
  const { evidence } = authority;
  const ids = Object.keys(evidence.generations);
  const named =
    entry === undefined ? !isUnnamed(evidence) : entry.states !== undefined;
  if (options.name !== undefined && named) {
    throw new UsageError(
      `--name is for a CA whose code has named no generation yet; ${name} has ${ids.join(", ")}.`,
    );
  }
  const pending = entry && pendingChange(authority, entry);
  if (pending !== undefined) {
    error(
      `error: ${file} says ${pending} of ${name}, and the last update left ${standing(authority)}. One update takes one step (I2): bring this one out first, or take it back.\n`,
    );
    return ExitCode.Findings;
  }
  const step = plannedStep(
    evidence,
    leavesOf(liveAt(state, now)),
    soakOf(authority, entry),
    now,
  );
  out(`${name}: ${step.stands}\nnext: ${formatNextStep(step)}\n`);
  if (step.from !== undefined && options.force !== true) {
    error(
      `error: it is too early for this step, and an update would refuse it before ${formatMoment(step.from.getTime())}. To see the change now, add --force.\n`,
    );
    return ExitCode.Findings;
  }
  const change = planChange(
    authority,
    step,
    named,
    options,
    now,
    entry?.subject,
  );
  const edited =
    text === undefined || entry === undefined
      ? undefined
      : editConfiguration(text, entry.key, change);
  if (text === undefined || edited === undefined) {
    const where =
      entry === undefined
        ? `${file} does not have ${name}, so put this into the program, into its arguments:`
        : `${file} has ${entry.key} in a form that cannot be changed without touching more; put this into it by hand (shown as TypeScript):`;
    out(`\n${where}\n\n${generationsSnippet(evidence, change, named)}`);
    return nothingToWrite(options, error);
  }
  out(`\n${unifiedDiff(file, text, edited)}`);
  if (options.write === true) {
    writeFileSync(file, edited);
    out(`\nWrote ${file}. \`npx mqtt-pki preview\` shows what it changes.\n`);
  } else {
    out("\nNothing is written yet; --write does it.\n");
  }
  return ExitCode.Fine;
}

function nothingToWrite(
  { write }: NextOptions,
  error: (text: string) => void,
): number {
  if (write !== true) {
    return ExitCode.Fine;
  }
  error("error: nothing was written.\n");
  return ExitCode.Findings;
}

function pick({ authorities }: StackState, name: string): AuthorityState {
  const [found, other] = authorities.filter((one) => one.name === name);
  if (found === undefined || other !== undefined) {
    throw new UsageError(
      found === undefined
        ? `${quote(name)} is no CA of this stack; it has ${authorities.map((one) => one.name).join(", ")}.`
        : `the stack has two CAs called ${quote(name)}; give one another name.`,
    );
  }
  return found;
}

/** A file that the user names must be there; the stack's own need not hold any CA. */
function readConfiguration(
  file: string,
  options: NextOptions,
): string | undefined {
  if (options.file === undefined && !existsSync(file)) {
    return undefined;
  }
  try {
    return readFileSync(file, "utf8");
  } catch (problem) {
    throw new UsageError(`--file ${file} ${reason(problem)}`);
  }
}

/** What the configuration says beyond the last update, where it does; retired ones and those that are gone are the same. */
function pendingChange(
  authority: AuthorityState,
  {
    states = { [FIRST_GENERATION]: GenerationState.Active },
  }: ConfiguredAuthority,
): string | undefined {
  const configured = formatStates(states);
  return configured === standing(authority) ? undefined : configured;
}

function standing({ evidence: { generations } }: AuthorityState): string {
  return formatStates(
    Object.fromEntries(
      Object.entries(generations).map(([id, { state }]) => [id, state]),
    ),
  );
}

function formatStates(states: Change["states"]): string {
  return Object.keys(states)
    .filter((id) => isTrusted(states[id]))
    .sort()
    .map((id) => `${id} ${String(states[id])}`)
    .join(", ");
}

/** The configuration may confirm the bundle or name other days in this very pull request. */
function soakOf(
  { evidence, minimumTrustSoak }: AuthorityState,
  entry: ConfiguredAuthority | undefined,
): number {
  const days = entry?.minimumTrustSoakDays;
  return entry?.confirmedBundle === evidence.bundleSha256
    ? 0
    : days === undefined
      ? minimumTrustSoak
      : days * DAY;
}
