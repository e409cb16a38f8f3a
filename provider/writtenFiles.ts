import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
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

/**
 * The files that one resource writes to a folder. A hidden record in the
 * folder, `.<name>.files`, says which they are: it is written before them, so
 * that a run that was killed knows its own files again.
 */
export class WrittenFiles {
  /** @param name of the resource, as it was when it was made */
  constructor(
    readonly directory: string,
    private readonly name: string,
  ) {}

  /** Paths that this resource has written, or was about to. */
  own(): string[] {
    return readRecord(join(this.directory, recordName(this.name)));
  }

  /** Other resources' names, by the paths they write. */
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

  /** How a file is; one with a secret is another where somebody else may read it. */
  condition(
    path: string,
    sha256: string,
    secret: boolean,
  ): (typeof FileCondition)[keyof typeof FileCondition] {
    const file = join(this.directory, path);
    try {
      const { mode } = statSync(file);
      const isPrivate = !secret || (mode & 0o077) === 0;
      return isPrivate && digestOf(readFileSync(file)) === sha256
        ? FileCondition.Same
        : FileCondition.Other;
    } catch {
      return FileCondition.Missing;
    }
  }

  /** Writes all files, and takes away those of its own that are no longer wanted. */
  write(files: ReadonlyMap<string, FileContent>): void {
    const before = this.own();
    this.record([...new Set([...before, ...files.keys()])]);
    for (const [path, { bytes, secret }] of files) {
      this.put(path, bytes, secret ? 0o600 : 0o644);
    }
    for (const path of before.filter((one) => !files.has(one))) {
      this.drop(path);
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
    writeFileSync(temporary, bytes, { mode, flush: true });
    // The mode above counts for new files only, and less what the process masks.
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  }

  private drop(path: string): void {
    const file = join(this.directory, path);
    rmSync(file, { force: true });
    rmSync(`${file}${PARTIAL}`, { force: true });
    for (
      let folder = dirname(path);
      folder !== "." && removeEmpty(join(this.directory, folder));
      folder = dirname(folder)
    );
  }
}

/** Of bytes, lowercase hex. */
export function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
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
    ? readFileSync(file, "utf8").split("\n").filter(Boolean)
    : [];
}
