import type { Step } from "./events";

/** From when on a step is worth saying that it still runs. */
const SLOW_AFTER_MS = 2_000;
/** How often at most a step that still runs is spoken of. */
const SPEAK_EVERY_MS = 10_000;

interface Running {
  step: Step;
  since: number;
  message: string;
  spokenAt: number;
}

/** The steps that have begun and not ended, and what is said of those that take their time. */
export class RunningSteps {
  private readonly running = new Map<Running, NodeJS.Timeout>();

  constructor(
    /** Told of a step once it is slow, and then of what its provider says of it. */
    private readonly speak: (step: Step, message: string) => void,
  ) {}

  /** Takes a step that begins; what is returned ends it. */
  started(step: Step): () => void {
    const one = { step, since: Date.now(), message: "", spokenAt: 0 };
    const timer = setTimeout(() => {
      this.speakOf(one);
    }, SLOW_AFTER_MS);
    // Nobody has to wait for it.
    timer.unref();
    this.running.set(one, timer);
    return () => {
      clearTimeout(timer);
      this.running.delete(one);
    };
  }

  /** Takes what a provider says it is doing; what came before is of no interest any more. */
  says(urn: string, message: string): void {
    const one = [...this.running.keys()].findLast(
      ({ step }) => step.urn === urn,
    );
    if (one === undefined || one.message === message) {
      return;
    }
    one.message = message;
    const now = Date.now();
    if (
      now - one.since >= SLOW_AFTER_MS &&
      now - one.spokenAt >= SPEAK_EVERY_MS
    ) {
      this.speakOf(one);
    }
  }

  /** What has been running longest, if that is long enough to say so. */
  slowest(): { step: Step; message: string } | undefined {
    const [first] = this.running.keys();
    return first !== undefined && Date.now() - first.since >= SLOW_AFTER_MS
      ? first
      : undefined;
  }

  clear(): void {
    this.running.forEach((timer) => {
      clearTimeout(timer);
    });
    this.running.clear();
  }

  private speakOf(one: Running): void {
    one.spokenAt = Date.now();
    this.speak(one.step, one.message);
  }
}
