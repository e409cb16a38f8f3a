import { InputError, quote } from "../../problem";
import type { Problem } from "../../problem";
import type { Device } from "../device";
import type { NameTemplates } from "../nameTemplates";
import { refusal } from "./fileBytes";
import type { CsvRows } from "./csvRows";
import { CsvReader } from "./csvRows";
import type { ProblemList } from "./problemList";

/** The columns that every manifest may have; all others belong to templates. */
export const COLUMNS = [
  "id",
  "dnsNames",
  "uris",
  "serialNumber",
  "validityDays",
] as const;

const NUMBER = /^\d+$/;

/** A device under construction. */
type Draft = { -readonly [Member in keyof Device]: Device[Member] };

/** The parts of a list that `;` joins; blanks around them and empty ones are cut. */
export function splitList(text: string): string[] {
  return text.includes(";")
    ? text
        .split(";")
        .map((part) => part.trim())
        .filter((part) => part !== "")
    : text === ""
      ? []
      : [text];
}

/** Why a column or member of this name is refused. */
export function unknownColumn(name: string, templates: NameTemplates): string {
  const free = [...templates.columns];
  return `${quote(name)} is no known column and no template uses it; known are ${[...COLUMNS, ...free].join(", ")}.`;
}

/** Reads the devices of a CSV manifest block by block; the first row names the columns. */
export class CsvDevices {
  private readonly reader = new CsvReader();
  private columns: CsvColumns | undefined;

  /**
   * @param path for messages: `devices/demo.csv`
   * @param problems takes every malformed row, by its line
   */
  constructor(
    private readonly path: string,
    private readonly templates: NameTemplates,
    private readonly problems: ProblemList,
  ) {}

  /**
   * The devices of the rows that are whole by now.
   *
   * @throws InputError where this is no CSV, or its header names wrong columns
   */
  read(block: Buffer): Device[] {
    const failure = this.reader.read(block);
    const devices = this.devices(this.reader.take());
    if (failure !== undefined) {
      throw refusal(`${this.path}:${failure.line}`, failure.message);
    }
    return devices;
  }

  /** The devices of the last rows; throws as {@link read} does, and where there is no header. */
  finish(): Device[] {
    const failure = this.reader.finish();
    const devices = this.devices(this.reader.take());
    if (failure !== undefined) {
      throw refusal(`${this.path}:${failure.line}`, failure.message);
    }
    if (this.columns === undefined) {
      throw refusal(
        this.path,
        `is empty; the first line names the columns: ${COLUMNS.join(",")}.`,
      );
    }
    return devices;
  }

  private devices({ rows, lines }: CsvRows): Device[] {
    const devices: Device[] = [];
    for (const [index, row] of rows.entries()) {
      const place = `${this.path}:${lines[index] ?? 0}`;
      if (this.columns === undefined) {
        this.columns = new CsvColumns(row, place, this.templates);
        continue;
      }
      const device = this.columns.device(row, place, this.problems);
      if (device !== undefined) {
        devices.push(device);
      }
    }
    return devices;
  }
}

/** What stands in which column. */
class CsvColumns {
  private readonly width: number;
  private readonly id: number;
  private readonly dnsNames: number;
  private readonly uris: number;
  private readonly serialNumber: number;
  private readonly validityDays: number;
  private readonly free: readonly (readonly [string, number])[];

  /** @throws InputError with all that is wrong about the header */
  constructor(
    header: readonly string[],
    place: string,
    templates: NameTemplates,
  ) {
    this.width = header.length;
    this.id = header.indexOf("id");
    this.dnsNames = header.indexOf("dnsNames");
    this.uris = header.indexOf("uris");
    this.serialNumber = header.indexOf("serialNumber");
    this.validityDays = header.indexOf("validityDays");
    this.free = [...header.entries()].flatMap(([index, name]) =>
      templates.columns.has(name) ? [[name, index] as const] : [],
    );
    refuseAll(checkHeader(header, place, templates));
  }

  /** The device of a row; `undefined` where the row has problems. */
  device(
    row: readonly string[],
    source: string,
    problems: ProblemList,
  ): Device | undefined {
    if (row.length !== this.width) {
      problems.add({
        path: source,
        message: `has ${row.length} fields where the header names ${this.width}: ${quote(row.join(","))}.`,
      });
      return undefined;
    }
    const device: Draft = { id: row[this.id] ?? "", source };
    const dnsNames = row[this.dnsNames] ?? "";
    if (dnsNames !== "") {
      assignList(device, "dnsNames", dnsNames);
    }
    const uris = row[this.uris] ?? "";
    if (uris !== "") {
      assignList(device, "uris", uris);
    }
    const serialNumber = row[this.serialNumber] ?? "";
    if (serialNumber !== "") {
      device.serialNumber = serialNumber;
    }
    const days = row[this.validityDays] ?? "";
    if (days !== "") {
      if (!NUMBER.test(days)) {
        problems.add({
          path: `${source}.validityDays`,
          message: `${quote(days)} is no validity; write a whole number of days, 1 at least.`,
        });
        return undefined;
      }
      device.validityDays = Number(days);
    }
    if (this.free.length > 0) {
      const columns: Record<string, string> = {};
      for (const [name, index] of this.free) {
        const text = row[index] ?? "";
        if (text !== "") {
          columns[name] = text;
        }
      }
      device.columns = columns;
    }
    return device;
  }
}

function assignList(
  device: Draft,
  member: "dnsNames" | "uris",
  text: string,
): void {
  const list = splitList(text);
  if (list.length > 0) {
    device[member] = list;
  }
}

function refuseAll(problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}

function checkHeader(
  header: readonly string[],
  path: string,
  templates: NameTemplates,
): Problem[] {
  const problems: Problem[] = [];
  const known = new Set<string>([...COLUMNS, ...templates.columns]);
  for (const [index, name] of header.entries()) {
    if (!known.has(name)) {
      problems.push({ path, message: unknownColumn(name, templates) });
    } else if (header.indexOf(name) !== index) {
      problems.push({
        path,
        message: `column ${quote(name)} stands there twice; leave one out.`,
      });
    }
  }
  if (!header.includes("id")) {
    problems.push({
      path,
      message:
        'names no column "id"; the first line of a manifest is its header.',
    });
  }
  for (const { placeholder, path: place, template } of templates.uses) {
    if (placeholder !== "id" && !header.includes(placeholder)) {
      problems.push({
        path,
        message: `names no column ${quote(placeholder)}, which ${place} ${quote(template)} needs; add it.`,
      });
    }
  }
  return problems;
}
