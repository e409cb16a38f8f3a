import type { KeyObject } from "node:crypto";
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { OPENSSL } from "../../test/support/seeds";

/** What a thread of the limit does, over and over. */
export type LimitTask = "pairs" | "signatures";

/** What a thread of the limit is told when it starts. */
export interface LimitSettings {
  readonly key: KeyObject;
  readonly task: LimitTask;
  readonly seconds: number;
}

/** What it counted. */
export interface LimitCount {
  readonly count: number;
  readonly seconds: number;
}

/** What the tightest loop reaches. */
export interface NodeLimit {
  /** A second, of all threads together. */
  readonly rate: number;
  /** Processor time of each, in seconds: what others do on the machine is hardly in it. */
  readonly cpuSeconds: number;
}

const LOADER = join(__dirname, "..", "..", "bin", "register.cjs");

/**
 * How many keys with a signature each, or signatures alone, Node makes a
 * second: the tightest loop there is, in all threads at once, with nothing
 * read, encoded or written.
 *
 * @param threads default: one a core
 */
export async function nodeLimit(
  settings: LimitSettings,
  threads = availableParallelism(),
): Promise<NodeLimit> {
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(join(__dirname, "limitThread.ts"), {
        workerData: settings,
        execArgv: ["-r", LOADER],
      }),
  );
  try {
    // All begin together, each when it is warm.
    await Promise.all(workers.map((worker) => message(worker)));
    const counts = workers.map((worker) => message<LimitCount>(worker));
    const before = process.cpuUsage();
    for (const worker of workers) {
      worker.postMessage("begin");
    }
    const done = await Promise.all(counts);
    const { user, system } = process.cpuUsage(before);
    const total = done.reduce((sum, { count }) => sum + count, 0);
    return {
      rate: done.reduce((sum, { count, seconds }) => sum + count / seconds, 0),
      cpuSeconds: (user + system) / 1e6 / total,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** What the openssl command reaches a second. */
export interface OpensslLimit {
  readonly signatures: number;
  /** Of keys with a foreign point, three to five times the work of a new key. */
  readonly exchanges: number;
}

/**
 * What `openssl speed` says of P-256. It knows no generation of keys. A new
 * key is one multiplication of the curve's own point, a signature is that and
 * more, so a key with a signature takes no longer than two signatures.
 *
 * @returns `undefined` where openssl is not installed or says nothing of them
 */
export function opensslLimit(
  seconds: number,
  processes: number,
): OpensslLimit | undefined {
  if (OPENSSL === undefined) {
    return undefined;
  }
  const { stdout } = spawnSync(
    OPENSSL,
    [
      "speed",
      "-mr",
      "-seconds",
      String(seconds),
      ...(processes > 1 ? ["-multi", String(processes)] : []),
      "ecdsap256",
      "ecdhp256",
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  // +F4:place:bits:signatures a second:verifications a second; the last such line is the sum of all processes.
  const signatures = rate(stdout, /^\+F4:\d+:256:([\d.e-]+)/m);
  const exchanges = rate(stdout, /^\+F5:\d+:256:([\d.e-]+)/m);
  return signatures === undefined || exchanges === undefined
    ? undefined
    : { signatures, exchanges };
}

function rate(text: string, pattern: RegExp): number | undefined {
  const value = Number(pattern.exec(text)?.[1] ?? NaN);
  return value > 0 ? value : undefined;
}
