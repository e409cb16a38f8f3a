import { readFileSync } from "node:fs";
import { Stack } from "../pki/examine/finding";
import { certificateBlocks } from "../pki/examine/reading";
import { quote } from "../pki/problem";
import { reason } from "./files";
import type { Measure } from "./judging";

/** A mistake on the command line: exit code 2, and a sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options as the command line gives them. */
export interface Options {
  readonly trust?: string;
  readonly host?: readonly string[];
  readonly at?: string;
  readonly passwordFile?: string;
  readonly for?: readonly string[];
  readonly json?: boolean;
}

/**
 * Reads what the options name.
 *
 * @throws UsageError naming the option
 */
export function readMeasure(options: Options, now: Date): Measure {
  return {
    now: options.at === undefined ? now : readDate(options.at),
    hostNames: options.host ?? [],
    ...(options.trust !== undefined && {
      trustAnchorsPem: readTrust(options.trust),
    }),
    ...(options.passwordFile !== undefined && {
      // The line break that editors put at the end is no part of it.
      password: readText("--password-file", options.passwordFile).replace(
        /\r?\n$/,
        "",
      ),
    }),
  };
}

/**
 * Reads the day that `--at` names.
 *
 * @throws UsageError where it is none
 */
export function readDate(text: string): Date {
  const date = new Date(
    /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text,
  );
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) || Number.isNaN(+date)) {
    throw new UsageError(
      `--at ${quote(text)} is no date; write 2027-06-30 or 2027-06-30T12:00:00Z.`,
    );
  }
  return date;
}

function readTrust(path: string): string {
  const text = readText("--trust", path);
  if (certificateBlocks(text).length === 0) {
    throw new UsageError(
      `--trust ${path} holds no certificate in PEM; name a file of roots.`,
    );
  }
  return text;
}

function readText(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${option} ${path} ${reason(error)}`);
  }
}

/**
 * The programs whose refusal counts, `undefined` for all.
 *
 * @throws UsageError where one is unknown
 */
export function readStacks(
  names: readonly string[] | undefined,
): readonly string[] | undefined {
  const known = Object.values(Stack) as string[];
  return names?.map((name) => {
    const found = known.find(
      (stack) => stack.toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined) {
      throw new UsageError(
        `--for ${quote(name)} is no known program; write one of ${known.join(", ")}.`,
      );
    }
    return found;
  });
}
