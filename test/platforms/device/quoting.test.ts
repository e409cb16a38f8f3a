import { spawnSync } from "node:child_process";
import fc from "fast-check";
import {
  cString,
  javaProperty,
  pythonString,
  shellTemplate,
  shellWord,
} from "../../../platforms/device/quoting";
import { describeWith, findProgram } from "../../support/command";

/** Any text that an argument lets through, quotes and backslashes more often than not. */
const TEXT = fc
  .array(
    fc.oneof(
      fc.constantFrom(...Array.from("'\"\\$`!?#=: {}%*~\n0")),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join("").replaceAll(/\0|\r/g, ""));

test("a shell sees a word as it was, whatever it holds", () => {
  fc.assert(
    fc.property(fc.array(TEXT, { minLength: 1, maxLength: 40 }), (texts) => {
      const { stdout } = spawnSync(
        "/bin/sh",
        ["-c", `printf '%s\\0' ${texts.map(shellWord).join(" ")}`],
        { encoding: "utf8" },
      );
      expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
    }),
    { numRuns: 30 },
  );
});

test("a template's {id} is a shell's variable, and nothing else is", () => {
  fc.assert(
    fc.property(TEXT, TEXT, TEXT, (before, after, id) => {
      const { stdout } = spawnSync(
        "/bin/sh",
        [
          "-c",
          `printf '%s\\0' ${shellTemplate(`${before}{id}${after}`, "ID")}`,
        ],
        { encoding: "utf8", env: { ID: id } },
      );
      // Another {id} in one of them counts as well.
      expect(stdout).toBe(
        `${`${before}{id}${after}`.replaceAll("{id}", () => id)}\0`,
      );
    }),
    { numRuns: 30 },
  );
});

test("Python reads a string as it was", () => {
  expect(pythonString('a"b\\c\nd')).toBe('"a\\"b\\\\c\\nd"');
});

test("a property is one line, and read as java.util.Properties reads it", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const value = javaProperty(text);
      expect(value).toMatch(/^[\x20-\x7e]*$/);
      expect(value.startsWith(" ")).toBe(false);
      const read = value.replaceAll(
        /\\u([0-9a-f]{4})|\\(.)/g,
        (_, code?: string, one?: string) =>
          code === undefined
            ? ({ n: "\n", r: "\r", t: "\t" }[one ?? ""] ?? one ?? "")
            : String.fromCharCode(parseInt(code, 16)),
      );
      expect(read).toBe(text);
    }),
  );
});

describeWith(
  { name: "gcc", path: findProgram("gcc") },
  "apt-get install gcc",
  "a C compiler",
  (gcc) => {
    test("reads a string as it was, trigraphs and all", () => {
      fc.assert(
        fc.property(fc.array(TEXT, { maxLength: 30 }), (texts) => {
          const { stderr, stdout } = spawnSync(
            gcc,
            [
              "-std=c99",
              "-trigraphs",
              "-Wall",
              "-Werror",
              "-x",
              "c",
              "-E",
              "-",
            ],
            { input: texts.map(cString).join("\n"), encoding: "utf8" },
          );
          expect(stderr).toBe("");
          // Preprocessed: trigraphs are replaced by now, and escapes are not read yet.
          const lines = stdout
            .split("\n")
            .filter((line) => line.startsWith('"'));
          expect(lines.map(readCString)).toEqual(texts);
        }),
        { numRuns: 20 },
      );
    });
  },
);

/** Escapes by C99 §6.4.4.4. */
function readCString(literal: string): string {
  const octets: number[] = [];
  for (const [, octal, escaped, plain] of literal
    .slice(1, -1)
    .matchAll(/\\([0-7]{1,3})|\\(.)|([^])/g)) {
    octets.push(
      octal !== undefined
        ? parseInt(octal, 8)
        : ((escaped === "n" ? "\n" : (escaped ?? plain))?.charCodeAt(0) ?? 0),
    );
  }
  return Buffer.from(octets).toString("utf8");
}
