/** Rows in columns; a text of several lines goes on below itself. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => {
      let line = "";
      row.forEach((cell, column) => {
        const indent = " ".repeat(line.length);
        const isLast = column === row.length - 1;
        line += isLast
          ? cell.replaceAll("\n", `\n${indent}`)
          : cell.padEnd((widths[column] ?? 0) + 2);
      });
      return line.trimEnd();
    })
    .join("\n");
}

const UNITS: [string, number][] = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["week", 7 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** How long a moment is past, in the largest unit there is one of. */
export function ago(moment: Date, now = new Date()): string {
  const seconds = (now.getTime() - moment.getTime()) / 1000;
  const unit = UNITS.find(([, length]) => seconds >= length);
  if (unit === undefined) {
    return "now";
  }
  const count = Math.floor(seconds / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? "" : "s"} ago`;
}
