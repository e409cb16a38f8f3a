import { join } from "node:path";
import * as fc from "fast-check";
import {
  checkNamePattern,
  deviceNameOf,
  escapeCommonName,
} from "../../../platforms/thingsBoard/namePattern";
import { describeWith, findProgram, runCommand } from "../../support/command";
import { ROOT } from "../../support/fleet";
import { mavenJars } from "../../support/maven";

const FINE = { problems: [], unchecked: [], notes: [] };

test.each([
  ["(.*)", "pump-1.example.com", "pump-1.example.com"],
  ["(.*)\\.example\\.com", "pump-1.example.com", "pump-1"],
  // find(), not matches(): a match anywhere will do.
  ["(pump-\\d+)", "the pump-17 of hall 3", "pump-17"],
  ["^device:([a-z]+)$", "device:abc", "abc"],
  ["(?:urn:)?([^:]+)", "urn:abc:def", "abc"],
  ["(?<name>[^.]+)\\.", "a.b", "a"],
  ["(a)|b", "b", undefined],
  ["(x*)", "abc", undefined],
  ["(.*)\\.company\\.com", "pump-1.example.com", undefined],
])("%s within %s names %s", (pattern, commonName, name) => {
  expect(checkNamePattern(pattern)).toEqual(FINE);
  expect(deviceNameOf(pattern, commonName)).toBe(name);
});

