import type { Provider } from "../plugins/provider";
import type { Journal } from "../stack/journal";
import type { ResourceState, Snapshot } from "../stack/state";
import { isStackType } from "../urn";
import type { Activity } from "./activity";
import type { Changes } from "./changes";
import { deleteAll, dependenciesOf } from "./deletes";
import { stepOf } from "./steps";
import type { Targets } from "./targets";

/** What the end of an update needs of it. */
export interface CleanUpContext {
  activity: Activity;
  base: Snapshot;
  changes: Changes;
  journal: Journal;
  targets: Targets;
  /** Whether a resource of the program has taken one of the old state. */
  isTaken: (resource: ResourceState) => boolean;
  /** Whether what has taken it failed, or was skipped because something else did. */
  isLost: (resource: ResourceState) => boolean;
  providerOf: (resource: ResourceState) => Promise<Provider>;
}

/** Deletes what the program did not register and what has a successor. Returns whether the stack itself goes. */
export async function cleanUp(context: CleanUpContext): Promise<boolean> {
  const { activity, base, journal, targets } = context;
  const doomed = targets.deletable(
    surplus(context),
    base.resources,
    (urn, message) => {
      activity.fail(urn, message);
    },
  );
  if (targets.areSome) {
    const goes = new Set(doomed);
    const kept = base.resources.filter(
      (resource) => !context.isTaken(resource) && !goes.has(resource),
    );
    for (const resource of kept) {
      activity.unchanged(
        stepOf("same", resource, resource.inputs, resource.inputs),
      );
    }
  }
  const isStackGone = doomed.some(({ type }) => isStackType(type));
  if (activity.cutShort && !activity.preview) {
    return isStackGone;
  }
  await deleteAll(doomed, context);
  if (targets.areSome) {
    // What was under way may belong to a resource that is left out this time.
    return isStackGone;
  }
  activity.changed ||= base.pendingOperations.length > 0;
  if (!activity.failed) {
    await journal.forgetInterrupted();
  }
  return isStackGone;
}

/** What is not wanted any more, but for what a resource holds on to that could not be brought up to date. */
function surplus({
  base,
  changes,
  isTaken,
  isLost,
}: CleanUpContext): ResourceState[] {
  const surplus = base.resources.filter(
    (resource) => !isTaken(resource) || changes.awaitsDeletion(resource),
  );
  const lost = base.resources.filter(isLost);
  if (lost.length === 0) {
    return surplus;
  }
  const held = dependenciesOf(lost, base.resources);
  return surplus.filter((resource) => !held.has(resource));
}
