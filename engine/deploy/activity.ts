import { EngineError } from "../errors";
import type { Display, Operation, Step } from "../show/events";
import { isDefaultProvider } from "../urn";

/** Thrown where something new would start although the update is to end. */
export class Stopped extends EngineError {}

/** What goes on in one preview or update: the steps that run, how many are done, and whether it is to end. */
export class Activity {
  /** How many resources had which operation. */
  readonly counts = new Map<Operation, number>();
  /** Resolves when nothing new is to be started any more. */
  readonly stopped: Promise<void>;
  /** Whether the state has to be written, be it only for what surrounds a resource. */
  changed = false;
  private announceStop: () => void = () => undefined;
  private failures = 0;
  private objections = 0;
  private lost = 0;
  private ending = false;
  private readonly running = new Set<Promise<unknown>>();
  private readonly failedSteps = new WeakSet<object>();

  constructor(
    readonly preview: boolean,
    private readonly display: Display,
    /** Whether a step that fails leaves alone what does not depend on it. */
    private readonly continueOnError = false,
  ) {
    this.stopped = new Promise((resolve) => {
      this.announceStop = resolve;
    });
  }

  get failed(): boolean {
    return this.failures + this.objections + this.lost > 0;
  }

  /** How many steps failed of those an update goes on after. */
  get lostSteps(): number {
    return this.lost;
  }

  /** Whether something failed that leaves it open what comes after it. */
  get cutShort(): boolean {
    return this.failures > 0;
  }

  get stopping(): boolean {
    return this.ending;
  }

  /** Starts nothing new from here on; what runs may end. */
  stop(): void {
    this.ending = true;
    this.announceStop();
  }

  refuseIfStopping(): void {
    if (this.ending) {
      throw new Stopped("the update is stopping");
    }
  }

  /** Reports an error that ends an update, of a resource if a URN is given. */
  fail(urn: string, message: string): void {
    this.noteFailure();
    if (!this.preview) {
      this.stop();
    }
    this.display.diagnostic({ severity: "error", urn, message });
  }

  /** Reports that a step failed; an update that is to continue on errors goes on with what does not depend on it. */
  lose(urn: string, message: string): void {
    if (!this.continueOnError || this.preview) {
      this.fail(urn, message);
      return;
    }
    this.lost += 1;
    this.display.diagnostic({ severity: "error", urn, message });
  }

  /** Whether an update goes on after this error: a step failed, and nothing that is wrong with the program itself. */
  goesOnAfter(error: unknown): boolean {
    return (
      this.continueOnError &&
      !this.preview &&
      typeof error === "object" &&
      error !== null &&
      this.failedSteps.has(error)
    );
  }

  /** Reports what an update will refuse; how it would go on can be shown all the same. */
  object(urn: string, message: string): void {
    this.objections += 1;
    this.display.diagnostic({ severity: "error", urn, message });
  }

  /** Says something about a resource that is no reason to end. */
  warn(urn: string, message: string): void {
    this.display.diagnostic({ severity: "warning", urn, message });
  }

  /** Says something about a resource that is as it should be. */
  note(urn: string, message: string): void {
    this.display.diagnostic({ severity: "info", urn, message });
  }

  /**
   * Counts a failure that has been reported elsewhere. A preview goes on, to find the other mistakes, and so does
   * a program that is to continue on errors, which hears of each.
   */
  noteFailure(): void {
    this.failures += 1;
    if (!this.preview && !this.continueOnError) {
      this.stop();
    }
  }

  /** Runs something the end has to wait for. */
  track<Result>(action: () => Promise<Result>): Promise<Result> {
    const running = action();
    this.running.add(running);
    const done = (): void => {
      this.running.delete(running);
    };
    running.then(done, done);
    return running;
  }

  /** Resolves when nothing is running. */
  async idle(): Promise<void> {
    while (this.running.size > 0) {
      await Promise.allSettled([...this.running]);
    }
  }

  /** Runs a step that changes the world, and shows it. */
  step<Result>(step: Step, action: () => Promise<Result>): Promise<Result> {
    this.changed = true;
    return this.look(step, action);
  }

  /** As `step`, for one that only looks at the world. */
  async look<Result>(
    step: Step,
    action: () => Promise<Result>,
  ): Promise<Result> {
    this.refuseIfStopping();
    const started = Date.now();
    const seconds = (): number => (Date.now() - started) / 1000;
    try {
      const result = await this.attempt(() => this.watched(step, action));
      this.count(step);
      this.display.stepDone(step, false, seconds());
      return result;
    } catch (error) {
      this.display.stepDone(step, true, seconds());
      throw error;
    }
  }

  /** Runs a part of a step; a failure of it is one of the step. */
  async attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      if (typeof error === "object" && error !== null) {
        this.failedSteps.add(error);
      }
      throw error;
    }
  }

  /** Runs what may take its time, so that it can be said to be going on. */
  async watched<Result>(
    step: Step,
    action: () => Promise<Result>,
  ): Promise<Result> {
    const end = this.display.stepStarted(step);
    try {
      return await action();
    } finally {
      end();
    }
  }

  /** Notes a resource that stays as it is. */
  unchanged(step: Step): void {
    this.count(step);
    this.display.stepDone(step, false, 0);
  }

  /** Providers nobody asked for by name do not count. */
  private count({ op, type, name }: Step): void {
    if (!isDefaultProvider(type, name)) {
      this.counts.set(op, (this.counts.get(op) ?? 0) + 1);
    }
  }
}
