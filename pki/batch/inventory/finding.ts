/** Something about a batch's folder that is not as an update left it. */
export interface Finding {
  /** For programs; stable. */
  readonly code: string;
  /** Where: `inventory.sqlite`, `bundle 3`, `bundles/000003-keys.ndjson`. */
  readonly place: string;
  /** What is wrong, and what to do. Never holds a secret. */
  readonly message: string;
}

/** Of one kind, this many are told; of the others how many there are. */
const SHOWN = 50;

/**
 * Collects findings: of a kind of which there may be a million, the first 50
 * and how many more.
 */
export class Findings {
  private readonly kept: Finding[] = [];
  private readonly counts = new Map<string, number>();

  /** How many there are, told or not. */
  get count(): number {
    let sum = 0;
    for (const count of this.counts.values()) {
      sum += count;
    }
    return sum;
  }

  add(code: string, place: string, message: string): void {
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count <= SHOWN) {
      this.kept.push({ code, place, message });
    }
  }

  /** Takes those that were found elsewhere. */
  addAll(findings: readonly Finding[]): void {
    for (const { code, place, message } of findings) {
      this.add(code, place, message);
    }
  }

  /** Counts some that somebody else has left out already. */
  addUntold(code: string, count: number): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + count);
  }

  /** How many of each kind were left out. */
  untold(): [code: string, count: number][] {
    const kept = new Map<string, number>();
    for (const { code } of this.kept) {
      kept.set(code, (kept.get(code) ?? 0) + 1);
    }
    return [...this.counts]
      .map(([code, count]): [string, number] => [
        code,
        count - (kept.get(code) ?? 0),
      ])
      .filter(([, count]) => count > 0);
  }

  /** Those that are told, in the order in which they were found. */
  told(): Finding[] {
    return [...this.kept];
  }

  /** Those that are told; of each kind with more, one that says how many. */
  list(): Finding[] {
    return [
      ...this.kept,
      ...this.untold().map(([code, count]) => ({
        code,
        place: "",
        message: `${count} more like these.`,
      })),
    ];
  }
}
