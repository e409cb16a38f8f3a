import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  keepCopy,
  removeUnfinished,
  writeFileAtomic,
} from "../../engine/stack/atomic";

describe("files that are replaced whole", () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-atomic-"));
  const file = join(folder, "deep", "state.json");

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("are their owner's alone and leave nothing beside them", async () => {
    await writeFileAtomic(file, "one");
    await writeFileAtomic(file, "two");
    expect(readFileSync(file, "utf8")).toBe("two");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "deep"))).toEqual(["state.json"]);
  });

  test("keep their former self as a copy that later writes do not reach", async () => {
    const copy = `${file}.bak`;
    for (const text of ["three", "four"]) {
      const before = readFileSync(file, "utf8");
      await keepCopy(file, copy);
      // A write that fails after this leaves both names on the same bytes.
      await keepCopy(file, copy);
      await writeFileAtomic(file, text);
      expect(readFileSync(copy, "utf8")).toBe(before);
    }
    expect(readdirSync(join(folder, "deep"))).toEqual([
      "state.json",
      "state.json.bak",
    ]);
    await keepCopy(join(folder, "nothing"), join(folder, "copy"));
    expect(existsSync(join(folder, "copy"))).toBe(false);
  });

  test("lose what killed writes left, and nothing else", async () => {
    const left = `${file}.0123456789ab.tmp`;
    const others = [
      `${file}.notes.tmp`,
      join(folder, "deep", "other.json.0123456789ab.tmp"),
    ];
    [left, ...others].forEach((path) => {
      writeFileSync(path, "");
    });
    await removeUnfinished(file);
    expect(existsSync(left)).toBe(false);
    expect(others.every((path) => existsSync(path))).toBe(true);
    expect(existsSync(file)).toBe(true);
    await removeUnfinished(join(folder, "nowhere", "file"));
  });
});
