import * as fc from "fast-check";

import {
  changedPaths,
  covers,
  ignoreChanges,
  parsePath,
} from "../../engine/propertyPath";
import { type PropertyMap, secret } from "../../engine/values";

function resetPath(
  news: PropertyMap,
  olds: PropertyMap,
  path: string,
): PropertyMap {
  return ignoreChanges(news, olds, [path]).inputs;
}

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

  test.each([
    // Where there is nothing to put a value into or take it from, the path cannot be ignored.
    ["m.x", { m: { x: 1 } }, { m: 1 }, { m: 1 }, false],
    ["m.x", {}, { m: { x: 1 } }, { m: {} }, true],
    ["m.x.y", {}, { m: { x: { y: 1 } } }, { m: { x: { y: 1 } } }, false],
    ["m.x.y", { m: { x: {} } }, { m: {} }, { m: {} }, false],
    ["l[1]", { l: [1] }, { l: [3, 4] }, { l: [3, 4] }, false],
    ["l[5]", { l: [1] }, { l: [3] }, { l: [3] }, true],
    ["l[*]", { l: [1, 2] }, { l: [3] }, { l: [1] }, false],
    ["l.0", { l: [1] }, { l: [3] }, { l: [3] }, true],
    ["gone.away", {}, { a: 1 }, { a: 1 }, true],
    [
      "m.*.n",
      { m: { a: { n: 1 } } },
      { m: { a: { n: 2 }, b: 3 } },
      { m: { a: { n: 1 }, b: 3 } },
      true,
    ],
  ])("%s from %j to %j", (path, olds, news, inputs, succeeds) => {
    expect(ignoreChanges(news, olds, [path])).toEqual({
      inputs,
      failed: succeeds ? [] : [path],
    });
  });

  test("reach into secrets, and keep secret what was", () => {
    const olds = { m: secret({ x: 1 }), n: { x: 1 } };
    const news = { m: { x: 2 }, n: secret({ x: 2 }) };
    expect(ignoreChanges(news, olds, ["m.x", "n.x"]).inputs).toEqual({
      m: { x: secret(1) },
      n: secret({ x: 1 }),
    });
  });

  test("leave the new properties themselves alone", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a", "b"), fc.integer()),
        (olds) => {
          const news = Object.freeze({ a: 1, b: Object.freeze({ c: 2 }) });
          // What is not in the old ones at this place is not in the result.
          expect(resetPath(news, olds, "b.c")).toEqual({ a: 1, b: {} });
          expect(resetPath(news, olds, "a").a).toBe(olds.a);
          expect(news).toEqual({ a: 1, b: { c: 2 } });
        },
      ),
    );
  });

  test("cover a place and what is in it", () => {
    expect(covers("subject", "subject.commonName")).toBe(true);
    expect(covers("subject.commonName", "subject")).toBe(false);
    expect(covers("subject.commonName", "subject.country")).toBe(false);
    expect(covers("*", "anything")).toBe(true);
    expect(covers("list[*].name", "list[3].name")).toBe(true);
    expect(covers("list[*].name", "list")).toBe(false);
    expect(covers("a", "b")).toBe(false);
  });

  test("say where two values differ", () => {
    expect(
      changedPaths(
        { a: 1, b: { c: [1, 2], "x.y": 1 }, d: secret(1), same: [{}] },
        { b: { c: [1, 3, 4], "x.y": 2 }, d: 1, same: [{}] },
      ),
    ).toEqual(["a", "b.c[1]", "b.c[2]", 'b["x.y"]', "d"]);
  });
});
