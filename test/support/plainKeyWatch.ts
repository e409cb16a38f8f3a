import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** What was seen in the folders. */
export interface PlainKeyReport {
  /** `path: what` for each plain private key, never the key; empty where all were sealed. */
  readonly found: readonly string[];
  /** Every file that ever appeared, half-written ones included. */
  readonly files: readonly string[];
  /** How often everything was looked at. */
  readonly rounds: number;
}

/**
 * Watches folders for private keys that anybody could read, from before a run
 * until after it, in a thread of its own: reads every state of every file it
 * gets to see, temporary ones included, and looks into what is compressed.
 *
 * Give the run a folder of its own for temporary files (`TMPDIR`), and have it
 * watched, too.
 *
 * @example
 * ```ts
 * const watch = await PlainKeyWatch.start([output, temporary]);
 * await run({ ...process.env, TMPDIR: temporary });
 * expect((await watch.stop()).found).toEqual([]);
 * ```
 */
export class PlainKeyWatch {
  private constructor(private readonly worker: Worker) {}

  /** @param folders that are there; looking has begun when this is fulfilled */
  static async start(folders: readonly string[]): Promise<PlainKeyWatch> {
    const worker = new Worker(join(__dirname, "plainKeyScan.ts"), {
      workerData: folders,
      execArgv: ["-r", join(__dirname, "..", "..", "bin", "register.cjs")],
    });
    await once(worker, "message");
    return new PlainKeyWatch(worker);
  }

  /** Fulfilled once everything that is there now has been looked at. */
  async look(): Promise<void> {
    const answer = once(this.worker, "message");
    this.worker.postMessage("look");
    await answer;
  }

  /** Looks once more at everything, and ends. */
  async stop(): Promise<PlainKeyReport> {
    const answer = once(this.worker, "message") as Promise<[PlainKeyReport]>;
    this.worker.postMessage("stop");
    const [report] = await answer;
    await this.worker.terminate();
    return report;
  }
}
