import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { removeEmpty } from "./folders";

const RECORD = /^\.(.+)\.files$/;
const PARTIAL = ".partial";

/** What is to stand in a file. */
export interface FileContent {
  readonly bytes: Buffer;
  readonly secret: boolean;
}

/** How a file is, beside how it is to be. */
export const FileCondition = {
  Same: "same",
  Missing: "missing",
  Other: "other",
} as const;

/** What stands in the way of a file. */
export interface Obstacle {
  /** Below the folder: the file's own path, or that of a folder above it. */
  readonly path: string;
  /** As in "conf.d is …". */
  readonly what: string;
}

/**
 * The files that one resource writes to a folder. A hidden record in the
 * folder, `.<record>.files`, says which they are: it is written before them, so
 * that a run that was killed knows its own files again.
 */
export class WrittenFiles {
  /** @param name of the record: of this resource and no other one, whatever stack that is in */
  constructor(
    readonly directory: string,
    private readonly name: string,
  ) {}

  /** Paths that this resource has written, or was about to. */
  own(): string[] {
    return readRecord(join(this.directory, recordName(this.name)));
  }

  /** Names of other resources' records, by the paths they write. */
  others(): Map<string, string> {
    const names = existsSync(this.directory) ? readdirSync(this.directory) : [];
    return new Map(
      names
        .filter((file) => RECORD.test(file) && file !== recordName(this.name))
        .flatMap((file) =>
          readRecord(join(this.directory, file)).map(
            (path): [string, string] => [path, RECORD.exec(file)?.[1] ?? file],
          ),
        ),
    );
  }

  /** What makes it impossible to write a file, or puts it elsewhere than in the folder. */
  obstacle(path: string, own: ReadonlySet<string>): Obstacle | undefined {
    for (const folder of foldersAbove(path)) {
      const status = statusOf(join(this.directory, folder));
      if (status?.isSymbolicLink() === true) {
        return { path: folder, what: "a symbolic link, and leads elsewhere" };
      }
      if (status?.isDirectory() === false && !own.has(folder)) {
        return { path: folder, what: "a file" };
      }
    }
    const file = join(this.directory, path);
    return statusOf(file)?.isDirectory() === true && !this.holdsOnly(path, own)
      ? { path, what: "a folder" }
      : undefined;
  }

  /** Whether a folder goes when these files do. */
  private holdsOnly(folder: string, own: ReadonlySet<string>): boolean {
    const entries = readdirSync(join(this.directory, folder), {
      withFileTypes: true,
    });
    return (
      entries.length > 0 &&
      entries.every((entry) => {
        const path = `${folder}/${entry.name}`;
        return entry.isDirectory()
          ? this.holdsOnly(path, own)
          : own.has(path.replace(/\.partial$/, ""));
      })
    );
  }

  /** How a file is; one with a secret is another where somebody else may read it. */
  condition(
    path: string,
    sha256: string,
    secret: boolean,
  ): (typeof FileCondition)[keyof typeof FileCondition] {
    const file = join(this.directory, path);
    const status = statusOf(file);
    if (status === undefined) {
      return FileCondition.Missing;
    }
    const isPrivate = !secret || (status.mode & 0o077) === 0;
    return isPrivate && status.isFile() && digestOfFile(file) === sha256
      ? FileCondition.Same
      : FileCondition.Other;
  }

  /** Writes all files, and takes away those of its own that are no longer wanted. */
  write(files: ReadonlyMap<string, FileContent>): void {
    const before = this.own();
    this.record([...new Set([...before, ...files.keys()])]);
    // First what goes: a file may be in the place of a folder that is to be, or the other way about.
    for (const path of before.filter((one) => !files.has(one))) {
      this.drop(path);
    }
    for (const [path, { bytes, secret }] of files) {
      this.put(path, bytes, secret ? 0o600 : 0o644);
    }
    this.record([...files.keys()]);
  }

  /**
   * Takes away what was written, but for files that are no longer as they were
   * written.
   *
   * @param digests SHA-256 by path
   * @returns the paths that stay
   */
  remove(digests: ReadonlyMap<string, string>): string[] {
    const kept: string[] = [];
    for (const path of new Set([...this.own(), ...digests.keys()])) {
      const sha256 = digests.get(path);
      if (
        sha256 !== undefined &&
        this.condition(path, sha256, false) === FileCondition.Other
      ) {
        kept.push(path);
      } else {
        this.drop(path);
      }
    }
    rmSync(join(this.directory, recordName(this.name)), { force: true });
    removeEmpty(this.directory);
    return kept;
  }

  private record(paths: readonly string[]): void {
    mkdirSync(this.directory, { recursive: true });
    this.put(
      recordName(this.name),
      Buffer.from(
        [...paths]
          .sort()
          .map((path) => `${path}\n`)
          .join(""),
      ),
      0o644,
    );
  }

  private put(path: string, bytes: Buffer, mode: number): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}${PARTIAL}`;
    // What a killed run has left may be for everybody to read, or lead elsewhere.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, bytes, { mode, flag: "wx", flush: true });
    // The mode above is less what the process masks.
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  }

  private drop(path: string): void {
    const file = join(this.directory, path);
    for (const one of [file, `${file}${PARTIAL}`]) {
      const status = statusOf(one);
      // A folder that somebody has made of it is not of this resource.
      if (status?.isDirectory() === false) {
        rmSync(one, { force: true });
      }
    }
    for (
      let folder = dirname(path);
      folder !== "." && removeEmpty(join(this.directory, folder));
      folder = dirname(folder)
    );
  }
}

/** The folders that a path leads through, the outermost first. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, end) => parts.slice(0, end + 1).join("/"));
}

/** Of bytes, lowercase hex. */
export function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** `undefined` where nobody may read it. */
function digestOfFile(file: string): string | undefined {
  try {
    return digestOf(readFileSync(file));
  } catch {
    return undefined;
  }
}

/** Of what is there itself, a link included; `undefined` where nothing is. */
function statusOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR"].includes(code)) {
      return undefined;
    }
    throw error;
  }
}

/** Is a path the name of a record? Such a file would be taken for one. */
export function isRecord(path: string): boolean {
  return RECORD.test(path);
}

function recordName(name: string): string {
  return `.${name.replace(/[^A-Za-z0-9._-]/g, "_")}.files`;
}

function readRecord(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, "utf8")
        // Git may have written it with the line ends of Windows.
        .split(/\r?\n/)
        .filter(Boolean)
    : [];
}
