import type { Command } from "commander";
import { formatShardResult } from "../pki/batch/issuance/shardResult";
import { InputError } from "../pki/problem";
import type { CollectOptions } from "./batch/collect";
import { collectShards, collectedText } from "./batch/collect";
import { Variable } from "./batch/issueOptions";
import type { IssueOptions } from "./batch/issueShard";
import { issueShard } from "./batch/issueShard";
import type { BatchSurroundings } from "./batch";
import { UsageError } from "./options";
import { ExitCode } from "./verifyReport";

/** Adds `batch issue` and `batch collect`: a batch on several machines. */
export function addIssueCommands(
  batch: Command,
  surroundings: BatchSurroundings,
  run: (work: () => Promise<number>) => Promise<void>,
): void {
  batch
    .command("issue")
    .description(
      "Issues one shard of a batch into a folder, on any machine: no stack, no cluster.",
    )
    .argument("<order>", "ORDER.json, as the stack wrote it")
    .requiredOption("--output <dir>", "folder of this shard, and of no other")
    .option(
      "--shard <index/of>",
      `which part, from 0, of how many: 3/16 (default: ${Variable.Index} and ${Variable.Shards})`,
    )
    .option(
      "--signer-key <file>",
      `file with the CA's private key, mode 0600 (default: what ${Variable.SignerKey} names)`,
    )
    .option(
      "--keystore-password-file <file>",
      "make a PKCS#12 store for each device, with the password in this file",
    )
    .option(
      "--result <file>",
      "write the result there as well, such as /dev/termination-log",
    )
    .action((order: string, options: IssueOptions) =>
      run(() => issue(order, options, surroundings)),
    );
  batch
    .command("collect")
    .description(
      "Holds the results of all shards of a batch against each other and prints one digest.",
    )
    .argument("[results...]", "files that --result wrote; or --job")
    .option("--job <name>", "an Indexed Job whose pods issued the shards")
    .option("-n, --namespace <name>", "namespace of the Job")
    .option("--kubeconfig <file>", "default: as kubectl finds it")
    .option("--context <name>", "of the kubeconfig (default: the current one)")
    .option("--json", "print a JSON document")
    .action((files: string[], options: CollectOptions) =>
      run(async () => {
        const combined = await collectShards(files, options);
        surroundings.out(
          options.json === true
            ? `${JSON.stringify({ schema: "mqtt-pki/batch-collect/1", ...combined }, undefined, 2)}\n`
            : collectedText(combined),
        );
        return ExitCode.Fine;
      }),
    );
}

/** A mistake ends with {@link ExitCode.Unreadable}; all else is worth another attempt, and ends with 1. */
async function issue(
  order: string,
  options: IssueOptions,
  surroundings: BatchSurroundings,
): Promise<number> {
  try {
    const result = await issueShard(order, options, {
      ...surroundings,
      environment: process.env,
    });
    surroundings.out(formatShardResult(result));
    return ExitCode.Fine;
  } catch (error) {
    if (
      error instanceof InputError ||
      error instanceof UsageError ||
      LASTING.includes(codeOf(error))
    ) {
      throw error;
    }
    surroundings.error(
      `error: the shard is not issued to its end (${describe(error)}); what is stays, and the same command goes on.\n`,
    );
    return OTHER;
  }
}

const OTHER = 1;
/** What a file system answers as long as nobody does something about it. */
const LASTING = [
  "ENOENT",
  "EACCES",
  "EPERM",
  "EISDIR",
  "ENOTDIR",
  "ENOSPC",
  "EROFS",
];

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error
    ? String(error.code)
    : "";
}

/** An error's own text may quote what it read, and that may be a key; SQLite's does not. */
function describe(error: unknown): string {
  const code = codeOf(error);
  if (code === "ERR_SQLITE_ERROR" && error instanceof Error) {
    return error.message;
  }
  return code === "" ? "for an unknown reason" : code;
}
