import { readFileSync } from "node:fs";
import type {
  CombinedResult,
  FoundResult,
} from "../../pki/batch/issuance/shardResult";
import {
  combineShards,
  parseShardResult,
} from "../../pki/batch/issuance/shardResult";
import { readJobResults } from "../../provider/jobResults";
import { reason } from "../files";
import { UsageError } from "../options";
import { number } from "./report";

/** The options of `batch collect`, as the command line gives them. */
export interface CollectOptions {
  readonly job?: string;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly json?: boolean;
}

/**
 * Puts the results of all shards together, from files or from the pods of a
 * Job.
 *
 * @throws UsageError for wrong options; InputError where the shards do not go together
 */
export async function collectShards(
  files: readonly string[],
  options: CollectOptions,
): Promise<CombinedResult> {
  const { job, namespace, kubeconfig, context } = options;
  if (job === undefined) {
    const [option] = (["namespace", "kubeconfig", "context"] as const).filter(
      (name) => options[name] !== undefined,
    );
    if (option !== undefined || files.length === 0) {
      throw new UsageError(
        `${option === undefined ? "no result is named" : `--${option} goes with --job`}; write --job NAME -n NAMESPACE, or the files that "batch issue --result" wrote.`,
      );
    }
    return combineShards(files.map(readResult));
  }
  if (files.length > 0) {
    throw new UsageError("--job and files exclude each other; keep one.");
  }
  if (namespace === undefined) {
    throw new UsageError(
      "--job needs the namespace it is in; write -n NAMESPACE.",
    );
  }
  return combineShards(
    await readJobResults({
      job,
      namespace,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    }),
  );
}

function readResult(path: string): FoundResult {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`the result ${path} ${reason(error)}`);
  }
  return { place: path, result: parseShardResult(text, path) };
}

/** A result for people. */
export function collectedText(result: CombinedResult): string {
  const { of, count, issued, renewed, digest } = result;
  return [
    `${number(count)} devices in ${number(of)} shards; ${number(issued)} got a new key, ${number(renewed)} a new certificate for theirs.`,
    `issuer   ${result.issuer}`,
    `list     ${result.listSha256}`,
    `order    ${result.orderSha256}`,
    `expires  ${result.expiresFirst} to ${result.expiresLast}`,
    `due      ${result.renewsFirst}`,
    `digest   ${digest}`,
    "",
  ].join("\n");
}
