import {
  InputError,
  below,
  formatProblem,
  quote,
  uniqueProblems,
} from "../../pki/problem";

describe("a problem below another path", () => {
  test.each([
    ["subject", "commonName", "subject.commonName"],
    ["dnsNames", "[2]", "dnsNames[2]"],
    ["signer", "", "signer"],
    ["", "key", "key"],
    ["devices/demo.csv:4", "id", "devices/demo.csv:4.id"],
  ])("%p and %p make %p", (parent, path, expected) => {
    expect(below(parent, [{ path, message: "x" }])).toEqual([
      { path: expected, message: "x" },
    ]);
  });
});

test("a problem without a path is its message alone", () => {
  expect(formatProblem({ path: "", message: "is wrong." })).toBe("is wrong.");
  expect(formatProblem({ path: "a.b", message: "is wrong." })).toBe(
    "a.b: is wrong.",
  );
});

test("an error says all of its problems, one a line", () => {
  const problems = [
    { path: "a", message: "is wrong." },
    { path: "b", message: "is, too." },
  ];
  const error = new InputError(problems);
  expect(error.message).toBe("a: is wrong.\nb: is, too.");
  expect(error.problems).toEqual(problems);
});

test("each problem is said once, in the order of its first appearance", () => {
  const [a, b] = [
    { path: "a", message: "x" },
    { path: "b", message: "x" },
  ];
  expect(uniqueProblems([b, a, { ...b }, { ...a }])).toEqual([b, a]);
});

test.each([
  ["x", '"x"'],
  ['a"b', '"a\\"b"'],
  ["a\nb", '"a\\nb"'],
  [7, "7"],
  [undefined, "undefined"],
  [null, "null"],
  [Number.NaN, "NaN"],
  [Infinity, "Infinity"],
])("%p stands in a message as %s", (value, expected) => {
  expect(quote(value)).toBe(expected);
});

test("a long value is cut", () => {
  expect(quote("x".repeat(500)).length).toBe(121);
  expect(quote("x".repeat(500))).toMatch(/^"x+\.\.\."$/);
});
