import { readFileSync } from "node:fs";
import { InputError } from "../../../pki/problem";
import { issueToBundles } from "../../../provider/bundleBatch";
import type { DeviceBatchInputs } from "../../../provider/deviceBatchInputs";
import { urnOf } from "./plugin";

/** Carries out one update of a large batch in a process of its own; its inputs come in as JSON. */
async function main(): Promise<void> {
  const inputs = JSON.parse(readFileSync(0, "utf8")) as DeviceBatchInputs;
  try {
    await issueToBundles(urnOf("DeviceBatch", "fleet"), inputs, new Date());
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    process.stderr.write(error.message);
    process.exitCode = 1;
  }
}

void main();
