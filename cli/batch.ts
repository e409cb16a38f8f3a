import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { certificateBlocks } from "../pki/examine/reading";
import { InputError, quote } from "../pki/problem";
import { formatDate } from "../pki/validity";
import type { ExportOptions } from "./batch/export";
import { EXPORT_FORMATS, exportBatch, readCount } from "./batch/export";
import { batchText, deviceText, number, reportText } from "./batch/report";
import { showBatch, showDevice } from "./batch/show";
import type { BatchProgress } from "./batch/verify";
import { verifyBatch } from "./batch/verify";
import { addIssueCommands } from "./batchIssue";
import { reason } from "./files";
import { UsageError, readDate } from "./options";
import { ExitCode } from "./verifyReport";

/** What the commands see of the world. */
export interface BatchSurroundings {
  readonly now: Date;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Milliseconds, to know when a run takes long. */
  readonly clock: () => number;
}

interface VerifyOptions {
  readonly ca?: string;
  readonly sample: string;
  readonly seed?: string;
  readonly at?: string;
  readonly json?: boolean;
}

interface ShowOptions {
  readonly at?: string;
  readonly json?: boolean;
}

/** Adds `batch verify`, `batch show` and `batch export`, which read the output directory of a batch. */
export function addBatchCommand(
  root: Command,
  surroundings: BatchSurroundings,
  end: (code: number) => void,
): void {
  const batch = root
    .command("batch")
    .description("What stands in the output directory of a batch of devices.");
  batch
    .command("verify")
    .description(
      "Holds inventory, files, certificates and keys of a batch against each other and against the CA.",
    )
    .argument("<directory>", "output directory of the batch")
    .option("--ca <file>", "PEM file of CA certificates, the root among them")
    .option(
      "--sample <n>",
      "verify one in so many certificates in full, up to the root",
      "1000",
    )
    .option("--seed <text>", "pick the same ones as an earlier run")
    .option("--at <date>", "look at another day: 2027-06-30")
    .option("--json", "print a JSON document")
    .action(async (directory: string, options: VerifyOptions) => {
      end(
        await refusing(surroundings, () =>
          verify(directory, options, surroundings),
        ),
      );
    });
  batch
    .command("show")
    .description(
      "Prints how many devices there are, when their certificates end, and which files are there.",
    )
    .argument("<directory>", "output directory of the batch")
    .argument("[id]", "show what this device has and had")
    .option("--at <date>", "look at another day: 2027-06-30")
    .option("--json", "print a JSON document")
    .action(
      async (
        directory: string,
        id: string | undefined,
        options: ShowOptions,
      ) => {
        end(
          await refusing(surroundings, () =>
            show(directory, id, options, surroundings),
          ),
        );
      },
    );
  batch
    .command("export")
    .description("Writes the devices of a batch as platforms take them.")
    .argument("<directory>", "output directory of the batch")
    .requiredOption("--format <name>", `one of ${EXPORT_FORMATS.join(", ")}`)
    .option("--output <file>", "where to (default: standard output)")
    .option(
      "--status <status>",
      "active, removed or revoked (default: active; of csv, all)",
    )
    .option(
      "--generation <id>",
      "only certificates of this generation of the CA",
    )
    .option(
      "--type <name>",
      "type of the devices in Cumulocity, device profile in ThingsBoard",
    )
    .option("--path <groups>", "groups in Cumulocity, such as plant 7/hall 3")
    .option("--rows-per-file <n>", "go on in another file after so many rows")
    .option(
      "--bodies",
      "for ThingsBoard: whole bodies of requests in JSON, in the place of CSV",
    )
    .action(async (directory: string, options: ExportOptions) => {
      end(
        await refusing(surroundings, async () => {
          await exportBatch(directory, options, surroundings);
          return ExitCode.Fine;
        }),
      );
    });
  addIssueCommands(batch, surroundings, async (work) => {
    end(await refusing(surroundings, work));
  });
}

/** A damaged file of the batch ends a command with a sentence, and exit code 2. */
async function refusing(
  { error }: BatchSurroundings,
  work: () => number | Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (caught) {
    if (caught instanceof InputError) {
      error(`error: ${caught.message}\n`);
      return ExitCode.Unreadable;
    }
    const code =
      typeof caught === "object" && caught !== null && "code" in caught
        ? String(caught.code)
        : "";
    if (
      [
        "ENOENT",
        "EACCES",
        "EPERM",
        "EISDIR",
        "ENOTDIR",
        "ENOSPC",
        "EROFS",
      ].includes(code)
    ) {
      throw new UsageError(
        `a file could not be read or written: ${reason(caught)}`,
      );
    }
    throw caught;
  }
}

async function verify(
  directory: string,
  options: VerifyOptions,
  { now, out, error, clock }: BatchSurroundings,
): Promise<number> {
  const at = options.at === undefined ? now : readDate(options.at);
  const report = await verifyBatch(
    {
      directory,
      caPem: options.ca === undefined ? "" : readCa(options.ca),
      every: readCount("--sample", options.sample),
      ...(options.seed !== undefined && { seed: options.seed }),
      now: at,
    },
    progressLine(error, clock),
  );
  const exitCode = report.found > 0 ? ExitCode.Findings : ExitCode.Fine;
  out(
    options.json === true
      ? `${JSON.stringify({ schema: "mqtt-pki/batch-verify/1", at: formatDate(at), ...report, exitCode }, undefined, 2)}\n`
      : reportText(report),
  );
  return exitCode;
}

function readCa(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--ca ${path} ${reason(error)}`);
  }
  if (certificateBlocks(text).length === 0) {
    throw new UsageError(
      `--ca ${path} holds no certificate in PEM; name a file of CA certificates.`,
    );
  }
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** Says on standard error how far a long run is, every two seconds. */
function progressLine(
  error: (text: string) => void,
  clock: () => number,
): BatchProgress {
  const begin = clock();
  let last = begin;
  return (done, total) => {
    const now = clock();
    if (now - last < 2000) {
      return;
    }
    last = now;
    const rate = (done * 1000) / (now - begin);
    const left = Math.ceil((total - done) / rate);
    error(
      `${number(done)} of ${number(total)} certificates, ${number(Math.round(rate))} a second, ${number(Math.max(left, 0))} s left…\n`,
    );
  };
}

function show(
  directory: string,
  id: string | undefined,
  options: ShowOptions,
  { now, out, error }: BatchSurroundings,
): number {
  const json = options.json === true;
  if (id === undefined) {
    const at = options.at === undefined ? now : readDate(options.at);
    const batch = showBatch(directory, at);
    out(json ? `${JSON.stringify(batch, undefined, 2)}\n` : batchText(batch));
    return ExitCode.Fine;
  }
  const device = showDevice(directory, id);
  if (device === undefined) {
    error(`error: ${quote(id)} is no device of this batch, and never was.\n`);
    return ExitCode.Findings;
  }
  out(json ? `${JSON.stringify(device, undefined, 2)}\n` : deviceText(device));
  return ExitCode.Fine;
}
