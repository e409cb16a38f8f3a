import { EngineError } from "../errors";
import type { DiffResult, ResourceLifecycle } from "../plugins/provider";
import { changedPaths, covers, topOf } from "../propertyPath";
import type { Operation, Step } from "../show/events";
import type { ResourceState } from "../stack/state";
import { urnName } from "../urn";
import {
  changedKeys,
  equal,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
} from "../values";
import type { Goal } from "./goal";

/** What is to happen to a resource that exists. */
export type Plan =
  | { kind: "same" }
  | { kind: "update"; changes: string[] }
  | {
      kind: "replace";
      changes: string[];
      replaces: string[];
      deleteFirst: boolean;
    };

/** The state a resource will have if all goes well, before its provider has spoken. */
export function newState(
  goal: Goal,
  urn: string,
  old: ResourceState | undefined,
): ResourceState {
  return {
    urn,
    type: goal.type,
    custom: goal.custom,
    delete: false,
    id: "",
    inputs: goal.inputs,
    outputs: {},
    parent: goal.parent,
    protect: goal.protect ?? false,
    external: false,
    dependencies: goal.dependencies,
    initErrors: [],
    provider: goal.provider,
    propertyDependencies: goal.propertyDependencies,
    pendingReplacement: false,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    aliases: [],
    customTimeouts: goal.customTimeouts,
    importId: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    ...(old?.created === undefined ? {} : { created: old.created }),
    ...(old?.modified === undefined ? {} : { modified: old.modified }),
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
    ...(goal.replacementTrigger === undefined
      ? {}
      : { replacementTrigger: goal.replacementTrigger }),
    extra: old?.extra ?? {},
  };
}

/** Decides between no change, an update in place and a replacement. */
export async function planChange(
  old: ResourceState,
  next: ResourceState,
  goal: Goal,
  lifecycle: ResourceLifecycle | undefined,
  preview: boolean,
  isProviderReplaced: boolean,
): Promise<Plan> {
  const changes = changedKeys(old.inputs, next.inputs);
  if (lifecycle === undefined) {
    return changes.length === 0
      ? { kind: "same" }
      : { kind: "update", changes };
  }
  const forced = isProviderReplaced ? "provider" : pulledTrigger(old, next);
  if (forced !== undefined) {
    return {
      kind: "replace",
      changes: changes.length === 0 ? [`~${forced}`] : changes,
      replaces: [forced],
      deleteFirst: goal.deleteBeforeReplace ?? false,
    };
  }
  const diff = await compare(old, next, lifecycle, preview);
  const replaces = replacesOf(diff, { ...goal, initErrors: old.initErrors });
  if (diff.changes === "none" && replaces.length === 0) {
    // A resource that never became ready gets another chance, with nothing changed.
    return old.initErrors.length === 0
      ? { kind: "same" }
      : { kind: "update", changes };
  }
  const named =
    changes.length > 0
      ? changes
      : [...new Set([...replaces, ...diff.changedKeys.map(topOf)])].map(
          (key) => `~${key}`,
        );
  return replaces.length === 0
    ? { kind: "update", changes: named }
    : {
        kind: "replace",
        changes: named,
        replaces,
        deleteFirst: goal.deleteBeforeReplace ?? diff.deleteBeforeReplace,
      };
}

/** What makes a change a replacement: properties that need one, and those for which the program wants one. */
export function replacesOf(
  diff: DiffResult,
  wish: Pick<ResourceState, "replaceOnChanges" | "initErrors">,
): string[] {
  const places = diff.changes === "some" ? diff.changedKeys : [];
  const changed =
    wish.initErrors.length === 0 ? places : [...places, "#initerror"];
  const wanted = changed.filter((place) =>
    wish.replaceOnChanges.some((path) => covers(path, place)),
  );
  return [...new Set([...diff.replaces, ...wanted.map(topOf)])];
}

/** Asks the provider, and falls back on a comparison of the inputs where it cannot tell. */
export async function compare(
  old: ResourceState,
  next: Pick<ResourceState, "inputs" | "ignoreChanges">,
  lifecycle: ResourceLifecycle,
  preview: boolean,
): Promise<DiffResult> {
  const diff = await lifecycle.diff({
    urn: old.urn,
    id: old.id,
    preview,
    timeout: 0,
    oldInputs: old.inputs,
    oldOutputs: old.outputs,
    newInputs: next.inputs,
    ignoreChanges: next.ignoreChanges,
  });
  if (diff.changes !== "unknown") {
    return diff;
  }
  const changed = changedPaths(old.inputs, next.inputs);
  return {
    ...diff,
    changes: changed.length === 0 ? "none" : "some",
    changedKeys: changed,
  };
}

/** Marks as secret what the program named, and every output that repeats a secret input. */
export function withSecrets(
  outputs: PropertyMap,
  next: ResourceState,
): PropertyMap {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]): [string, PropertyValue] => {
      const wanted =
        next.additionalSecretOutputs.includes(key) ||
        isSecret(next.inputs[key]);
      return [
        key,
        wanted && !isSecret(value) ? secret(revealAll(value)) : value,
      ];
    }),
  );
}

/** Whether a resource without a change of its own still has to be written, because what surrounds it changed. */
export function mustWrite(old: ResourceState, next: ResourceState): boolean {
  const same =
    old.urn === next.urn &&
    old.custom === next.custom &&
    old.provider === next.provider &&
    old.parent === next.parent &&
    old.deletedWith === next.deletedWith &&
    old.protect === next.protect &&
    old.retainOnDelete === next.retainOnDelete &&
    equal({ ...old.customTimeouts }, { ...next.customTimeouts }) &&
    equal(old.inputs, next.inputs) &&
    equal(old.outputs, next.outputs) &&
    equal([...old.dependencies].sort(), [...next.dependencies].sort()) &&
    equal(
      [...old.additionalSecretOutputs].sort(),
      [...next.additionalSecretOutputs].sort(),
    ) &&
    equal(old.replacementTrigger ?? null, next.replacementTrigger ?? null);
  return !same;
}

/** The trigger of a replacement, if it was pulled. */
function pulledTrigger(
  old: ResourceState,
  next: ResourceState,
): string | undefined {
  const before = old.replacementTrigger ?? null;
  const after = next.replacementTrigger ?? null;
  // A trigger that appears or disappears is a change of the program, not a pull.
  const pulled =
    reveal(before) !== null &&
    reveal(after) !== null &&
    !equal(revealAll(before), revealAll(after));
  return pulled ? "replacementTrigger" : undefined;
}

/** Describes a step for those who show it. */
export function stepOf(
  op: Operation,
  { urn, type, parent }: ResourceState,
  before: PropertyMap | undefined,
  after: PropertyMap | undefined,
): Step {
  return {
    op,
    urn,
    type,
    parent,
    name: urnName(urn),
    changes: [],
    replaces: [],
    before,
    after,
  };
}

/** A resource that exists but is not ready is in the state already; the update fails all the same. */
export function refuseUnready(state: ResourceState): void {
  if (state.initErrors.length > 0) {
    throw new EngineError(
      `The resource was made but is not ready: ${state.initErrors.join("; ")}`,
    );
  }
}
