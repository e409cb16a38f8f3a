import { applyPatch } from "diff";
import type { Outcome, Playground, Position, Preview } from "./playground";
import type { RunbookName, Step } from "./steps";
import { datedChange, momentOf, readSteps } from "./steps";

/** A pull request that has been taken. */
export interface Taken {
  readonly step: Step;
  /** The moment that counted as now. */
  readonly now: Date;
  readonly preview: Preview;
  /** The rules that have refused it; empty where it was allowed. */
  readonly refusedBy: readonly string[];
  /** Is it what the step expects? */
  readonly asExpected: boolean;
}

/** What the player tells while it plays, for whoever watches. */
export interface Watcher {
  /** Before the preview, which takes a few seconds. */
  begins?(step: Step, now: Date, change: string): void;
  previewed?(preview: Preview): void;
}

/** Takes the pull requests of a rotation one after another: preview, and update where it is allowed. */
export class Player {
  readonly steps: readonly Step[];

  constructor(
    runbook: RunbookName,
    readonly playground: Playground,
  ) {
    this.steps = readSteps(runbook);
  }

  /** The next pull request; `undefined` at the end. */
  get next(): Step | undefined {
    return this.steps[this.playground.position()?.taken ?? 0];
  }

  /** The fleet as the demo makes it. It begins on day 0. */
  async begin(started: Date): Promise<void> {
    this.playground.prepare(started);
    succeeded("the first update", await this.playground.update(started));
  }

  /**
   * Takes the next pull request, on top of all that were accepted.
   *
   * @throws Error where it does not fit, or an update fails that its preview allowed
   */
  async take(watcher: Watcher = {}): Promise<Taken> {
    const { playground, next: step } = this;
    const position = playground.position();
    if (step === undefined || position === undefined) {
      throw new Error("there is no pull request to take");
    }
    const started = new Date(position.started);
    const now = momentOf(step, started);
    const change = datedChange(step, started);
    const merged = merge(step, playground.accepted(), change);
    playground.write(merged);
    watcher.begins?.(step, now, change);
    const preview = await playground.preview(now);
    watcher.previewed?.(preview);
    const taken = judge(step, now, preview);
    if (preview.code === 0) {
      succeeded(step.id, await playground.update(now));
      playground.accept(merged);
    } else {
      playground.write(playground.accepted());
    }
    playground.savePosition(after(position));
    return taken;
  }
}

function merge(step: Step, accepted: string, change: string): string {
  const merged = change === "" ? accepted : applyPatch(accepted, change);
  if (merged === false) {
    throw new Error(
      `${step.id} does not fit what was accepted so far; start again with reset.`,
    );
  }
  return merged;
}

function judge(step: Step, now: Date, preview: Preview): Taken {
  const refusedBy = preview.code === 0 ? [] : rulesIn(preview);
  return {
    step,
    now,
    preview,
    refusedBy,
    asExpected:
      step.refusedBy === undefined
        ? preview.code === 0
        : refusedBy.includes(step.refusedBy),
  };
}

/** The rules that errors name, each once: `(I3)`. */
function rulesIn({ diagnostics, stderr }: Preview): string[] {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const said = [...errors.map(({ message }) => message), stderr].join("\n");
  return [...new Set([...said.matchAll(/\((I\d+)\)/g)].map(([, id]) => id))]
    .filter((id) => id !== undefined)
    .sort();
}

function after({ started, taken }: Position): Position {
  return { started, taken: taken + 1 };
}

function succeeded(what: string, { code, stdout, stderr }: Outcome): void {
  if (code !== 0) {
    throw new Error(`${what} failed:\n${stdout}${stderr}`);
  }
}
