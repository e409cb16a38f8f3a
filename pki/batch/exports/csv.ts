/**
 * A value as it stands in CSV (RFC 4180): in quotes where it holds a comma, a
 * quote or a line break, or where blanks around it would be cut off.
 *
 * @example
 * ```ts
 * quoteCsv('hall 3, "north"'); // '"hall 3, ""north"""'
 * ```
 */
export function quoteCsv(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : value;
}

/** A line of CSV, with its line break. */
export function csvLine(values: readonly string[]): string {
  return `${values.map(quoteCsv).join(",")}\n`;
}
