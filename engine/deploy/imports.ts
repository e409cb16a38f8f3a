import { EngineError } from "../errors";
import type { Provider } from "../plugins/provider";
import { diffLines } from "../show/text";
import type { Journal } from "../stack/journal";
import type { ResourceState } from "../stack/state";
import { urnType } from "../urn";
import type { PropertyMap } from "../values";
import type { Activity } from "./activity";
import type { Changes } from "./changes";
import type { Goal } from "./goal";
import { type Plan, planChange, stepOf, withSecrets } from "./steps";

/** What importing needs of the deployment it belongs to. */
export interface ImportContext {
  activity: Activity;
  journal: Journal;
  changes: Changes;
  provider: Provider;
  /** Completes and checks the inputs of the program beside those of what is imported. */
  check: (before: PropertyMap) => Promise<PropertyMap>;
}

/** Whether a registration asks for something that exists already to become the resource, and it has not yet. */
export function isImport(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === "") {
    return false;
  }
  // A provider may know what it imports under another id than the one it gives it.
  return (
    old === undefined ||
    old.external ||
    (old.importId || old.id) !== goal.importId
  );
}

/**
 * Takes over what exists already, in previews only in thought, and then brings it to what the program says, in place.
 * What would have to be replaced for that is refused, and nothing of it is taken over.
 */
export async function importResource(
  goal: Goal,
  next: ResourceState,
  old: ResourceState | undefined,
  { activity, journal, changes, provider, check }: ImportContext,
): Promise<ResourceState> {
  const isGone = old !== undefined && changes.isGone(old);
  const replaces = old !== undefined && !isGone;
  const step = stepOf(
    replaces ? "import-replacement" : "import",
    next,
    old?.inputs,
    next.inputs,
  );
  const { imported, plan } = await activity.step(step, async () => {
    const imported = await readImport(goal, next, provider, activity.preview);
    step.after = imported.inputs;
    next.inputs = await check(imported.inputs);
    const plan: Plan = await planChange(
      imported,
      next,
      goal,
      provider,
      activity.preview,
      false,
    );
    if (plan.kind === "replace") {
      refuseReplacement(imported, next, plan.replaces, (message) => {
        throw new EngineError(message);
      });
    }
    if (replaces) {
      changes.giveUp(old);
    }
    await journal.settle(imported, isGone ? old : undefined);
    return { imported, plan };
  });
  return plan.kind === "update"
    ? changes.update(next, imported, provider, plan.changes)
    : imported;
}

async function readImport(
  goal: Goal,
  next: ResourceState,
  provider: Provider,
  preview: boolean,
): Promise<ResourceState> {
  const { inputs, ...found } = await provider.read({
    urn: next.urn,
    id: goal.importId,
    owned: false,
    import: true,
    preview,
    timeout: 0,
    oldInputs: {},
    oldOutputs: {},
  });
  if (found.id === "") {
    throw new EngineError(
      `import: resource '${goal.importId}' does not exist. Correct the id, or remove the option \`import\` to have the resource made.`,
    );
  }
  if (inputs === undefined) {
    throw new EngineError(
      `import: ${urnType(next.urn)} cannot be imported; its plugin does not say what inputs it would have. Remove the option \`import\`.`,
    );
  }
  const now = new Date().toISOString();
  const state: ResourceState = {
    ...next,
    id: found.id,
    // What is a secret in the program is one where it comes from, too.
    inputs: withSecrets(inputs, next),
    initErrors: found.initErrors,
    created: now,
    modified: now,
  };
  return { ...state, outputs: withSecrets(found.outputs, state) };
}

/** Says why a resource that is imported cannot be replaced, and what of it would have to be. */
export function refuseReplacement(
  old: ResourceState,
  next: ResourceState,
  replaces: string[],
  refuse: (message: string) => void,
): void {
  const of = (inputs: PropertyMap): PropertyMap =>
    Object.fromEntries(
      Object.entries(inputs).filter(([key]) => replaces.includes(key)),
    );
  const lines = diffLines(of(old.inputs), of(next.inputs), false, "  ");
  refuse(
    [
      `import: what is imported as '${next.importId}' would have to be replaced by one that is as the program says, and is left as it is (${replaces.join(", ")}):`,
      ...lines,
      "Make the program say what is there, or remove the option `import` from it.",
    ].join("\n"),
  );
}
