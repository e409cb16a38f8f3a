import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** A file of a directory that may hold something of a PKI. */
export interface ReadFile {
  /** Relative to the directory, with `/` between folders. */
  readonly path: string;
  readonly content: Buffer;
  /** Permission bits, such as `0o600`. */
  readonly mode: number;
}

/** What was read, and what was passed over. */
export interface ReadFiles {
  readonly files: readonly ReadFile[];
  /** Paths with the reason why they were not read. */
  readonly skipped: readonly { path: string; reason: string }[];
}

const MEBIBYTE = 2 ** 20;
/** No key, certificate or bundle is as large; a database of a million certificates is. */
const MAXIMUM = MEBIBYTE;
const MAXIMUM_TEXT = 256 * MEBIBYTE;
const MAXIMUM_DEPTH = 16;
const PASSED_OVER = [".git", "node_modules", ".state", ".passphrase"];

/** Reads every file below a directory, in the order of their names. Links to folders are not followed. */
export function readFiles(directory: string): ReadFiles {
  const files: ReadFile[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const visit = (folder: string, depth: number): void => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort(
      (one, other) => (one.name < other.name ? -1 : 1),
    );
    for (const entry of entries) {
      const absolute = join(folder, entry.name);
      const path = relative(directory, absolute).split(sep).join("/");
      if (entry.isDirectory()) {
        if (!PASSED_OVER.includes(entry.name) && depth < MAXIMUM_DEPTH) {
          visit(absolute, depth + 1);
        }
        continue;
      }
      try {
        const { size, mode } = statSync(absolute);
        if (!statSync(absolute).isFile()) {
          continue;
        }
        const limit = path.endsWith(".txt") ? MAXIMUM_TEXT : MAXIMUM;
        if (size > limit) {
          skipped.push({
            path,
            reason: `has ${size} bytes, more than any key or certificate`,
          });
          continue;
        }
        files.push({
          path,
          content: readFileSync(absolute),
          mode: mode & 0o777,
        });
      } catch (error) {
        skipped.push({ path, reason: `cannot be read (${codeOf(error)})` });
      }
    }
  };
  visit(directory, 0);
  return { files, skipped };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error
    ? String(error.code)
    : "unknown error";
}
