import type { ChangedResource } from "../../engine/plugins/provider";
import { RenderedObject } from "../../engine/providers/kubernetes/rendered";
import type { PropertyMap } from "../../engine/values";

const rendered = new RenderedObject(
  () => ({
    directory: "rendered",
    namespace: "",
    secretMutable: true,
    configMapMutable: true,
    alwaysRender: false,
  }),
  true,
);

const spec: PropertyMap = {
  completionMode: "Indexed",
  completions: 4,
  parallelism: 4,
  backoffLimitPerIndex: 6,
  template: { metadata: { annotations: { run: "1" } } },
};

function replaces(kind: string, changed: PropertyMap): Promise<unknown> {
  const object = (members: PropertyMap): PropertyMap => ({
    apiVersion: "v1",
    kind,
    metadata: { name: "gateways", namespace: "pki" },
    spec: { ...spec, ...members },
  });
  return rendered
    .diff({
      oldInputs: object({}),
      oldOutputs: { ...object({}), __inputs: object({}) },
      newInputs: object(changed),
    } as unknown as ChangedResource)
    .then(({ replaces: keys, deleteBeforeReplace }) => [
      keys,
      deleteBeforeReplace,
    ]);
}

const IN_PLACE = [[], false];
const REPLACED = [["spec"], true];

// As forceNewProperties of pulumi-kubernetes has it.
test.each([
  ["Job", { backoffLimitPerIndex: 3 }, IN_PLACE],
  ["Job", { completions: 5 }, REPLACED],
  ["Job", { parallelism: 2 }, REPLACED],
  ["Job", { template: { metadata: { annotations: { run: "2" } } } }, REPLACED],
  ["PersistentVolumeClaim", { backoffLimitPerIndex: 3 }, REPLACED],
])("a rendered %s with %j", async (kind, changed, expected) => {
  expect(await replaces(kind, changed)).toEqual(expected);
});
