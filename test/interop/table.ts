/** How a stack did in a row: `ok`, `FAILED`, `absent`, `[3]` for an exception, or `-` where nothing was asked. */
export type Cell = string;

/** What every stack makes of every row. A cell that nobody noted was not reached. */
export class Table {
  private readonly cells = new Map<string, Cell>();

  constructor(
    private readonly title: string,
    private readonly rows: readonly string[],
    private readonly columns: readonly string[],
  ) {}

  note(row: string, column: string, cell: Cell): void {
    this.cells.set(`${row}\t${column}`, cell);
  }

  text(): string {
    const first = Math.max(
      this.title.length,
      ...this.rows.map((row) => row.length),
    );
    const line = (row: string, cells: readonly string[]): string =>
      [
        row.padEnd(first),
        ...cells.map((cell, index) =>
          cell.padEnd(Math.max(6, this.columns[index]?.length ?? 0)),
        ),
      ]
        .join("  ")
        .trimEnd();
    return [
      line(this.title, this.columns),
      ...this.rows.map((row) =>
        line(
          row,
          this.columns.map(
            (column) => this.cells.get(`${row}\t${column}`) ?? "-",
          ),
        ),
      ),
    ].join("\n");
  }
}
