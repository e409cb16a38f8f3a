import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Group } from "./material";
import { readContent } from "./material";

/** Larger than any file of certificates that somebody wrote on purpose. */
const MAXIMUM_SIZE = 32 * 1024 * 1024;

/** A path that was given and cannot be taken. */
export interface Unreadable {
  readonly name: string;
  readonly message: string;
}

/** The files of one folder that are to be read together. */
export interface Folder {
  readonly path: string;
  readonly files: readonly string[];
  /** Whether somebody named these files: then not being able to read one is a mistake. */
  readonly named: boolean;
}

/**
 * The folders below the paths, without reading a file: a fleet's directory has
 * a million of them. Files that are named on the command line and lie in one
 * folder are read together.
 */
export function findFolders(paths: readonly string[]): {
  readonly folders: Folder[];
  readonly unreadable: Unreadable[];
} {
  const named = new Map<string, string[]>();
  const folders: Folder[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) {
        folders.push(...below(path));
      } else {
        const folder = dirname(path);
        named.set(folder, [...(named.get(folder) ?? []), basename(path)]);
      }
    } catch (error) {
      unreadable.push({ name: path, message: reason(error) });
    }
  }
  return {
    folders: [
      ...[...named].map(([path, files]) => ({ path, files, named: true })),
      ...folders,
    ],
    unreadable,
  };
}

function below(path: string): Folder[] {
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  return [
    ...(files.length > 0 ? [{ path, files, named: false }] : []),
    ...entries
      .filter(
        (entry) =>
          entry.isDirectory() &&
          !entry.name.startsWith(".") &&
          entry.name !== "node_modules",
      )
      .flatMap(({ name }) => below(join(path, name))),
  ];
}

/** What the files of a folder hold: one group of the plain ones, and one for each Kubernetes object. */
export function readFolder({ path, files, named }: Folder): {
  readonly groups: Group[];
  readonly unreadable: Unreadable[];
} {
  const materials: { name: string; pem: string }[] = [];
  const groups: Group[] = [];
  const unreadable: Unreadable[] = [];
  for (const file of files) {
    const name = join(path, file);
    const { pem, objects = [], problem } = readFile(name);
    if (problem !== undefined && named) {
      unreadable.push({ name, message: problem });
    }
    if (pem !== undefined) {
      materials.push({ name: file, pem });
    }
    for (const object of objects) {
      groups.push({ ...object, name: `${name}: ${object.name}`, object: true });
    }
  }
  return {
    groups: [
      ...(materials.length > 0
        ? [{ name: path, materials, object: false }]
        : []),
      ...groups.filter((group) => group.materials.length > 0),
    ],
    unreadable,
  };
}

function readFile(name: string): ReturnType<typeof readContent> {
  try {
    return statSync(name).size > MAXIMUM_SIZE
      ? { problem: "is larger than 32 MiB, which no file of certificates is." }
      : readContent(name, readFileSync(name));
  } catch (error) {
    return { problem: reason(error) };
  }
}

/** Why a file cannot be read, without the path, which stands before it. */
export function reason(error: unknown): string {
  const code =
    typeof error === "object" && error !== null && "code" in error
      ? String(error.code)
      : "";
  switch (code) {
    case "ENOENT":
      return "is not there.";
    case "EACCES":
    case "EPERM":
      return "may not be read by this user.";
    default:
      return `cannot be read${code === "" ? "" : ` (${code})`}.`;
  }
}
