/** What stands outside of the stack and has to be looked after in a rotation: brokers, devices, a platform. */
export interface Outside {
  /** After the first update. */
  begin(): Promise<void>;
  /** Does what a pull request says to do after its update, and sees that it works. */
  after(step: string, at: Date): Promise<void>;
  end(): Promise<void>;
}

/** Notes what was looked at, and fails where it is otherwise. */
export class Checks {
  count = 0;

  /** @param what in words, for the failure's message */
  equal(what: string, actual: unknown, expected: unknown): void {
    this.count += 1;
    expect({ [what]: actual }).toEqual({ [what]: expected });
  }
}
