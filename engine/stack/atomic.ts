import { randomBytes } from "node:crypto";
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { hasCode } from "../errors";

/**
 * Writes a file so that a reader, or a crash, sees the old content or the new one and nothing between.
 * The file is readable by its owner only; so are folders made for it.
 */
export async function writeFileAtomic(
  path: string,
  content: string,
  mode = 0o600,
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * Keeps a file as it is under a second name, in the place of what had that name before; no file, no copy.
 * Only for files that are replaced and never changed: the two share their bytes until then, where the platform can.
 */
export async function keepCopy(path: string, copy: string): Promise<void> {
  const temporary = temporaryName(copy);
  try {
    try {
      await link(path, temporary);
    } catch (error) {
      if (hasCode(error, "ENOENT")) {
        return;
      }
      // A file system without links.
      await copyFile(path, temporary);
    }
    await rename(temporary, copy);
  } finally {
    // Renaming one name of a file to another one of it does nothing, not even take the first away.
    await rm(temporary, { force: true });
  }
}

/** Makes a rename last through a power cut, where the platform can (Windows cannot open a folder). */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") {
    return;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

/**
 * Removes what writes of a file have left that were killed half-way: nobody would look for a key in such a file.
 * Only while nobody else can be writing it.
 */
export async function removeUnfinished(path: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(dirname(path));
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return;
    }
    throw error;
  }
  const [prefix, suffix] = [`${basename(path)}.`, /^[0-9a-f]{12}\.tmp$/];
  const unfinished = names.filter(
    (name) => name.startsWith(prefix) && suffix.test(name.slice(prefix.length)),
  );
  await Promise.all(
    unfinished.map((name) => rm(join(dirname(path), name), { force: true })),
  );
}
