import type { ResourceLifecycle } from "../plugins/provider";
import type { Journal } from "../stack/journal";
import type { ResourceState } from "../stack/state";
import { providerPackage } from "../urn";
import type { PropertyMap } from "../values";
import type { Activity } from "./activity";
import type { Changes } from "./changes";
import { checkInputs } from "./check";
import type { Goal } from "./goal";
import { importResource, isImport } from "./imports";
import type { ProviderRegistry } from "./providerRegistry";
import { stepOf } from "./steps";

/** What a registration needs of the deployment it belongs to. */
export interface RegistrationContext {
  activity: Activity;
  changes: Changes;
  journal: Journal;
  providers: ProviderRegistry;
}

/** Makes a resource what the program says, or takes over what it imports. */
export async function bringAbout(
  goal: Goal,
  next: ResourceState,
  old: ResourceState | undefined,
  context: RegistrationContext,
): Promise<ResourceState> {
  const { activity, changes, providers } = context;
  const { urn } = next;
  const check = (
    lifecycle: ResourceLifecycle,
    before: PropertyMap | undefined,
  ): Promise<PropertyMap> =>
    checkInputs(lifecycle, goal, urn, {
      before,
      preview: activity.preview,
      note: (message) => {
        activity.note(urn, message);
      },
    });
  if (isImport(goal, old)) {
    const provider = await providers.get(goal.provider);
    return importResource(goal, next, old, {
      ...context,
      provider,
      check: (before) => check(provider, before),
    });
  }
  const lifecycle = await lifecycleOf(goal, urn, providers);
  if (lifecycle !== undefined) {
    const isOwn = old?.external === false && !changes.isGone(old);
    const step = stepOf("same", next, old?.inputs, next.inputs);
    next.inputs = await activity.watched(step, () =>
      check(lifecycle, isOwn ? old.inputs : undefined),
    );
  }
  activity.refuseIfStopping();
  return changes.apply(goal, next, old, lifecycle);
}

async function lifecycleOf(
  goal: Goal,
  urn: string,
  providers: ProviderRegistry,
): Promise<ResourceLifecycle | undefined> {
  if (!goal.custom) {
    return undefined;
  }
  return providerPackage(goal.type) === undefined
    ? providers.get(goal.provider)
    : providers.configurationOf(urn, goal.inputs);
}
