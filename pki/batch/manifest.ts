import { CsvError, parse } from "csv-parse/sync";
import type { Problem } from "../problem";
import { InputError, quote } from "../problem";
import type { Device } from "./device";

const COLUMNS = ["id", "dnsNames", "uris", "serialNumber", "validityDays"];

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a manifest of devices: CSV (RFC 4180), UTF-8, with a header line.
 * Columns: `id` (required), `dnsNames` and `uris` (several joined by `;`),
 * `serialNumber`, `validityDays`.
 *
 * @param path for messages: `devices/demo.csv`
 * @throws InputError with every malformed row, by its line
 * @example
 * ```ts
 * parseManifest("id,validityDays\nthermometer-1,90\n", "devices/demo.csv");
 * ```
 */
export function parseManifest(text: string, path: string): Device[] {
  const [header, ...rows] = parseRows(text, path);
  if (header === undefined) {
    throw new InputError([
      {
        path,
        message: `is empty; the first line names the columns: ${COLUMNS.join(",")}.`,
      },
    ]);
  }
  const columns = header.record.map((name) => name.trim());
  const headerProblems = checkHeader(columns, `${path}:${header.info.lines}`);
  if (headerProblems.length > 0) {
    throw new InputError(headerProblems);
  }
  const problems: Problem[] = [];
  const devices: Device[] = [];
  for (const row of rows) {
    const source = `${path}:${row.info.lines}`;
    if (row.record.length !== columns.length) {
      problems.push({
        path: source,
        message: `has ${row.record.length} fields where the header names ${columns.length}: ${quote(row.record.join(","))}.`,
      });
      continue;
    }
    const device = readDevice(columns, row.record, source);
    const days = row.record[columns.indexOf("validityDays")] ?? "";
    if (!/^\d*$/.test(days)) {
      problems.push({
        path: `${source}.validityDays`,
        message: `${quote(days)} is no validity; write a whole number of days, 1 at least.`,
      });
      continue;
    }
    devices.push(device);
  }
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  return devices;
}

function parseRows(text: string, path: string): Row[] {
  try {
    // The options make rows of this shape; the library's types cannot say so.
    return parse(text, {
      bom: true,
      info: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Row[];
  } catch (error) {
    if (error instanceof CsvError) {
      const line: unknown = error.lines;
      throw new InputError([
        {
          path: typeof line === "number" ? `${path}:${line}` : path,
          message: `is no well-formed CSV: ${error.message}.`,
        },
      ]);
    }
    throw error;
  }
}

function checkHeader(columns: readonly string[], path: string): Problem[] {
  const problems: Problem[] = [];
  for (const [index, name] of columns.entries()) {
    if (!COLUMNS.includes(name)) {
      problems.push({
        path,
        message: `${quote(name)} is no known column; known are ${COLUMNS.join(", ")}.`,
      });
    } else if (columns.indexOf(name) !== index) {
      problems.push({
        path,
        message: `column ${quote(name)} stands there twice; leave one out.`,
      });
    }
  }
  if (!columns.includes("id")) {
    problems.push({
      path,
      message:
        'names no column "id"; the first line of a manifest is its header.',
    });
  }
  return problems;
}

function readDevice(
  columns: readonly string[],
  record: readonly string[],
  source: string,
): Device {
  const field = (name: string): string => record[columns.indexOf(name)] ?? "";
  const list = (name: string): string[] =>
    field(name)
      .split(";")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const [dnsNames, uris] = [list("dnsNames"), list("uris")];
  const serialNumber = field("serialNumber");
  const validityDays = field("validityDays");
  return {
    id: field("id"),
    ...(dnsNames.length > 0 && { dnsNames }),
    ...(uris.length > 0 && { uris }),
    ...(serialNumber !== "" && { serialNumber }),
    ...(validityDays !== "" && { validityDays: Number(validityDays) }),
    source,
  };
}
