type Verdict = "passed" | "failed" | "skipped";

/** Which scenario did how on which engine; skipped is what never ran. */
export class Table {
  private readonly verdicts = new Map<string, Verdict>();

  constructor(
    private readonly rows: readonly string[],
    private readonly columns: readonly string[],
  ) {}

  /** Runs a test and remembers how it went. */
  async note(
    row: string,
    column: string,
    body: () => Promise<void>,
  ): Promise<void> {
    this.verdicts.set(`${row} ${column}`, "failed");
    await body();
    this.verdicts.set(`${row} ${column}`, "passed");
  }

  text(): string {
    const width = Math.max(...this.rows.map((row) => row.length));
    const line = (row: string, cells: readonly string[]): string =>
      [row.padEnd(width), ...cells.map((cell) => cell.padEnd(7))]
        .join("  ")
        .trimEnd();
    const all = (column: string): Verdict[] =>
      this.rows.map((row) => this.verdictOf(row, column));
    const passed = this.columns.map((column) => {
      const verdicts = all(column).filter((verdict) => verdict === "passed");
      return `${verdicts.length}/${this.rows.length}`;
    });
    return [
      line("scenario", this.columns),
      ...this.rows.map((row) =>
        line(
          row,
          this.columns.map((column) => this.verdictOf(row, column)),
        ),
      ),
      line("passed", passed),
      "",
    ].join("\n");
  }

  private verdictOf(row: string, column: string): Verdict {
    return this.verdicts.get(`${row} ${column}`) ?? "skipped";
  }
}
