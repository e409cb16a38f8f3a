import { readFileSync, statSync } from "node:fs";
import type { Shard } from "../../pki/batch/shard";
import { quote } from "../../pki/problem";
import { reason } from "../files";
import { UsageError } from "../options";

/** Environment variables that stand in for options, for containers. */
export const Variable = {
  /** Which shard, from 0; Kubernetes sets it in the pods of an Indexed Job. */
  Index: "JOB_COMPLETION_INDEX",
  /** How many shards there are. */
  Shards: "MQTT_PKI_SHARDS",
  /** Path of the file with the CA's private key. */
  SignerKey: "MQTT_PKI_SIGNER_KEY_FILE",
} as const;

/** What a process is told by its environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const MOST_SHARDS = 100_000;
/** A file of one key is far smaller. */
const MAXIMUM_KEY_FILE = 64 * 1024;
const OTHERS = 0o007;
const GROUP_WRITES = 0o020;

/**
 * Which shard is meant: `--shard 3/16`, or the pod's index of how many
 * `MQTT_PKI_SHARDS` says.
 *
 * @throws UsageError
 */
export function readShard(
  option: string | undefined,
  environment: Environment,
): Shard {
  if (option !== undefined) {
    const match = /^(\d{1,6})\/(\d{1,6})$/.exec(option);
    if (match === null) {
      throw new UsageError(
        `--shard ${quote(option)} is no shard; write its index, from 0, and how many there are: 3/16.`,
      );
    }
    return inRange("--shard", Number(match[1]), Number(match[2]));
  }
  const index = environment[Variable.Index] ?? "";
  const of = environment[Variable.Shards] ?? "";
  if (index === "" && of === "") {
    throw new UsageError(
      `no shard is named; write --shard 3/16, or 0/1 for the whole batch. In the pods of an Indexed Job, ${Variable.Index} is there and ${Variable.Shards} says how many there are.`,
    );
  }
  const other = index === "" ? Variable.Index : Variable.Shards;
  if (index === "" || of === "") {
    throw new UsageError(
      `${other} is not set, and ${index === "" ? Variable.Shards : Variable.Index} is; ${index === "" ? "let the Job have completionMode: Indexed" : "set it to the Job's completions"}, or write --shard 3/16.`,
    );
  }
  for (const [name, text] of [
    [Variable.Index, index],
    [Variable.Shards, of],
  ] as const) {
    if (!/^\d{1,6}$/.test(text)) {
      throw new UsageError(`${name} is ${quote(text)}, and not a number.`);
    }
  }
  return inRange(
    `${Variable.Index} and ${Variable.Shards}`,
    Number(index),
    Number(of),
  );
}

function inRange(place: string, index: number, of: number): Shard {
  if (of < 1 || of > MOST_SHARDS) {
    throw new UsageError(
      `${place}: there cannot be ${of} shards; write 1 to ${MOST_SHARDS}.`,
    );
  }
  if (index >= of) {
    throw new UsageError(
      `${place}: there is no shard ${index} of ${of}; they count from 0 to ${of - 1}.`,
    );
  }
  return { index, of };
}

/**
 * The CA's private key, from the file that option or environment name.
 *
 * @returns PEM
 * @throws UsageError where there is none, or others may read it
 */
export function readSignerKey(
  option: string | undefined,
  environment: Environment,
): string {
  const path = option ?? environment[Variable.SignerKey] ?? "";
  const place = option === undefined ? Variable.SignerKey : "--signer-key";
  if (path === "") {
    throw new UsageError(
      `the CA's key is not named; write --signer-key FILE, or set ${Variable.SignerKey} to the file's path.`,
    );
  }
  if (path.includes("PRIVATE KEY")) {
    // Other processes may read arguments and environment: the key has to be taken for known.
    throw new UsageError(
      `${place} wants the path of a file and was given a key itself, which other programs of this machine may have seen by now; write it to a file (chmod 600) and name that.`,
    );
  }
  return readSecretFile(place, path);
}

/**
 * A password, from the file that an option names, without the line break at
 * its end.
 *
 * @throws UsageError
 */
export function readPassword(option: string, path: string): string {
  return readSecretFile(option, path).replace(/\r?\n$/, "");
}

function readSecretFile(place: string, path: string): string {
  try {
    const { mode, size } = statSync(path);
    if (size > MAXIMUM_KEY_FILE) {
      throw new UsageError(
        `${place} ${path} is larger than any key; name the file of one.`,
      );
    }
    // A mounted Secret of Kubernetes is the group's to read where fsGroup is set, and nobody's to write.
    if (
      process.platform !== "win32" &&
      (mode & (OTHERS | GROUP_WRITES)) !== 0
    ) {
      throw new UsageError(
        `${place} ${path} has the mode ${(mode & 0o777).toString(8)}, by which others than its owner and group reach it; take that from them with chmod 600, or set defaultMode: 0400 where it is a mounted Secret.`,
      );
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    throw new UsageError(`${place} ${path} ${reason(error)}`);
  }
}
