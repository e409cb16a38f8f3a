import { otherCluster } from "../../cluster/identity";

const known = { clusterUid: "c1", namespaceUids: { mqtt: "m1", edge: "e1" } };
const blind = { ...known, clusterUid: "" };
const found = { ...blind, missing: [] as string[] };

test.each([
  ["the same cluster", known, { ...known, missing: [] }, false],
  [
    "the same cluster, its namespaces made anew",
    known,
    { clusterUid: "c1", namespaceUids: { mqtt: "m2" }, missing: ["edge"] },
    false,
  ],
  ["another cluster", known, { ...known, clusterUid: "c2", missing: [] }, true],
  ["nothing may be read", blind, { ...found, namespaceUids: {} }, false],
  [
    "a namespace became readable",
    { clusterUid: "", namespaceUids: {} },
    found,
    false,
  ],
  [
    "one namespace stayed, the other was made anew",
    blind,
    { ...found, namespaceUids: { mqtt: "m1", edge: "e2" } },
    false,
  ],
  [
    "all that is known was made anew",
    blind,
    { ...found, namespaceUids: { mqtt: "m2" } },
    true,
  ],
  [
    "what was there is missing",
    blind,
    { ...found, namespaceUids: {}, missing: ["mqtt"] },
    true,
  ],
  [
    "one is missing, and the other stayed",
    blind,
    { ...found, namespaceUids: { edge: "e1" }, missing: ["mqtt"] },
    false,
  ],
])("%s", (_title, before, now, other) => {
  expect(otherCluster(before, now) !== undefined).toBe(other);
});
