import type { Updates } from "./bench";
import { Bench, nameOf } from "./bench";
import type { BrokerCase } from "./cases";
import type { BrokerDriver, RunningBroker } from "./driver";
import { required } from "../support/rendered";
import { isWhole, note } from "./rows";

/** What one broker is put through: its cases, one after another, from the moment that it is begun. */
export class Course {
  private readonly ends = new Map<string, Promise<void>>();

  private constructor(
    private readonly bench: Bench,
    cases: readonly BrokerCase[],
  ) {
    let before: Promise<unknown> = Promise.resolve();
    for (const one of cases) {
      const end = before.then(() => run(this.bench, one));
      this.ends.set(one.name, end);
      // Whoever asks for its end hears that it failed; the next one has its turn all the same.
      before = end.catch(() => undefined);
    }
  }

  static begin(
    driver: BrokerDriver,
    broker: RunningBroker,
    port: number,
    updates: Updates,
    expired: Bench["expired"],
    cases: readonly BrokerCase[],
  ): Course {
    return new Course(
      new Bench(driver, broker, port, updates, expired),
      cases.filter(({ skip }) => skip?.(driver) === undefined),
    );
  }

  /** Ends when the case has; fails where it has failed. */
  async end(name: string): Promise<void> {
    await required(Object.fromEntries(this.ends), name);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.ends.values());
    await this.bench.broker.stop();
  }
}

async function run(bench: Bench, { name, body }: BrokerCase): Promise<void> {
  const row = { case: name, broker: nameOf(bench.driver) };
  const from = bench.broker.position;
  try {
    note({ ...row, verdict: "passed", figure: await body(bench, isWhole()) });
  } catch (error) {
    note({ ...row, verdict: "failed", figure: String(error).slice(0, 200) });
    process.stdout.write(
      `${row.broker} said:\n${bench.broker.said(from).slice(0, 4000)}\n`,
    );
    throw error;
  }
}
