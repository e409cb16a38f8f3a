import { findFolders, readFolder } from "./files";
import type { Folder, Unreadable } from "./files";
import type { Judgement, Measure } from "./judging";
import { judgeGroup } from "./judging";
import { Pool } from "./sorting";

/** Whoever wants to know how far it is. */
export type Progress = (done: number, total: number) => void;

/**
 * Judges everything below the paths, folder by folder, so that a fleet's
 * directory never stands in memory as a whole.
 *
 * @param paths files and folders
 * @param take is given one judgement at a time
 * @returns the paths that cannot be read
 */
export async function verifyPaths(
  paths: readonly string[],
  measure: Measure,
  take: (judgement: Judgement) => void,
  progress: Progress,
): Promise<Unreadable[]> {
  const { folders, unreadable } = findFolders(paths);
  // What hangs above everything else stands outside of the devices' own folders.
  const pool = new Pool(
    folders
      .filter((folder) => !isDeviceFolder(folder))
      .flatMap((folder) => readFolder(folder).groups),
  );
  for (const [index, folder] of folders.entries()) {
    progress(index, folders.length);
    const content = readFolder(folder);
    unreadable.push(...content.unreadable);
    for (const group of content.groups) {
      for (const judgement of await judgeGroup(group, pool, measure)) {
        take(judgement);
      }
    }
  }
  return unreadable;
}

/** A folder as our batches write it; see provider/outputDirectory.ts. */
export function isDeviceFolder({ files, named }: Folder): boolean {
  return (
    !named &&
    files.length <= 3 &&
    files.every((name) => ["cert.pem", "chain.pem", "key.pem"].includes(name))
  );
}
