import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

/** A volume as a pod mounts it: its files, and the mode they are given. */
export interface MountedVolume {
  readonly mountPath: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly mode: number;
}

let writes = 0;

/**
 * Writes a volume as the kubelet does: the files in a folder of their own, the
 * link `..data` to it, and a link for each file that goes by way of `..data`.
 * At the next call the new folder takes the place of the old one in one step,
 * and no file of a volume is ever new beside another that is old.
 */
export function writeVolume({ mountPath, files, mode }: MountedVolume): void {
  mkdirSync(mountPath, { recursive: true });
  const data = join(mountPath, "..data");
  const before = target(data);
  writes += 1;
  const folder = join(mountPath, `..2026_11_21_00_00_00.${writes}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  }
  const link = join(mountPath, "..data_tmp");
  symlinkSync(basename(folder), link);
  renameSync(link, data);
  const present = new Set(readdirSync(mountPath));
  for (const name of Object.keys(files)) {
    if (!present.has(name)) {
      symlinkSync(join("..data", name), join(mountPath, name));
    }
  }
  for (const name of present) {
    if (!name.startsWith("..") && !Object.hasOwn(files, name)) {
      rmSync(join(mountPath, name));
    }
  }
  if (before !== undefined) {
    rmSync(join(mountPath, before), { recursive: true });
  }
}

function target(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
