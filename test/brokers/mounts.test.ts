import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeVolume } from "./mounts";

test("a volume is replaced as a whole, and its files are links through one that is", () => {
  const mountPath = mkdtempSync(join(tmpdir(), "mqtt-pki-volume-"));
  try {
    writeVolume({ mountPath, mode: 0o440, files: { a: "1", gone: "1" } });
    const before = statSync(join(mountPath, "a")).ino;
    writeVolume({ mountPath, mode: 0o440, files: { a: "2", b: "2" } });
    expect(readFileSync(join(mountPath, "a"), "utf8")).toBe("2");
    expect(statSync(join(mountPath, "a")).mode & 0o777).toBe(0o440);
    // Another file, not other bytes in the same one: who watches an inode sees nothing.
    expect(statSync(join(mountPath, "a")).ino).not.toBe(before);
    const [folder, ...names] = readdirSync(mountPath).sort();
    expect(folder).toMatch(/^\.\.\d{4}_/);
    expect(names).toEqual(["..data", "a", "b"]);
    for (const name of names) {
      expect(lstatSync(join(mountPath, name)).isSymbolicLink()).toBe(true);
    }
  } finally {
    rmSync(mountPath, { recursive: true });
  }
});
