import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Where our programs' sources are. */
export const PROGRAMS = join(__dirname, "..", "programs");

/**
 * A folder with something built from sources, which is built once for each
 * state of them. It lies outside the checkout, where compiled programs have
 * no place.
 *
 * @param key what else the result depends on, such as the compiler
 * @throws whatever `build` throws; then nothing is kept
 */
export function built(
  name: string,
  sources: readonly string[],
  key: string,
  build: (folder: string) => void,
): string {
  const folder = placeOf(name, sources, key);
  if (existsSync(folder)) {
    return folder;
  }
  const unfinished = mkdtempSync(join(dirname(folder), "unfinished-"));
  try {
    build(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another test file may have been faster.
    if (!existsSync(folder)) {
      throw error;
    }
  }
  return folder;
}

/** The folder that such a thing is in, once it is built. */
export function placeOf(
  name: string,
  sources: readonly string[],
  key: string,
): string {
  const hash = createHash("sha256").update(key);
  for (const source of sources) {
    hash.update(readFileSync(source));
  }
  return join(cacheFolder(), `${name}-${hash.digest("hex").slice(0, 16)}`);
}

function cacheFolder(): string {
  const home = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(home, "mqtt-pki", "interop");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return mkdtempSync(join(tmpdir(), "mqtt-pki-interop-"));
  }
}
