import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { BundleChecker } from "./bundleCheck";
import type { BatchCheckSettings, BundleOutcome } from "./bundleCheck";

const LOADER = join(__dirname, "..", "..", "bin", "register.cjs");

/** Each holds a bundle in memory, and one disk feeds them all. */
const MOST = 16;

/** Certificates that one thread has checked before another one has started. */
const FEW = 5_000;

type Message =
  | { readonly progress: number }
  | { readonly outcome: BundleOutcome }
  | { readonly failure: string };

/**
 * Checks all bundles, on as many threads as there are cores; a few certificates
 * here and now.
 *
 * @param certificates how many there are in all
 * @param take is given the outcome of each, in no order
 */
export async function checkBundles(
  numbers: readonly number[],
  certificates: number,
  settings: BatchCheckSettings,
  take: (outcome: BundleOutcome) => void,
  progress: (certificates: number) => void,
): Promise<void> {
  const waiting = [...numbers];
  if (certificates <= FEW || numbers.length === 1) {
    const checker = new BundleChecker(settings);
    try {
      for (const number of waiting) {
        take(await checker.check(number, progress));
      }
    } finally {
      checker.close();
    }
    return;
  }
  const count = Math.min(availableParallelism(), MOST, numbers.length);
  const workers = Array.from(
    { length: count },
    (_, index) =>
      new Worker(join(__dirname, "bundleThread.ts"), {
        workerData: settings,
        execArgv: ["-r", LOADER],
        // Certificates are small to the collector of garbage and large to OpenSSL: it has to come by often.
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
        name: `verify-${index}`,
      }),
  );
  try {
    await Promise.all(
      workers.map((worker) => work(worker, waiting, take, progress)),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Gives a thread one bundle after the other, until none waits. */
function work(
  worker: Worker,
  waiting: number[],
  take: (outcome: BundleOutcome) => void,
  progress: (certificates: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const number = waiting.shift();
      if (number === undefined) {
        resolve();
      } else {
        worker.postMessage(number);
      }
    };
    worker.on("message", (message: Message) => {
      if ("progress" in message) {
        progress(message.progress);
      } else if ("outcome" in message) {
        take(message.outcome);
        next();
      } else {
        reject(
          new Error(`A thread that checks bundles met ${message.failure}.`),
        );
      }
    });
    worker.on("error", reject);
    worker.on("exit", () => {
      reject(new Error("A thread that checks bundles ended."));
    });
    next();
  });
}
