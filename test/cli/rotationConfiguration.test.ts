import type { Change } from "../../cli/rotation/change";
import {
  editConfiguration,
  findAuthority,
} from "../../cli/rotation/configurationFile";
import { unifiedDiff } from "../../cli/rotation/unifiedDiff";

const KEY = "demo:root";
const STAGE: Change = {
  states: {},
  added: { 2027: { state: "staged", subject: { commonName: "B: 2027" } } },
};
const ACTIVATE: Change = {
  states: { a: "retiring", 2027: "active" },
  added: {},
};

describe("a change of the configuration", () => {
  test.each<[string, string, Change, string]>([
    [
      "entries in a style of their own, comments behind them, no line break at the end",
      `config:\n    demo:root: # root\n        subject: {commonName: A}\n        generations:\n            a:   { state: active } # first`,
      STAGE,
      `config:\n    demo:root: # root\n        subject: {commonName: A}\n        generations:\n            a:   { state: active } # first\n            "2027":\n              state: staged\n              subject:\n                commonName: "B: 2027"`,
    ],
    [
      "states in quotes, and an id that is a number in YAML",
      `config:\n  demo:root:\n    generations:\n      a: {state: 'active',  subject: {commonName: A}}\n      2027:\n        state:   "staged"   # until May\n`,
      ACTIVATE,
      `config:\n  demo:root:\n    generations:\n      a: {state: retiring,  subject: {commonName: A}}\n      2027:\n        state:   active   # until May\n`,
    ],
    [
      "all in one line",
      `config: {"demo:root": {subject: {commonName: A}, generations: {a: {state: active}}}} # all\n`,
      STAGE,
      `config: {"demo:root": {subject: {commonName: A}, generations: {a: {state: active}, "2027": { state: staged, subject: { commonName: "B: 2027" } }}}} # all\n`,
    ],
    [
      "line breaks of Windows, and a text over several lines at the end",
      `config:\r\n  demo:root:\r\n    subject:\r\n      commonName: A\r\n    acknowledge:\r\n      - rule: I4\r\n        reason: >\r\n          all\r\n          replaced\r\n  # next\r\n  other: 1\r\n`,
      { states: {}, added: { a: { state: "active" } } },
      `config:\r\n  demo:root:\r\n    subject:\r\n      commonName: A\r\n    acknowledge:\r\n      - rule: I4\r\n        reason: >\r\n          all\r\n          replaced\r\n    generations:\r\n      a:\r\n        state: active\r\n  # next\r\n  other: 1\r\n`,
    ],
    [
      "an empty list of generations",
      `config:\n  demo:root:\n    subject: {commonName: A}\n    generations: {}\n`,
      { states: {}, added: { a: { state: "active" } } },
      `config:\n  demo:root:\n    subject: {commonName: A}\n    generations: { a: { state: active } }\n`,
    ],
  ])("%s", (_title, text, change, edited) => {
    expect(editConfiguration(text, KEY, change)).toBe(edited);
  });

  test("what two CAs share is not changed for both", () => {
    const text = `config:\n  demo:root: &root\n    generations: {a: {state: active}}\n  demo:other: *root\n`;
    const change = { states: { a: "retiring" }, added: {} };
    expect(editConfiguration(text, KEY, change)).toBeUndefined();
  });
});

describe("finding a CA", () => {
  const find = (text: string, name = "my-root", key?: string) =>
    findAuthority("x.yaml", text, "demo", name, key)?.key;

  test("by its spelling, in the project's own namespace first, or by the key the user names", () => {
    const text = `config:\n  other:myRoot: {subject: {commonName: A}}\n  demo:my_root: {generations: {a: {state: active}}}\n  demo:target: render\n`;
    expect(find(text)).toBe("demo:my_root");
    expect(find(text, "my-root", "other:myRoot")).toBe("other:myRoot");
    expect(find(text, "target")).toBeUndefined();
    expect(find("", "target")).toBeUndefined();
  });

  test("not where several fit, or the text is none", () => {
    const entry = "{subject: {commonName: A}}";
    expect(() =>
      find(`config:\n  demo:myRoot: ${entry}\n  demo:my-root: ${entry}\n`),
    ).toThrow("has several keys for my-root: demo:myRoot, demo:my-root");
    expect(() => find("config: [")).toThrow("x.yaml is no YAML");
  });
});

describe("unified diff", () => {
  test("hunks of their own for changes far apart, and the missing line break", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`);
    const old = lines.join("");
    const fresh = [
      ...lines.slice(0, 2),
      "new\n",
      ...lines.slice(2, 18),
      "19!\n",
      "20",
    ].join("");
    expect(unifiedDiff("x", old, fresh)).toBe(`--- a/x
+++ b/x
@@ -1,5 +1,6 @@
 1
 2
+new
 3
 4
 5
@@ -16,5 +17,5 @@
 16
 17
 18
-19
-20
+19!
+20
\\ No newline at end of file
`);
  });

  test("of equal texts, of nothing, and to nothing", () => {
    expect(unifiedDiff("x", "a\n", "a\n")).toBe("");
    expect(unifiedDiff("/x", "", "a\n")).toBe(
      "--- /x\n+++ /x\n@@ -0,0 +1,1 @@\n+a\n",
    );
    expect(unifiedDiff("x", "a\n", "")).toBe(
      "--- a/x\n+++ b/x\n@@ -1,1 +0,0 @@\n-a\n",
    );
  });
});
