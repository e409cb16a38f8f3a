import { ApplyError } from "../../cluster/serverSideApply";
import { applyProblems } from "../../provider/workloadPatchRefusals";

const INPUTS = {
  kind: "StatefulSet",
  namespace: "thingsboard",
  name: "tb-node",
  fieldManager: "test",
  fields: {},
};

test("a conflict of another kind than of owners is a refusal as well", () => {
  expect(applyProblems(new ApplyError(409, []), INPUTS)).toEqual([
    {
      path: "name",
      message: expect.stringMatching(
        /^the cluster refuses the patch of the StatefulSet thingsboard\/tb-node \(409\);/,
      ) as string,
    },
  ]);
});
