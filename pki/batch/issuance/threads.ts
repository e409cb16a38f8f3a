import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { makeDeviceKeystore } from "../deviceKeystore";
import { BundleWriter } from "./bundleWriter";
import type {
  Answer,
  IssuanceJob,
  IssuanceSettings,
  WrittenBundle,
} from "./job";

const LOADER = join(__dirname, "..", "..", "..", "bin", "register.cjs");
const MOST = 16;

/** Whoever issues bundles. */
export interface Issuers {
  /** Whether a job would begin at once. */
  readonly isFree: boolean;
  /** Has a free one issue a bundle. */
  run(job: IssuanceJob): Promise<WrittenBundle>;
  /** Ends all of them, whatever they are at. */
  end(): Promise<void>;
}

/** So few devices are issued before a thread would have started; of RSA keys and keystores, which take some hundred times longer, fewer. */
const FEW = 2_000;
const FEW_SLOW = 10;

/** @param devices how many are to be issued, in how many bundles */
export function issuersFor(
  settings: IssuanceSettings,
  devices: number,
  bundles: number,
): Issuers {
  const isSlow =
    settings.key.algorithm === "RSA" || settings.keystore !== undefined;
  return devices <= (isSlow ? FEW_SLOW : FEW)
    ? new IssuerHere(settings)
    : new IssuingThreads(settings, bundles);
}

/** Issues in this thread. */
class IssuerHere implements Issuers {
  private readonly writer: BundleWriter;
  private isBusy = false;

  constructor(settings: IssuanceSettings) {
    this.writer = new BundleWriter(settings, makeDeviceKeystore);
  }

  get isFree(): boolean {
    return !this.isBusy;
  }

  async run(job: IssuanceJob): Promise<WrittenBundle> {
    this.isBusy = true;
    try {
      return await this.writer.write(job);
    } finally {
      this.isBusy = false;
    }
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** Each thread has its next job at hand while it is busy with one. */
const JOBS = 2;

/**
 * Threads that each issue one bundle at a time. Only as many bundles stand in
 * memory as there are threads, so a slow disk slows the signing down.
 */
class IssuingThreads implements Issuers {
  private readonly all: Worker[] = [];
  /** How many jobs each has. */
  private readonly jobs = new Map<Worker, number>();
  /** Why threads are gone, also where they had no job yet: nobody would answer one. */
  private readonly gone = new Map<Worker, Error>();

  /** As many threads as there are cores, and no more than there are bundles. */
  constructor(settings: IssuanceSettings, bundles: number) {
    const count = Math.max(1, Math.min(availableParallelism(), MOST, bundles));
    const program =
      settings.keystore === undefined ? "thread.ts" : "keystoreThread.ts";
    for (let index = 0; index < count; index += 1) {
      const worker = new Worker(join(__dirname, program), {
        workerData: settings,
        execArgv: ["-r", LOADER],
        // What a device leaves behind is garbage at once: more room would only be filled before it is collected.
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
        name: `issuance-${index}`,
      });
      worker.on("error", (error: Error) => {
        this.gone.set(worker, error);
      });
      worker.on("exit", (code) => {
        this.gone.set(worker, this.gone.get(worker) ?? endedWith(code));
      });
      this.all.push(worker);
      this.jobs.set(worker, 0);
    }
  }

  get isFree(): boolean {
    return this.least().jobs < JOBS;
  }

  private least(): { readonly worker: Worker; readonly jobs: number } {
    const [first, ...others] = [...this.jobs].map(([worker, jobs]) => ({
      worker,
      jobs,
    }));
    if (first === undefined) {
      throw new Error("There is no thread.");
    }
    return others.reduce(
      (least, other) => (other.jobs < least.jobs ? other : least),
      first,
    );
  }

  async run(job: IssuanceJob): Promise<WrittenBundle> {
    const { worker, jobs } = this.least();
    const reason = this.gone.get(worker);
    if (reason !== undefined) {
      throw reason;
    }
    this.jobs.set(worker, jobs + 1);
    const answer = await ask(worker, job);
    this.jobs.set(worker, (this.jobs.get(worker) ?? 1) - 1);
    if ("failure" in answer) {
      throw Object.assign(new Error(answer.failure.message), answer.failure);
    }
    return answer.written;
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.terminate()));
  }
}

function endedWith(code: number): Error {
  return new Error(`A thread that issues ended with ${code}.`);
}

function ask(worker: Worker, job: IssuanceJob): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    const onMessage = (answer: Answer): void => {
      if (answer.number === job.number) {
        done();
        resolve(answer);
      }
    };
    const onError = (error: Error): void => {
      done();
      reject(error);
    };
    const onExit = (code: number): void => {
      done();
      reject(endedWith(code));
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage(job);
  });
}
