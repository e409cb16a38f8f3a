import type { ApplyCause } from "../cluster/serverSideApply";
import { ApplyError } from "../cluster/serverSideApply";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import { textOf } from "./workloadPatchFields";
import type { PatchInputs } from "./workloadPatchInputs";

/** What the API's refusal of an apply means to those who can do something about it. */
export function applyProblems(
  { status, causes }: ApplyError,
  inputs: PatchInputs,
): Problem[] {
  const what = textOf(inputs);
  const conflicts = causes.filter(
    ({ reason }) => reason === "FieldManagerConflict",
  );
  if (conflicts.length > 0) {
    return conflicts.map((cause) => conflictProblem(cause, what));
  }
  switch (status) {
    case 403:
      return [{ path: "name", message: forbidden(inputs) }];
    case 404:
      return [missing(inputs)];
    default:
      return [
        {
          path: "name",
          message: `the cluster refuses the patch of ${what} (${status})${where(causes)}; look at what else its manifest has in that place.`,
        },
      ];
  }
}

function conflictProblem({ field, manager = "?" }: ApplyCause, what: string) {
  const another = field.includes("volumeMounts[")
    ? ", or give ThingsBoardMqtt another mountPath"
    : "";
  return {
    path: "takeOver",
    message: `${field} of ${what} belongs to ${quote(manager)}, which gave it another value; take it out of that manifest and apply that again${another}. With takeOver: true it is taken over, until ${quote(manager)} writes it the next time.`,
  };
}

/** That there is nothing to lay fields over. */
export function missing(inputs: PatchInputs): Problem {
  const { kind, namespace, name } = inputs;
  return {
    path: "name",
    message: `there is no ${kind} ${quote(name)} in ${quote(namespace)}; deploy it before, or correct name or namespace.`,
  };
}

/** Why fields cannot be given back. */
export function releaseText(
  { status, causes }: ApplyError,
  inputs: PatchInputs,
): string {
  const required = causes.filter(({ reason }) => reason.endsWith("Required"));
  return required.length > 0
    ? `${textOf(inputs)} needs ${required.map(({ field }) => field).join(", ")}, which were taken over from its manifest; apply that again, so that they are its own, and repeat this.`
    : status === 403
      ? forbidden(inputs)
      : `The cluster refuses to take the fields back of ${textOf(inputs)} (${status})${where(causes)}.`;
}

function forbidden(inputs: PatchInputs): string {
  return `the cluster refuses the patch of ${textOf(inputs)} (403); whoever runs this needs the verbs get and patch on it, by name, and no admission policy against it.`;
}

function where(causes: readonly ApplyCause[]): string {
  return causes.length === 0
    ? ""
    : `: ${causes.map(({ field, reason }) => `${field} (${reason})`).join(", ")}`;
}
