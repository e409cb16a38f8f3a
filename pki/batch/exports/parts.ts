import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import type { WriteStream } from "node:fs";
import { once } from "node:events";
import { extname } from "node:path";
import { PARTIAL } from "../bundles/layout";
import type { ExportTable } from "./tables";

/** How a table is written. */
export interface PartOptions {
  /** More go to the next file. Default: as many as there are. */
  readonly rowsPerFile?: number;
  /** Octets of one file, at most. Default: as many as there are. */
  readonly bytesPerFile?: number;
  /**
   * What stands around a file's text, and how the text stands in it. Default:
   * the text alone. To know how long it gets, it is asked for each row.
   */
  readonly wrap?: {
    readonly begin: string;
    readonly end: string;
    readonly encode: (text: string) => string;
  };
}

/** What was written. */
export interface WrittenExport {
  readonly rows: number;
  readonly files: readonly string[];
}

/**
 * Writes a table to a file, or to as many as it needs: `fleet-001.csv`,
 * `fleet-002.csv` and so on. Each gets its name when all of them are whole.
 *
 * @param path of the file: `fleet.csv`
 */
export async function writeParts(
  path: string,
  table: ExportTable,
  options: PartOptions = {},
): Promise<WrittenExport> {
  const { wrap } = options;
  const encode = wrap?.encode ?? ((text: string) => text);
  const begin = `${wrap?.begin ?? ""}${encode(table.header)}`;
  const end = wrap?.end ?? "";
  const most = {
    rows: Math.min(
      options.rowsPerFile ?? Infinity,
      table.maximumRows ?? Infinity,
    ),
    bytes: options.bytesPerFile ?? Infinity,
  };
  const parts = new Parts(path);
  const fixed = Buffer.byteLength(begin) + Buffer.byteLength(end);
  let rows = 0;
  let inPart = 0;
  let bytes = fixed;
  let text = begin;
  try {
    await parts.next();
    for await (const some of table.rows()) {
      for (const row of some) {
        const encoded = encode(row);
        const length = Buffer.byteLength(encoded);
        if (
          inPart > 0 &&
          (inPart >= most.rows || bytes + length > most.bytes)
        ) {
          await parts.write(text + end);
          await parts.next();
          text = begin;
          inPart = 0;
          bytes = fixed;
        }
        text += encoded;
        bytes += length;
        inPart += 1;
      }
      rows += some.length;
      await parts.write(text);
      text = "";
    }
    await parts.write(text + end);
    return { rows, files: await parts.finish() };
  } catch (error) {
    await parts.abandon();
    throw error;
  }
}

/** The name of one of several files: `fleet-001.csv`. */
export function partName(path: string, number: number): string {
  const suffix = extname(path);
  const stem = suffix === "" ? path : path.slice(0, -suffix.length);
  return `${stem}-${String(number).padStart(3, "0")}${suffix}`;
}

class Parts {
  private readonly names: string[] = [];
  private stream: WriteStream | undefined;
  private error: Error | undefined;

  constructor(private readonly path: string) {}

  async next(): Promise<void> {
    await this.end();
    const name = partName(this.path, this.names.length + 1);
    this.names.push(name);
    const stream = createWriteStream(`${name}${PARTIAL}`);
    await once(stream, "open");
    stream.on("error", (error) => {
      this.error ??= error;
    });
    this.stream = stream;
  }

  async write(text: string): Promise<void> {
    if (this.error !== undefined) {
      throw this.error;
    }
    if (text !== "" && this.stream?.write(text) === false) {
      await once(this.stream, "drain");
    }
  }

  /** All are whole: gives them their names. One alone is called as it was asked for. */
  async finish(): Promise<string[]> {
    await this.end();
    const names = this.names.length === 1 ? [this.path] : this.names;
    for (const [index, name] of names.entries()) {
      renameSync(`${this.names[index] ?? ""}${PARTIAL}`, name);
    }
    return names;
  }

  async abandon(): Promise<void> {
    // The first error is the one to tell; this one may be the same again.
    await this.end().catch(() => undefined);
    for (const name of this.names) {
      rmSync(`${name}${PARTIAL}`, { force: true });
    }
  }

  private async end(): Promise<void> {
    const { stream } = this;
    this.stream = undefined;
    if (stream !== undefined) {
      await new Promise<void>((resolve, reject) => {
        stream.on("error", reject);
        stream.end(() => {
          resolve();
        });
      });
    }
    if (this.error !== undefined) {
      throw this.error;
    }
  }
}

/**
 * Files of an earlier export under the same name that this one has not
 * written: uploading them would bring old certificates back.
 */
export function leftovers(path: string, files: readonly string[]): string[] {
  const found: string[] = [];
  const single = files.length === 1;
  for (let number = single ? 1 : files.length + 1; ; number += 1) {
    const name = partName(path, number);
    if (!existsSync(name)) {
      break;
    }
    found.push(name);
  }
  return single || !existsSync(path) ? found : [path, ...found];
}
