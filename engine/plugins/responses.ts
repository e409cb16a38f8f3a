import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { fromWire, type PropertyMap } from "../values";
import type { CheckResult, DiffResult } from "./provider";

/** What a check came to; inputs that are not in the answer are those that were asked about. */
export function checkResult(
  response: pb.CheckResponse,
  news: PropertyMap,
): CheckResult {
  return {
    inputs: response.hasInputs() ? fromWire(response.getInputs()) : news,
    failures: failuresOf(response),
  };
}

/** The mistakes an answer names. */
export function failuresOf(
  response: pb.CheckResponse | pb.InvokeResponse,
): CheckResult["failures"] {
  return response.getFailuresList().map((failure) => ({
    property: failure.getProperty(),
    reason: failure.getReason(),
  }));
}

/** What a comparison came to. */
export function diffResult(response: pb.DiffResponse): DiffResult {
  const detailed = response.getDetaileddiffMap();
  const keys: string[] = [];
  const replaces = new Set(response.getReplacesList());
  detailed.forEach((entry: pb.PropertyDiff, path: string) => {
    keys.push(path);
    const kind = entry.getKind();
    if (
      kind === pb.PropertyDiff.Kind.ADD_REPLACE ||
      kind === pb.PropertyDiff.Kind.DELETE_REPLACE ||
      kind === pb.PropertyDiff.Kind.UPDATE_REPLACE
    ) {
      replaces.add(path.split(/[.[]/, 1)[0] ?? path);
    }
  });
  const changes = {
    [pb.DiffResponse.DiffChanges.DIFF_UNKNOWN]: "unknown",
    [pb.DiffResponse.DiffChanges.DIFF_NONE]: "none",
    [pb.DiffResponse.DiffChanges.DIFF_SOME]: "some",
  } as const;
  return {
    changes: changes[response.getChanges()],
    replaces: [...replaces],
    changedKeys: [...new Set([...keys, ...response.getDiffsList()])],
    deleteBeforeReplace: response.getDeletebeforereplace(),
  };
}
