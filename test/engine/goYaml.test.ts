import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { parse as parseYaml } from "yaml";

import { toGoYaml } from "../../engine/providers/goYaml";
import { parse, type PropertyValue } from "../../engine/values";

const vector = (name: string): string =>
  readFileSync(join(__dirname, "vectors", name), "utf8");

describe("rendered YAML", () => {
  test("is to the byte what the Kubernetes plugin renders", () => {
    const object = parse({
      apiVersion: "v1",
      kind: "ConfigMap",
      immutable: false,
      data: JSON.parse(vector("strings.json")) as unknown,
      metadata: {
        name: "strings",
        namespace: "ns",
        labels: {
          "10": "ten",
          "9": "nine",
          a10: "x",
          a9: "y",
          B: "b",
          _u: "u",
        },
      },
    });
    expect(toGoYaml(object as Record<string, PropertyValue>)).toBe(
      vector("rendered.txt"),
    );
  });

  test("reads back as what was rendered", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 120 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/), text),
        (data) => {
          expect(parseYaml(toGoYaml({ data }))).toEqual({ data });
        },
      ),
    );
  });

  test("shows lists and empty values as Go does", () => {
    expect(
      toGoYaml({ a: ["x", { b: 1, c: [] }, ["y"]], d: {}, e: null, f: true }),
    ).toBe('a:\n- x\n- b: 1\n  c: []\n- - "y"\nd: {}\ne: null\nf: true\n');
  });
});
