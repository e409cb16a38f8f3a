import { parentPort, workerData } from "node:worker_threads";
import { BundleWriter } from "./bundleWriter";
import type { Answer, IssuanceJob, IssuanceSettings } from "./job";

// What a worker thread runs: one bundle for each message, one answer for each bundle.
const writer = new BundleWriter(workerData as IssuanceSettings);

parentPort?.on("message", (job: IssuanceJob) => {
  writer.write(job).then(
    (written) => {
      const { rows, publicKeys, publicKeyEnds } = written;
      answer({ written }, [
        rows.serialNumbers.buffer,
        rows.sha256.buffer,
        rows.credentialsIds.buffer,
        publicKeys.buffer,
        publicKeyEnds.buffer,
      ]);
    },
    (error: unknown) => {
      answer({ failure: describe(error) });
    },
  );
});

function answer(value: Answer, transferred: unknown[] = []): void {
  parentPort?.postMessage(value, transferred as ArrayBuffer[]);
}

function describe(error: unknown): { message: string; code?: string } {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Error && "code" in error
    ? { message, code: String(error.code) }
    : { message };
}
