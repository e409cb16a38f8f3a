import { existsSync } from "node:fs";
import { join } from "node:path";
import { ProblemList, readDeviceList } from "../pki/batch/manifest";
import { compileTemplates } from "../pki/batch/nameTemplates";
import { InputError } from "../pki/problem";
import { hasInventory } from "./bundleInventory";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { profileOf, sourceOf } from "./deviceBatchInputs";
import { OutputFormat } from "./largeBatchInputs";
import { INVENTORY_FILE } from "./outputDirectory";

/** A batch of more devices is written as bundles where its program names no format. */
export const MOST_FILES = 10_000;

/**
 * How a batch is written: as its program says, else as it was begun, else by
 * the number of its devices.
 *
 * @param before what the last update recorded
 * @throws InputError where a batch that was begun is to change its format
 */
export async function formatOf(
  inputs: DeviceBatchInputs,
  before: unknown,
): Promise<string> {
  const begun = begunFormat(inputs.outputDirectory, before);
  if (
    inputs.format !== undefined &&
    begun !== undefined &&
    inputs.format !== begun
  ) {
    throw new InputError([
      {
        path: "output.format",
        message: `"${inputs.format}" cannot follow on "${begun}", as this batch was begun; leave it, or begin a batch of another name in another folder.`,
      },
    ]);
  }
  return (
    inputs.format ??
    begun ??
    (inputs.secretShards === undefined && (await isLarge(inputs))
      ? OutputFormat.Bundles
      : OutputFormat.Files)
  );
}

function begunFormat(directory: string, before: unknown): string | undefined {
  if (before === OutputFormat.Bundles || hasInventory(directory)) {
    return OutputFormat.Bundles;
  }
  return existsSync(join(directory, INVENTORY_FILE))
    ? OutputFormat.Files
    : undefined;
}

async function isLarge(inputs: DeviceBatchInputs): Promise<boolean> {
  const list = readDeviceList(sourceOf(inputs), {
    templates: compileTemplates(profileOf(inputs)),
    problems: new ProblemList(),
    check: false,
  });
  let count = 0;
  for await (const devices of list) {
    count += devices.length;
    if (count > MOST_FILES) {
      return true;
    }
  }
  return false;
}
