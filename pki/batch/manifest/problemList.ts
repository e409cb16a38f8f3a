import type { Problem } from "../../problem";
import { InputError } from "../../problem";

/** As many as people read. */
const SHOWN = 50;

/**
 * What is wrong with a list of devices: the first 50 problems, and how many
 * more there are. A list of a million bad rows takes no more memory than that.
 *
 * @example
 * ```ts
 * const problems = new ProblemList();
 * problems.add({ path: "fleet.csv:7.id", message: "is empty." });
 * problems.refuse();
 * ```
 */
export class ProblemList {
  private readonly first: Problem[] = [];
  private total = 0;

  /** How many problems there are, those not shown included. */
  get count(): number {
    return this.total;
  }

  add(problem: Problem): void {
    if (this.total < SHOWN) {
      this.first.push(problem);
    }
    this.total += 1;
  }

  addAll(problems: readonly Problem[]): void {
    for (const problem of problems) {
      this.add(problem);
    }
  }

  /** The first 50, and a last line such as `… and 1,234 more` where there are more. */
  shown(): Problem[] {
    const more = this.total - this.first.length;
    return more === 0
      ? [...this.first]
      : [
          ...this.first,
          { path: "", message: `… and ${more.toLocaleString("en-US")} more` },
        ];
  }

  /**
   * Ends here where anything is wrong.
   *
   * @throws InputError with {@link shown}
   */
  refuse(): void {
    if (this.total > 0) {
      throw new InputError(this.shown());
    }
  }
}
