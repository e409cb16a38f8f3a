import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import type {
  DeviceFilter,
  ExportSource,
} from "../../pki/batch/exports/source";
import { BundleSource, FileSource } from "../../pki/batch/exports/source";
import type { ExportTable } from "../../pki/batch/exports/tables";
import {
  THINGSBOARD_BODY,
  THINGSBOARD_MAPPING,
  checkCumulocity,
  cumulocityTable,
  inventoryTable,
  revocationTable,
  thingsBoardTable,
} from "../../pki/batch/exports/tables";
import type { PartOptions } from "../../pki/batch/exports/parts";
import { leftovers, writeParts } from "../../pki/batch/exports/parts";
import { Status } from "../../pki/batch/inventory/schema";
import { quote } from "../../pki/problem";
import { UsageError } from "../options";
import { formOf, openInventory } from "./folder";
import { number } from "./report";

/** Options as the command line gives them. */
export interface ExportOptions {
  readonly format: string;
  readonly output?: string;
  readonly status?: string;
  readonly generation?: string;
  readonly type?: string;
  readonly path?: string;
  readonly rowsPerFile?: string;
  readonly bodies?: boolean;
}

/** What an export can be. */
export const EXPORT_FORMATS = [
  "csv",
  "cumulocity",
  "thingsboard",
  "cumulocity-crl",
] as const;

