import {
  accessSync,
  constants,
  existsSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";

/** Why nothing can be written to a folder, which need not be there; empty where it can. Touches nothing. */
export function folderProblems(path: string, folder: string): Problem[] {
  let existing = folder;
  while (!existsSync(existing)) {
    existing = dirname(existing);
  }
  if (!statSync(existing).isDirectory()) {
    return [
      {
        path,
        message: `${quote(folder)} cannot be a folder: ${quote(existing)} is a file; name another.`,
      },
    ];
  }
  try {
    accessSync(existing, constants.W_OK | constants.R_OK | constants.X_OK);
    return [];
  } catch {
    return [
      {
        path,
        message: `${quote(folder)} cannot be read and written: ${quote(existing)} does not let this user; change its mode or name another.`,
      },
    ];
  }
}

/** Removes a folder in which nothing is; answers whether it did. */
export function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    // Not empty, or gone already: not ours to remove.
    return false;
  }
}
