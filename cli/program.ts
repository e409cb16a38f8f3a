import { Command, CommanderError } from "commander";
import { addAdoptCommand } from "./adopt";
import { addBatchCommand } from "./batch";
import { formatDate } from "../pki/validity";
import type { Unreadable } from "./files";
import { inspectPaths, inspectedText } from "./inspect";
import type { Options } from "./options";
import { addRotationCommand } from "./rotation";
import { UsageError, readMeasure, readStacks } from "./options";
import { addProbeCommand } from "./probe";
import { verifyPaths } from "./verify";
import {
  ExitCode,
  Narrator,
  Tally,
  judgementJson,
  summaryLine,
} from "./verifyReport";

/** What a command sees of the world. */
export interface Surroundings {
  readonly now: Date;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Milliseconds, to know when a run takes long. */
  readonly clock: () => number;
}

/** With more files than this, only those are named about which there is something to say. */
const MANY = 40;

/** Runs one command line; answers the exit code. */
export async function main(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let exitCode: number = ExitCode.Fine;
  const program = commands(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return ExitCode.Fine;
    }
    if (error instanceof CommanderError || error instanceof UsageError) {
      surroundings.error(`error: ${error.message.replace(/^error: /, "")}\n`);
      return ExitCode.Unreadable;
    }
    throw error;
  }
}

function commands(
  surroundings: Surroundings,
  end: (code: number) => void,
): Command {
  const root = new Command("mqtt-pki").exitOverride().configureOutput({
    writeOut: surroundings.out,
    // A refusal is written once, by `main`.
    writeErr: () => undefined,
  });
  common(root.command("verify"))
    .description(
      "Says of certificates, chains, keys and rendered objects whether programs take them, and why not.",
    )
    .option("--trust <file>", "PEM file of the roots that clients trust")
    .option(
      "--host <name>",
      "a name under which clients ask for the server (may be given again)",
      collect,
    )
    .option(
      "--for <program>",
      "only refusals by this program count, such as ThingsBoard (may be given again)",
      collect,
    )
    .action(async (paths: string[], options: Options) => {
      end(await verify(paths, options, surroundings));
    });
  common(root.command("inspect"))
    .description("Prints what stands in certificates, requests and keys.")
    .action((paths: string[], options: Options) => {
      end(inspect(paths, options, surroundings));
    });
  addAdoptCommand(root, surroundings, end);
  addRotationCommand(root, surroundings, end);
  addProbeCommand(root, surroundings, end);
  addBatchCommand(root, surroundings, end);
  return root;
}

function common(command: Command): Command {
  return command
    .argument(
      "<path...>",
      "files (PEM, DER, Kubernetes YAML) and folders of them",
    )
    .option("--at <date>", "look at another day: 2027-06-30")
    .option(
      "--password-file <file>",
      "file with the password of encrypted keys",
    )
    .option("--json", "print a JSON document");
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function verify(
  paths: readonly string[],
  options: Options,
  { now, out, error, clock }: Surroundings,
): Promise<number> {
  const measure = readMeasure(options, now);
  const tally = new Tally(readStacks(options.for));
  const narrator = new Narrator(tally, measure.now);
  const json = options.json === true;
  let first = true;
  let brief = false;
  if (json) {
    out(
      `{"schema":"mqtt-pki/verify/1","at":${JSON.stringify(formatDate(measure.now))},"files":[`,
    );
  }
  const unreadable = await verifyPaths(
    paths,
    measure,
    (judgement) => {
      tally.add(judgement);
      if (json) {
        const text = JSON.stringify(
          judgementJson(judgement, tally, measure.now),
        );
        out(`${first ? "" : ","}\n${text}`);
        first = false;
      } else {
        out(narrator.text(judgement, brief));
      }
    },
    progressLine(error, clock, (total) => {
      brief = total > MANY;
    }),
  );
  tally.addUnreadable(unreadable);
  reportUnreadable(unreadable, error);
  if (json) {
    out(
      `],\n"unreadable":${JSON.stringify(unreadable)},"summary":${JSON.stringify(tally.summary)},"exitCode":${tally.exitCode}}\n`,
    );
  } else {
    out(summaryLine(tally.summary));
  }
  return tally.exitCode;
}

/** Says on standard error how far a long run is, every two seconds. */
function progressLine(
  error: (text: string) => void,
  clock: () => number,
  knowTotal: (total: number) => void,
): (done: number, total: number) => void {
  let last = clock();
  return (done, total) => {
    knowTotal(total);
    if (clock() - last > 2000) {
      last = clock();
      error(`${done} of ${total} folders…\n`);
    }
  };
}

function reportUnreadable(
  unreadable: readonly Unreadable[],
  error: (text: string) => void,
): void {
  for (const { name, message } of unreadable) {
    error(`error: ${name} ${message}\n`);
  }
}

function inspect(
  paths: readonly string[],
  options: Options,
  { now, out, error }: Surroundings,
): number {
  const files: unknown[] = [];
  const unreadable = inspectPaths(
    paths,
    readMeasure(options, now),
    (inspected) => {
      files.push(inspected.name);
      if (options.json === true) {
        files[files.length - 1] = inspected;
      } else {
        out(`${inspectedText(inspected)}\n`);
      }
    },
  );
  if (options.json === true) {
    out(
      `${JSON.stringify({ schema: "mqtt-pki/inspect/1", files, unreadable }, undefined, 2)}\n`,
    );
  }
  reportUnreadable(unreadable, error);
  if (files.length === 0 && unreadable.length === 0) {
    error("error: there is no certificate, request or key at these paths.\n");
  }
  return unreadable.length > 0 || files.length === 0
    ? ExitCode.Unreadable
    : ExitCode.Fine;
}