type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Who is told what. */
export interface ExportSurroundings {
  readonly now: Date;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/**
 * Writes the devices of a batch as others want them.
 *
 * @throws UsageError for options that do not go together
 * @throws InputError naming a file of the batch that is missing or damaged
 */
export async function exportBatch(
  directory: string,
  options: ExportOptions,
  surroundings: ExportSurroundings,
): Promise<void> {
  const format = readFormat(options);
  const form = formOf(directory);
  if (form === "files") {
    const source = new FileSource(directory);
    await write(
      tableOf(format, source, options, surroundings.now),
      format,
      options,
      surroundings,
    );
    return;
  }
  const inventory = openInventory(directory);
  try {
    const source = new BundleSource(directory, inventory);
    await write(
      tableOf(format, source, options, surroundings.now),
      format,
      options,
      surroundings,
    );
  } finally {
    inventory.close();
  }
}

function readFormat(options: ExportOptions): ExportFormat {
  const format = EXPORT_FORMATS.find((name) => name === options.format);
  const { status } = options;
  const statuses: readonly string[] = Object.values(Status);
  const refuse = (message: string): never => {
    throw new UsageError(message);
  };
  if (format === undefined) {
    return refuse(
      `--format ${quote(options.format)} is no export; write one of ${EXPORT_FORMATS.join(", ")}.`,
    );
  }
  if (status !== undefined && !statuses.includes(status)) {
    refuse(
      `--status ${quote(status)} is no status; write one of ${statuses.join(", ")}.`,
    );
  }
  if (
    format === "cumulocity-crl" &&
    (status ?? Status.Revoked) !== Status.Revoked
  ) {
    refuse(
      `--status ${quote(status)} does not go with cumulocity-crl, which lists revoked devices; leave it out.`,
    );
  }
  if (format === "cumulocity-crl" && options.generation !== undefined) {
    refuse(
      "--generation does not go with cumulocity-crl, which lists revoked devices whoever signed; leave it out.",
    );
  }
  if (options.bodies === true && format !== "thingsboard") {
    refuse("--bodies is for thingsboard only; leave it out.");
  }
  if (options.path !== undefined && format !== "cumulocity") {
    refuse("--path is for cumulocity only; leave it out.");
  }
  if (
    options.type !== undefined &&
    !["cumulocity", "thingsboard"].includes(format)
  ) {
    refuse("--type is for cumulocity and thingsboard only; leave it out.");
  }
  if (format === "thingsboard" && options.output === undefined) {
    refuse(
      "thingsboard takes 16 MiB at a time, so the export may need several files; name the first with --output fleet.csv.",
    );
  }
  if (options.output === undefined && options.rowsPerFile !== undefined) {
    refuse("--rows-per-file makes files; name them with --output fleet.csv.");
  }
  if (format === "cumulocity") {
    const [problem] = checkCumulocity(options);
    if (problem !== undefined) {
      refuse(`--${problem.path} ${problem.message}`);
    }
  }
  return format;
}

function tableOf(
  format: ExportFormat,
  source: ExportSource,
  options: ExportOptions,
  now: Date,
): ExportTable {
  const { generation, type, path } = options;
  // What others are told of is what is in use; the inventory's own list has all.
  const status =
    options.status ?? (format === "csv" ? undefined : Status.Active);
  const filter: DeviceFilter = {
    ...(status !== undefined && { status }),
    ...(generation !== undefined && { generation }),
  };
  switch (format) {
    case "csv":
      return inventoryTable(source, filter);
    case "cumulocity":
      return cumulocityTable(source, filter, {
        type: type ?? "",
        ...(path !== undefined && { path }),
      });
    case "thingsboard":
      return thingsBoardTable(source, filter, type ?? "default");
    case "cumulocity-crl":
      return revocationTable(source, now);
  }
}

async function write(
  table: ExportTable,
  format: ExportFormat,
  options: ExportOptions,
  { out, error }: ExportSurroundings,
): Promise<void> {
  const { output } = options;
  if (output === undefined) {
    await print(table, out);
    return;
  }
  const { rows, files } = await writeParts(output, table, {
    ...(options.rowsPerFile !== undefined && {
      rowsPerFile: readCount("--rows-per-file", options.rowsPerFile),
    }),
    ...(format === "thingsboard" && thingsBoardParts(options)),
  });
  const [first = output] = files;
  error(
    `${number(rows)} ${rows === 1 ? "row" : "rows"} in ${files.length === 1 ? first : `${number(files.length)} files, ${first} to ${files.at(-1) ?? ""}`}\n`,
  );
  if (format === "thingsboard" && options.bodies !== true) {
    const name = mappingName(output);
    writeFileSync(name, `${JSON.stringify(THINGSBOARD_MAPPING)}\n`);
    error(`what the columns are, for the REST call: ${name}\n`);
  }
  const old = leftovers(output, files);
  if (old.length > 0) {
    error(
      `warning: ${old.join(", ")} ${old.length === 1 ? "is" : "are"} of an earlier export; delete ${old.length === 1 ? "it" : "them"} before somebody uploads old rows.\n`,
    );
  }
}

/** The CSV goes into a JSON string, where each line break takes one octet more. */
function thingsBoardParts({ bodies }: ExportOptions): PartOptions {
  const wrap = {
    begin: `{"mapping":${JSON.stringify(THINGSBOARD_MAPPING)},"file":"`,
    end: '"}\n',
    encode: (text: string) => JSON.stringify(text).slice(1, -1),
  };
  return bodies === true
    ? { bytesPerFile: THINGSBOARD_BODY, wrap }
    : // One octet a row and a quarter of a kilobyte are not in the file, but in the body that is made of it.
      { bytesPerFile: THINGSBOARD_BODY - 64 * 1024 };
}

function mappingName(output: string): string {
  const suffix = extname(output);
  const stem = suffix === "" ? output : output.slice(0, -suffix.length);
  return `${stem}-mapping.json`;
}

async function print(
  table: ExportTable,
  out: (text: string) => void,
): Promise<void> {
  out(table.header);
  for await (const rows of table.rows()) {
    out(rows.join(""));
  }
}

/**
 * A number of one or more.
 *
 * @throws UsageError naming the option
 */
export function readCount(option: string, text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new UsageError(
      `${option} ${quote(text)} is no number of one or more; write digits, such as 1000.`,
    );
  }
  return count;
}