test.each([
  ["", /is empty; write one such as "\(\.\*\)"/],
  [".*", /has no capturing group, .* such as "\(\.\*\)"/],
  ["(?:.*)\\(", /has no capturing group/],
  ["[(]", /has no capturing group/],
  ["(.*", /is no pattern \(Unterminated group\)/],
  ["(a[])", /an empty class/],
  ["([^])", /an empty class/],
  ["(\\u{61})", /\\u\{/],
  ["(a)\\y", /a backslash before a letter/],
  ["(?<a_b>.*)", /a name of a group/],
  ["(a{)", /a brace that counts nothing/],
])("%s is refused", (pattern, why) => {
  const { problems, notes } = checkNamePattern(pattern);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(why);
  expect(notes).toEqual([]);
});

test.each([
  ["(?i)(.*)", /flags such as/],
  ["(.*+)", /possessive/],
  ["\\Q(\\E(.*)", /quotes by/],
  ["(\\p{Alpha}+)", /classes by/],
  ["([a-z&&[^b]]+)", /classes within classes/],
  ["(?>a)(b)", /atomic/],
  ["\\A(.*)\\z", /escapes/],
  ["(.*)\\1", /references to groups/],
  ["(.*)+", /a group that is repeated/],
  ["(?:(a)|b)*", /a group that is repeated/],
])("%s is Java's alone, which is told", (pattern, why) => {
  const { problems, unchecked } = checkNamePattern(pattern);
  expect(problems).toEqual([]);
  expect(unchecked).toHaveLength(1);
  expect(unchecked[0]).toMatch(why);
});

test("a second group is told", () => {
  expect(checkNamePattern("(a)(b)").notes).toEqual([
    expect.stringMatching(/has 2 groups; ThingsBoard takes the first alone/),
  ]);
});

test.each([
  ["pump-1", "pump-1"],
  ["a,b+c=d", "a\\,b\\+c\\=d"],
  ['"<>;\\', '\\"\\<\\>\\;\\\\'],
  ["#1", "\\#1"],
  ["a#1", "a#1"],
  ["  a b  ", "\\ \\ a b\\ \\ "],
])("the common name %j stands as %j before the pattern", (name, escaped) => {
  expect(escapeCommonName(name)).toBe(escaped);
});

const java = findProgram("java");
describeWith(
  { name: "java", path: java },
  "apt-get install default-jdk-headless",
  "Java's own patterns",
  (program) => {
    const source = join(ROOT, "test/interop/programs/java/NamePattern.java");
    const encode = (text: string): string =>
      Buffer.from(text).toString("base64");
    const ask = async (
      pairs: readonly (readonly [string, string])[],
    ): Promise<string[]> => {
      const { code, stdout, stderr } = await runCommand(program, [source], {
        input: pairs.map((pair) => `${pair.map(encode).join(" ")}\n`).join(""),
      });
      expect([code, stderr]).toEqual([0, ""]);
      return stdout
        .trimEnd()
        .split("\n")
        .map((line) =>
          line.startsWith("=")
            ? Buffer.from(line.slice(1), "base64").toString()
            : line === "null" || line === "-"
              ? ""
              : line,
        );
    };

    test("give the names that are told here, for what is let pass without a word", async () => {
      const piece = fc.constantFrom(
        ..."( ) [ ] { } * + ? . ^ $ | \\ a b 1 - _ , = < : ! # & Q E d w s p u x A z k".split(
          " ",
        ),
        "(.*)",
        "(?:",
        "(?<n>",
        "(?=",
        "(?!",
        "[^a]",
        "\\.",
        "\\d",
        "{2}",
        "{1,}",
        "[a-c]",
        "*?",
      );
      const pattern = fc
        .array(piece, { minLength: 1, maxLength: 8 })
        .map((pieces) => pieces.join(""));
      const name = fc
        .array(fc.constantFrom(..."ab1-._@/".split("")), {
          minLength: 1,
          maxLength: 8,
        })
        .map((letters) => letters.join(""));
      const pairs = fc
        .sample(fc.tuple(pattern, name), { numRuns: 60_000, seed: 9 })
        .filter(([text]) => {
          const { problems, unchecked } = checkNamePattern(text);
          return problems.length === 0 && unchecked.length === 0;
        });
      expect(pairs.length).toBeGreaterThan(1_500);
      const answers = await ask(pairs);
      const differing = pairs.flatMap(([text, commonName], index) => {
        const ours = deviceNameOf(text, commonName) ?? "";
        return ours === answers[index]
          ? []
          : [{ text, commonName, ours, java: answers[index] }];
      });
      expect(differing.slice(0, 30)).toEqual([]);
    });

    test("refuse what is refused here for Java's sake, and take what is Java's alone", async () => {
      const refused = [
        "(.*",
        "(a[])",
        "(\\u{61})",
        "(a)\\y",
        "(?<a_b>.*)",
        "(a{)",
      ];
      const alone = [
        "(?i)(.*)",
        "(.*+)",
        "\\Q(\\E(.*)",
        "(\\p{Alpha}+)",
        "(?>a)(b)",
      ];
      const answers = await ask(
        [...refused, ...alone].map((text) => [text, "ab"]),
      );
      expect(answers.slice(0, refused.length)).toEqual(refused.map(() => "!"));
      expect(answers.slice(refused.length)).not.toContain("!");
    });
  },
);

const jars = mavenJars(
  join(ROOT, "test/interop/programs/java/bouncycastle.lock"),
);
describeWith(
  {
    name: java === undefined ? "java" : "BouncyCastle",
    path: jars.paths === undefined ? undefined : java,
  },
  jars.paths === undefined
    ? jars.reason
    : "apt-get install default-jdk-headless",
  "BouncyCastle's own text of a common name",
  (program) => {
    test("is the one that stands before the pattern here", async () => {
      const letters = Array.from('aB1.-_@/:,+=;"<>\\# äé');
      const names = fc.sample(
        fc
          .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 10 })
          .map((some) => some.join("")),
        { numRuns: 3_000, seed: 9 },
      );
      const source = join(ROOT, "test/interop/programs/java/CommonName.java");
      const { code, stdout, stderr } = await runCommand(
        program,
        ["-cp", jars.paths === undefined ? "" : jars.classPath, source],
        {
          input: names
            .map((name) => `${Buffer.from(name).toString("base64")}\n`)
            .join(""),
        },
      );
      expect([code, stderr]).toEqual([0, ""]);
      const theirs = stdout
        .trimEnd()
        .split("\n")
        .map((line) => Buffer.from(line, "base64").toString());
      const differing = names.flatMap((name, index) =>
        escapeCommonName(name) === theirs[index]
          ? []
          : [{ name, ours: escapeCommonName(name), theirs: theirs[index] }],
      );
      expect(differing.slice(0, 10)).toEqual([]);
    });
  },
);
