import { parentPort } from "node:worker_threads";
import type { BundleWriter } from "./bundleWriter";
import type { Answer, IssuanceJob } from "./job";

/** Issues one bundle for each message that a worker thread gets, and gives one answer for each. */
export function answerJobs(writer: BundleWriter): void {
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (job: IssuanceJob) => {
    const { number } = job;
    // One after the other: they are written into the same buffers.
    last = last
      .then(() => writer.write(job))
      .then(
        (written) => {
          const { rows, publicKeys, publicKeyEnds } = written;
          answer({ number, written }, [
            rows.serialNumbers.buffer,
            rows.sha256.buffer,
            rows.credentialsIds.buffer,
            publicKeys.buffer,
            publicKeyEnds.buffer,
          ]);
        },
        (error: unknown) => {
          answer({ number, failure: describe(error) });
        },
      );
  });
}

function answer(value: Answer, transferred: unknown[] = []): void {
  parentPort?.postMessage(value, transferred as ArrayBuffer[]);
}

function describe(error: unknown): { message: string; code?: string } {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Error && "code" in error
    ? { message, code: String(error.code) }
    : { message };
}
