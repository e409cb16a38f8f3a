import { readFileSync } from "node:fs";
import type { DeviceBatchInputs } from "../../../provider/deviceBatchInputs";
import { issueBatch } from "../../../provider/deviceIssuance";
import { urnOf } from "./plugin";

/** Carries out one update of a batch in a process of its own; its inputs come in as JSON. */
async function main(): Promise<void> {
  const inputs = JSON.parse(readFileSync(0, "utf8")) as DeviceBatchInputs;
  await issueBatch(urnOf("DeviceBatch", "fleet"), inputs, new Date(), false);
}

void main();
