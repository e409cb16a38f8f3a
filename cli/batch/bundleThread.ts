import { parentPort, workerData } from "node:worker_threads";
import { BundleChecker } from "./bundleCheck";
import type { BatchCheckSettings } from "./bundleCheck";

// What a thread runs: one bundle for each message; how far it is, then what came of it.
const checker = new BundleChecker(workerData as BatchCheckSettings);

parentPort?.on("message", (number: number) => {
  checker
    .check(number, (progress) => parentPort?.postMessage({ progress }))
    .then(
      (outcome) => parentPort?.postMessage({ outcome }),
      (error: unknown) => {
        // The text of an unexpected error may quote what was read.
        const name = error instanceof Error ? error.name : "something";
        parentPort?.postMessage({ failure: name });
      },
    );
});
