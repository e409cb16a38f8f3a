import * as fc from "fast-check";

import { coversKey, parsePath, resetPath } from "../../engine/propertyPath";

describe("property paths", () => {
  test.each([
    ["a", ["a"]],
    ["a.b[0].c", ["a", "b", 0, "c"]],
    ['a["b.c"].d', ["a", "b.c", "d"]],
    ['["x\\"y"]', ['x"y']],
    ["a.*", ["a", "*"]],
    ["a[*].b", ["a", "*", "b"]],
  ])("%s is read", (path, steps) => {
    expect(parsePath(path)).toEqual(steps);
  });

  test("put back what is to be ignored, and nothing else", () => {
    const olds = { a: 1, m: { x: 1, y: 2 }, l: [{ n: 1 }, { n: 2 }] };
    const news = { a: 9, m: { x: 9, y: 9 }, l: [{ n: 8 }, { n: 9 }], z: 9 };
    expect(resetPath(news, olds, "a")).toEqual({ ...news, a: 1 });
    expect(resetPath(news, olds, "m.x")).toEqual({
      ...news,
      m: { x: 1, y: 9 },
    });
    expect(resetPath(news, olds, "l[1].n")).toEqual({
      ...news,
      l: [{ n: 8 }, { n: 2 }],
    });
    expect(resetPath(news, olds, "l[*].n")).toEqual({
      ...news,
      l: [{ n: 1 }, { n: 2 }],
    });
    // What is new is taken out again, what is gone comes back.
    expect(resetPath(news, olds, "z")).toEqual({ a: 9, m: news.m, l: news.l });
    expect(resetPath({}, olds, "a")).toEqual({ a: 1 });
    expect(resetPath(news, olds, "*")).toEqual(olds);
  });

  test("leave the new properties themselves alone", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a", "b"), fc.integer()),
        (olds) => {
          const news = Object.freeze({ a: 1, b: Object.freeze({ c: 2 }) });
          expect(resetPath(news, olds, "b.c")).toEqual(news);
          expect(resetPath(news, olds, "a").a).toBe(olds.a);
        },
      ),
    );
  });

  test("cover a top-level property", () => {
    expect(coversKey("subject.commonName", "subject")).toBe(true);
    expect(coversKey("*", "anything")).toBe(true);
    expect(coversKey("a", "b")).toBe(false);
  });
});
