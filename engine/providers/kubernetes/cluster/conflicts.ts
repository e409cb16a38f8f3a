import { isMap, type PropertyMap } from "../../../values";
import { isManagedHere } from "./managers";
import type { ApiError, Cause } from "./apiError";
import type { Redaction } from "./redaction";

/** A field that belongs to somebody else, and has another value there. */
export interface FieldConflict {
  field: string;
  /** Who owns it, as the API names it: `kubectl-edit`, `helm`, … */
  manager: string;
  /** Whether that one writes without apply. */
  isUpdate: boolean;
}

const REASON = "FieldManagerConflict";

/** The fields over which an apply failed; empty for another conflict. */
export function conflictsOf({ causes }: ApiError): FieldConflict[] {
  return causes.filter(({ reason }) => reason === REASON).map(conflictOf);
}

/** Whether a real update takes every one of the fields from managers that are ours, or that ours replaces. */
export function areOurs(conflicts: FieldConflict[]): boolean {
  return (
    conflicts.length > 0 &&
    conflicts.every(({ manager, isUpdate }) =>
      isManagedHere({
        manager,
        operation: isUpdate ? "Update" : "Apply",
      }),
    )
  );
}

/**
 * Whether somebody has edited what the program had written: fields that it has spoken of before, changed by a write.
 * Who applies a field, by contrast, lays claim to it.
 */
export function areEdited(
  conflicts: FieldConflict[],
  before: PropertyMap,
): boolean {
  const spoken = new Set(fieldsOf(before));
  return (
    conflicts.length > 0 &&
    conflicts.every(({ field, isUpdate }) => isUpdate && spoken.has(field))
  );
}

/** The fields of an object as the API names them in a conflict: `.metadata.labels.app`. Members of lists have no such name. */
function fieldsOf(object: PropertyMap, above = ""): string[] {
  return Object.entries(object).flatMap(([key, value]) => [
    `${above}.${key}`,
    ...(isMap(value) ? fieldsOf(value, `${above}.${key}`) : []),
  ]);
}

/** Who has edited what, and that it is written again. */
export function repairText(conflicts: FieldConflict[], what: string): string {
  const edits = conflicts.map(
    ({ field, manager }) => `${field} was edited by "${manager}"`,
  );
  return `Fields of ${what} that this program wrote are not as it wrote them: ${edits.join(", ")}. They are written again.`;
}

/** Who owns what, and what to do about it. */
export function conflictText(
  error: ApiError,
  what: string,
  redaction: Redaction,
): string {
  const conflicts = conflictsOf(error);
  if (conflicts.length === 0) {
    return `The cluster refuses ${what} (409): ${redaction.apply(error.message)}`;
  }
  const owned = conflicts.map(
    ({ field, manager }) => `${field} belongs to "${manager}"`,
  );
  return [
    `Others own fields of ${what} and gave them other values: ${owned.join(", ")}.`,
    'To leave a field to its owner, take it out of the program; to take it over, give the object the annotation `pulumi.com/patchForce: "true"`, or set `enablePatchForce` on its provider (configuration `mqtt-pki:forceConflicts: true`).',
  ].join(" ");
}

function conflictOf({ field, message }: Cause): FieldConflict {
  const manager = /conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? "?";
  return {
    field,
    manager,
    // The API names a version and a time only of those.
    isUpdate: message.includes('" using '),
  };
}
