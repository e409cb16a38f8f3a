import {
  owns,
  takenOver,
} from "../../../engine/providers/kubernetes/cluster/managers";
import type { PropertyMap } from "../../../engine/values";

const OURS = "pulumi-kubernetes-12345678";

function entry(
  manager: string,
  operation: string,
  fieldsV1: PropertyMap,
): PropertyMap {
  return { manager, operation, apiVersion: "v1", fieldsV1 };
}

function taken(
  entries: PropertyMap[],
  ...spoken: PropertyMap[]
): PropertyMap[] | undefined {
  return takenOver({ metadata: { managedFields: entries } }, OURS, spoken);
}

const data = (...names: string[]): PropertyMap => ({
  "f:data": {
    ".": {},
    ...Object.fromEntries(names.map((name) => [`f:${name}`, {}])),
  },
});

test("what was made by POST goes to whoever applies", () => {
  expect(
    taken([entry("pulumi-kubernetes", "Update", data("a", "b"))], {
      data: { a: "1", b: "2" },
    }),
  ).toEqual([entry(OURS, "Apply", data("a", "b"))]);
});

test("what the program spoke of before goes there, too, and can go from there", () => {
  expect(
    taken(
      [entry("pulumi-kubernetes", "Update", data("a", "b"))],
      { data: { a: "1" } },
      { data: { b: "2" } },
    ),
  ).toEqual([entry(OURS, "Apply", data("a", "b"))]);
});

test("what somebody added with kubectl stays theirs", () => {
  const own = entry(OURS, "Apply", { "f:data": { "f:a": {} } });
  expect(
    taken([own, entry("kubectl-edit", "Update", data("a", "theirs"))], {
      data: { a: "1" },
    }),
  ).toEqual([
    entry("kubectl-edit", "Update", data("theirs")),
    entry(OURS, "Apply", data("a")),
  ]);
  expect(
    taken([own, entry("kubectl-edit", "Update", data("theirs"))], {
      data: { a: "1" },
    }),
  ).toBeUndefined();
});

test("others and subresources are left alone", () => {
  const status = {
    ...entry("kubectl-edit", "Update", data("a")),
    subresource: "status",
  };
  expect(
    taken([entry("helm", "Update", data("a")), status], { data: { a: "1" } }),
  ).toBeUndefined();
});

test("a list goes as a whole", () => {
  const fields = { "f:spec": { "f:ports": { 'k:{"port":1}': { ".": {} } } } };
  expect(
    taken([entry("kubectl-patch", "Update", fields)], { spec: { ports: [] } }),
  ).toEqual([entry(OURS, "Apply", fields)]);
});

test("a field is owned where it or anything below it is", () => {
  const one = entry(OURS, "Apply", data("a"));
  expect(owns(one, ["data", "a"])).toBe(true);
  expect(owns(one, ["data"])).toBe(true);
  expect(owns(one, ["data", "b"])).toBe(false);
});
