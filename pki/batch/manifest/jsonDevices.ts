import { quote } from "../../problem";
import type { Device } from "../device";
import type { NameTemplates } from "../nameTemplates";
import { splitList, unknownColumn } from "./csvDevices";
import { refusal } from "./fileBytes";
import type { ProblemList } from "./problemList";

const LINE_FEED = 10;
const MAXIMUM_LINE_BYTES = 1024 * 1024;
const BLANK = /^[ \t\r]*$/;

/** A device under construction. */
type Draft = { -readonly [Member in keyof Device]: Device[Member] };

/**
 * Reads the devices of an NDJSON manifest block by block: one object a line,
 * with the members of a device in a program; lists may be one text that `;`
 * joins, free columns are members as well. Blank lines are left out, `null`
 * and an empty text are as good as no member.
 */
export class JsonDevices {
  private line = 0;
  private rest: Buffer = Buffer.alloc(0);
  private readonly known: ReadonlySet<string>;

  /**
   * @param path for messages: `devices/demo.ndjson`
   * @param problems takes every malformed line
   */
  constructor(
    private readonly path: string,
    private readonly templates: NameTemplates,
    private readonly problems: ProblemList,
  ) {
    this.known = templates.columns;
  }

  /**
   * The devices of the lines that are whole by now.
   *
   * @throws InputError where a line has no end
   */
  read(block: Buffer): Device[] {
    const end = block.lastIndexOf(LINE_FEED);
    if (end === -1) {
      this.rest = Buffer.concat([this.rest, block]);
      if (this.rest.length > MAXIMUM_LINE_BYTES) {
        throw refusal(
          `${this.path}:${this.line + 1}`,
          "has more than 1 MiB; write one device a line.",
        );
      }
      return [];
    }
    const whole = Buffer.concat([this.rest, block.subarray(0, end)]);
    this.rest = block.subarray(end + 1);
    return this.devices(whole.toString("utf8"));
  }

  /** The device of a last line without an end. */
  finish(): Device[] {
    const devices =
      this.rest.length === 0 ? [] : this.devices(this.rest.toString("utf8"));
    if (this.line === 0) {
      throw refusal(
        this.path,
        'is empty; write one device a line, such as {"id":"thermometer-1"}.',
      );
    }
    return devices;
  }

  private devices(text: string): Device[] {
    const devices: Device[] = [];
    for (const line of text.split("\n")) {
      this.line += 1;
      const device = this.device(line);
      if (device !== undefined) {
        devices.push(device);
      }
    }
    return devices;
  }

  private device(line: string): Device | undefined {
    const source = `${this.path}:${this.line}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      if (!BLANK.test(line)) {
        this.problems.add({
          path: source,
          message: `is no JSON (${error instanceof Error ? reasonOf(error) : ""}); write one device a line, such as {"id":"thermometer-1"}.`,
        });
      }
      return undefined;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.problems.add({
        path: source,
        message: `${quote(value)} is no object; write one device a line, such as {"id":"thermometer-1"}.`,
      });
      return undefined;
    }
    return this.fromObject(value as Readonly<Record<string, unknown>>, source);
  }

  private fromObject(
    members: Readonly<Record<string, unknown>>,
    source: string,
  ): Device | undefined {
    const device: Draft = { id: "", source };
    let hasId = false;
    let good = true;
    for (const name in members) {
      const value = members[name];
      if (name === "id") {
        hasId = true;
        if (typeof value === "string") {
          device.id = value.trim();
          continue;
        }
        good = this.refuse(`${source}.id`, value, "a text");
      } else if (value === null || value === "") {
        good =
          isKnown(name) || this.known.has(name)
            ? good
            : this.unknown(source, name);
      } else if (name === "serialNumber") {
        if (typeof value === "string") {
          device.serialNumber = value.trim();
          continue;
        }
        good = this.refuse(`${source}.serialNumber`, value, "a text");
      } else if (name === "validityDays") {
        if (typeof value === "number") {
          device.validityDays = value;
          continue;
        }
        good = this.refuse(`${source}.validityDays`, value, "a number of days");
      } else if (name === "dnsNames" || name === "uris") {
        const list = listOf(value);
        if (list === undefined) {
          good = this.refuse(`${source}.${name}`, value, "a list of texts");
        } else if (list.length > 0) {
          device[name] = list;
        }
      } else if (this.known.has(name)) {
        if (typeof value === "string") {
          const columns = (device.columns ?? {}) as Record<string, string>;
          columns[name] = value.trim();
          device.columns = columns;
          continue;
        }
        good = this.refuse(`${source}.${name}`, value, "a text");
      } else {
        good = this.unknown(source, name);
      }
    }
    if (!hasId) {
      this.problems.add({
        path: `${source}.id`,
        message: "is missing; every device needs an id of its own.",
      });
      return undefined;
    }
    return good ? device : undefined;
  }

  private refuse(path: string, value: unknown, wanted: string): false {
    this.problems.add({
      path,
      message: `${quote(value)} is not ${wanted}; write ${wanted}.`,
    });
    return false;
  }

  private unknown(source: string, name: string): false {
    this.problems.add({
      path: source,
      message: unknownColumn(name, this.templates),
    });
    return false;
  }
}

function isKnown(name: string): boolean {
  return (
    name === "dnsNames" ||
    name === "uris" ||
    name === "serialNumber" ||
    name === "validityDays"
  );
}

function listOf(value: unknown): string[] | undefined {
  if (typeof value === "string") {
    return splitList(value.trim());
  }
  return Array.isArray(value) && value.every((part) => typeof part === "string")
    ? value.map((part) => part.trim()).filter((part) => part !== "")
    : undefined;
}

/** What the parser says, without the piece of text that some versions put beside it. */
function reasonOf(error: Error): string {
  return error.message.replace(/,? ?(\.\.\.)?".*/s, "").trim();
}
