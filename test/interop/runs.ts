import type { NamedHandshake } from "./certificates/cases";
import type { Handshake, Present, Verdict } from "./stacks/stack";

/** Longer than any handshake takes on a machine that has other things to do. */
const PATIENCE = 60_000;

/** The handshakes of all stacks, one after another in each, the stacks side by side. */
export class Runs {
  private readonly verdicts = new Map<string, Promise<Verdict>>();
  private readonly ends: (() => void)[] = [];

  /** Starts a stack on its handshakes. */
  start(
    stack: string,
    present: Present,
    handshakes: ReadonlyMap<string, Handshake>,
  ): void {
    const judge = present.start();
    this.ends.push(() => {
      judge.end();
    });
    let last: Promise<unknown> = Promise.resolve();
    for (const [name, handshake] of handshakes) {
      const verdict = last.then(() =>
        inTime(judge.judge(handshake), `${stack}: ${name}`),
      );
      // Whoever awaits it hears of its failure; until then it is nobody's.
      last = verdict.catch(() => undefined);
      this.verdicts.set(`${stack}\t${name}`, verdict);
    }
  }

  verdict(stack: string, name: string): Promise<Verdict> {
    const verdict = this.verdicts.get(`${stack}\t${name}`);
    if (verdict === undefined) {
      throw new Error(`${stack} was not started on ${name}`);
    }
    return verdict;
  }

  end(): void {
    this.ends.forEach((end) => {
      end();
    });
  }
}

/** The name of a handshake of a row. */
export function nameOf(row: string, { what }: NamedHandshake): string {
  return `${row}: ${what}`;
}

async function inTime<T>(job: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${name}: no verdict after ${PATIENCE / 1000} s`));
    }, PATIENCE);
  });
  try {
    return await Promise.race([job, late]);
  } finally {
    clearTimeout(timer);
  }
}
