import { differencesOf } from "../../../engine/providers/kubernetes/cluster/difference";
import { fixedMembers } from "../../../engine/providers/kubernetes/cluster/fixedMembers";
import { pruned } from "../../../engine/providers/kubernetes/cluster/prune";
import { KINDS } from "../../../engine/providers/kubernetes/kinds";
import { type PropertyMap, UNKNOWN } from "../../../engine/values";

const MUTABLE = { secretMutable: true, configMapMutable: true };
const FIXED = { secretMutable: false, configMapMutable: false };

function fixed(
  type: string,
  inputs: PropertyMap,
  settings = MUTABLE,
): string[] {
  const kind = KINDS.get(type);
  return kind === undefined ? [] : fixedMembers(kind, inputs, settings);
}

test("differences are as deep as they can be", () => {
  expect(
    differencesOf(
      { data: { "tls.crt": "1", gone: "x" }, list: [{ a: 1 }, 2] },
      { data: { "tls.crt": "2" }, list: [{ a: 2 }], type: "t" },
      ["type"],
    ),
  ).toEqual([
    { path: 'data["tls.crt"]', isReplacing: false },
    { path: "data.gone", isReplacing: false },
    { path: "list[0].a", isReplacing: false },
    { path: "list[1]", isReplacing: false },
    { path: "type", isReplacing: true },
  ]);
});

test.each([
  ["a change below it", { spec: { a: { b: 1 } } }, { spec: { a: { b: 2 } } }],
  ["a value above it", {}, { spec: { a: 1 } }],
  ["its removal", { spec: { a: 1 } }, { spec: {} }],
  ["an unknown value", { spec: { a: 1 } }, { spec: { a: UNKNOWN } }],
])("a fixed member is changed by %s", (_, before, after) => {
  const [difference] = differencesOf(before, after, ["spec.a"]);
  expect(difference?.isReplacing).toBe(true);
});

test.each([
  ["another member", { spec: { b: 1 } }, { spec: { b: 2 } }],
  ["what is above it becoming unknown", { spec: {} }, { spec: UNKNOWN }],
  ["what is above it going", { spec: { a: 1 } }, {}],
])("a fixed member is not changed by %s", (_, before, after) => {
  const [difference] = differencesOf(before, after, ["spec.a"]);
  expect(difference?.isReplacing).toBe(false);
});

test.each([
  ["core/v1:Secret", {}, FIXED, ["type", "stringData", "data"]],
  ["core/v1:Secret", {}, MUTABLE, ["type"]],
  [
    "core/v1:Secret",
    { immutable: true },
    MUTABLE,
    ["type", "stringData", "data"],
  ],
  ["core/v1:ConfigMap", {}, FIXED, ["binaryData", "data"]],
  ["core/v1:ConfigMap", {}, MUTABLE, []],
  ["core/v1:Namespace", {}, FIXED, []],
  ["apps/v1:DeploymentPatch", {}, FIXED, []],
])(
  "%s of %j has members that do not change",
  (type, inputs, settings, members) => {
    expect(fixed(`kubernetes:${type}`, inputs, settings)).toEqual([
      "metadata.name",
      "metadata.namespace",
      ...members,
    ]);
  },
);

test("of a live object only that is looked at of which the program speaks", () => {
  expect(
    pruned(
      {
        metadata: { name: "n", uid: "u", labels: { ours: "1", theirs: "2" } },
        data: { a: "drifted", theirs: "x" },
        list: [{ a: 1, b: 2 }, { a: 3 }],
        status: {},
      },
      {
        metadata: { name: "n", labels: { ours: "1" } },
        data: { a: "1" },
        list: [{ a: 1 }],
      },
    ),
  ).toEqual({
    metadata: { name: "n", labels: { ours: "1" } },
    data: { a: "drifted" },
    list: [{ a: 1 }],
  });
});
