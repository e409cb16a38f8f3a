import type { Problem } from "../../problem";
import { InputError, quote } from "../../problem";
import type { Device } from "../device";
import { idProblem } from "../deviceId";
import type { NameTemplates } from "../nameTemplates";
import { cutAtPlaceholders } from "../nameTemplates";
import type { DeviceRange } from "./source";

const CHUNK = 1_000;
const NUMBER = "number";

/**
 * The devices of a range, in the order of their numbers. Templates may use
 * `{number}`, which is the number as the id has it.
 *
 * @throws InputError with all that is wrong about the range
 */
export function* rangeDevices(
  range: DeviceRange,
  templates: NameTemplates,
): Generator<Device[]> {
  const parts = checkedParts(range, templates);
  const { from, to, digits = 0 } = range;
  const withNumber = templates.columns.has(NUMBER);
  for (let start = from; start <= to; start += CHUNK) {
    const devices: Device[] = [];
    for (let at = start; at <= Math.min(to, start + CHUNK - 1); at += 1) {
      const number = String(at).padStart(digits, "0");
      const id = idOf(parts, number);
      const source = `range[${at}]`;
      devices.push(
        withNumber ? { id, source, columns: { number } } : { id, source },
      );
    }
    yield devices;
  }
}

function idOf(parts: readonly string[], number: string): string {
  let id = parts[0] ?? "";
  for (let index = 2; index < parts.length; index += 2) {
    id += number + (parts[index] ?? "");
  }
  return id;
}

function checkedParts(
  range: DeviceRange,
  templates: NameTemplates,
): readonly string[] {
  const problems: Problem[] = [];
  const parts = cutAtPlaceholders(range.id, "range.id", problems);
  if (problems.length === 0) {
    problems.push(...checkTemplate(range.id, parts));
  }
  problems.push(...checkNumbers(range), ...checkColumns(templates));
  if (problems.length === 0) {
    const { to, digits = 0 } = range;
    const message = idProblem(idOf(parts, String(to).padStart(digits, "0")));
    if (message !== undefined) {
      problems.push({ path: "range.id", message });
    }
  }
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  return parts;
}

function checkTemplate(id: string, parts: readonly string[]): Problem[] {
  const names = parts.filter((_, index) => index % 2 === 1);
  const other = names.find((name) => name !== NUMBER);
  if (names.length > 0 && other === undefined) {
    return [];
  }
  return [
    {
      path: "range.id",
      message:
        other === undefined
          ? `${quote(id)} gives every device the same id; write where the number stands: "thermometer-{number}".`
          : `${quote(id)} holds ${quote(`{${other}}`)}, and a range has nothing but {number}; write "thermometer-{number}".`,
    },
  ];
}

function checkNumbers({ from, to, digits }: DeviceRange): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries({ from, to })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      problems.push({
        path: `range.${name}`,
        message: `${quote(value)} is no number of a device; write a whole number, 0 at least.`,
      });
    }
  }
  if (problems.length === 0 && from > to) {
    problems.push({
      path: "range.to",
      message: `${to} lies before from, ${from}; write the last number here.`,
    });
  }
  if (digits === undefined) {
    return problems;
  }
  if (!Number.isInteger(digits) || digits < 1 || digits > 16) {
    problems.push({
      path: "range.digits",
      message: `${quote(digits)} is no number of digits; write 1 to 16.`,
    });
  } else if (problems.length === 0 && String(to).length > digits) {
    problems.push({
      path: "range.digits",
      message: `${digits} are too few for ${to}; write ${String(to).length}, or leave it out.`,
    });
  }
  return problems;
}

function checkColumns({ uses }: NameTemplates): Problem[] {
  return uses
    .filter(({ placeholder }) => !["id", NUMBER].includes(placeholder))
    .map(({ placeholder, path, template }) => ({
      path,
      message: `${quote(template)} needs ${quote(placeholder)}, which no device of a range has; use {id} and {number}, or a manifest with this column.`,
    }));
}
