import { CsvError, Parser } from "csv-parse";

/** No row is longer; one that seems to be has a quote that is never closed. */
const MAXIMUM_ROW_BYTES = 1024 * 1024;
const LINE_BREAK = /\r\n|\n|\r/g;

/** Rows of a CSV text, and the line on which each of them ends. */
export interface CsvRows {
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
}

/** Why a text is no CSV, and the line on which the row begins that could not be read. */
export interface CsvFailure {
  readonly line: number;
  readonly message: string;
}

/** The library's parser, which hands over each row the moment it is whole. */
class RowParser extends Parser {
  constructor(private readonly onRow: (row: string[]) => void) {
    super({
      max_record_size: MAXIMUM_ROW_BYTES,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
  }

  override push(row: string[] | null): boolean {
    if (row !== null) {
      this.onRow(row);
    }
    return true;
  }

  /** Parses a block at once, without the queues of a stream; the last one is `undefined`. */
  parse(block: Buffer | undefined): Error | undefined {
    let failure: Error | undefined;
    const done = (error?: Error | null): void => {
      failure = error ?? undefined;
    };
    if (block === undefined) {
      this._flush(done);
    } else {
      this._transform(block, "binary", done);
    }
    return failure;
  }
}

/**
 * Reads CSV (RFC 4180) block by block, with lines that end with CRLF, LF or
 * CR. Blanks around fields are cut, blank lines are left out.
 *
 * Lines are counted here: the library's own record of each row (its option
 * `info`) costs up to half its speed, and takes a CRLF within quotes for two.
 *
 * @example
 * ```ts
 * const reader = new CsvReader();
 * reader.read(Buffer.from("id\na\n"));
 * reader.finish();
 * reader.take(); // { rows: [["id"], ["a"]], lines: [1, 2] }
 * ```
 */
export class CsvReader {
  private rows: string[][] = [];
  private lines: number[] = [];
  /** Where the last row ended. */
  private line = 0;
  /** What the library had counted by then. */
  private countedLines = 0;
  private countedEmpty = 0;
  private readonly parser = new RowParser((row) => {
    this.add(row);
  });

  /** Reads a block; what it answers is the end. */
  read(block: Buffer): CsvFailure | undefined {
    return this.failure(this.parser.parse(block));
  }

  /** To be called when there is no further block. */
  finish(): CsvFailure | undefined {
    return this.failure(this.parser.parse(undefined));
  }

  /** The rows that are whole by now; each is handed out once. */
  take(): CsvRows {
    const { rows, lines } = this;
    this.rows = [];
    this.lines = [];
    return { rows, lines };
  }

  private add(row: string[]): void {
    const { lines, empty_lines: empty } = this.parser.info;
    const advance = 1 + empty - this.countedEmpty;
    this.line += advance;
    // Where the library counted more, a field holds line breaks.
    if (lines - this.countedLines !== advance) {
      for (const field of row) {
        this.line += field.match(LINE_BREAK)?.length ?? 0;
      }
    }
    this.countedLines = lines;
    this.countedEmpty = empty;
    this.rows.push(row);
    this.lines.push(this.line);
  }

  private failure(error: Error | undefined): CsvFailure | undefined {
    if (error === undefined) {
      return undefined;
    }
    const code = error instanceof CsvError ? error.code : "";
    return {
      line: this.line + 1 + this.parser.info.empty_lines - this.countedEmpty,
      message:
        code === "CSV_MAX_RECORD_SIZE"
          ? "has a row of more than 1 MiB; most likely a quote that begins here is never closed."
          : // Where the row begins is said already, and the library's line may lie elsewhere.
            `is no well-formed CSV: ${error.message.replaceAll(/ at line \d+/g, "")}.`,
    };
  }
}
