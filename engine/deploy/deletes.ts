import { EngineError, messageOf } from "../errors";
import type { Provider } from "../plugins/provider";
import type { Journal } from "../stack/journal";
import { referencesOf, type ResourceState } from "../stack/state";
import { parseProviderReference, providerPackage, urnName } from "../urn";
import { UNKNOWN } from "../values";
import type { Activity } from "./activity";
import type { Changes } from "./changes";
import { compare, replacesOf, stepOf } from "./steps";

/** What deleting needs of the deployment it belongs to. */
export interface DeleteContext {
  activity: Activity;
  journal: Journal;
  changes: Pick<Changes, "isGone" | "isReplaced">;
  providerOf: (resource: ResourceState) => Promise<Provider>;
}

/** Deletes resources, each after everything that depends on it; independent ones at the same time. */
export async function deleteAll(
  doomed: ResourceState[],
  context: DeleteContext,
): Promise<void> {
  const dependents = dependentsWithin(doomed);
  const urns = new Set(doomed.map((resource) => resource.urn));
  const started = new Map<ResourceState, Promise<boolean>>();
  const remove = (resource: ResourceState): Promise<boolean> => {
    const running =
      started.get(resource) ??
      removeAfter(resource, dependents, remove, urns, context);
    started.set(resource, running);
    return running;
  };
  await Promise.all(doomed.map(remove));
}

async function removeAfter(
  resource: ResourceState,
  dependents: Map<ResourceState, ResourceState[]>,
  remove: (resource: ResourceState) => Promise<boolean>,
  doomedUrns: Set<string>,
  context: DeleteContext,
): Promise<boolean> {
  const clear = await Promise.all((dependents.get(resource) ?? []).map(remove));
  if (clear.includes(false) || context.activity.stopping) {
    return false;
  }
  const { activity, changes } = context;
  const isReplaced = changes.isReplaced(resource);
  const isProtected =
    resource.protect && !isReplaced && !changes.isGone(resource);
  const kind = resource.external ? "discard" : "delete";
  const op = isReplaced ? (`${kind}-replaced` as const) : kind;
  const step = stepOf(op, resource, resource.inputs, undefined);
  try {
    await activity.step(step, () =>
      isProtected
        ? Promise.reject(
            new EngineError(
              "it is protected. Set `protect: false` on it in the program and run `up` first.",
            ),
          )
        : removeOne(resource, doomedUrns, context),
    );
    return true;
  } catch (error) {
    activity.lose(
      resource.urn,
      isProtected
        ? `"${urnName(resource.urn)}" would be deleted, but ${messageOf(error)}`
        : `deleting failed: ${messageOf(error)}`,
    );
    return false;
  }
}

async function removeOne(
  resource: ResourceState,
  doomedUrns: Set<string>,
  context: DeleteContext,
): Promise<void> {
  const { activity, changes, journal } = context;
  if (activity.preview) {
    return;
  }
  if (changes.isGone(resource) || isLeftAlone(resource, doomedUrns)) {
    await journal.remove(resource);
    return;
  }
  const operation = await journal.begin("deleting", resource);
  try {
    await deleteInWorld(resource, context.providerOf);
  } catch (error) {
    await journal.failed(operation, error);
    throw error;
  }
  await journal.remove(resource, operation);
}

/** Whether a resource leaves the state without its provider being asked to delete it. */
export function isLeftAlone(
  resource: ResourceState,
  doomedUrns: ReadonlySet<string>,
): boolean {
  return (
    !resource.custom ||
    resource.external ||
    resource.retainOnDelete ||
    providerPackage(resource.type) !== undefined ||
    doomedUrns.has(resource.deletedWith)
  );
}

/** Has its provider delete a resource. */
export async function deleteInWorld(
  resource: ResourceState,
  providerOf: (resource: ResourceState) => Promise<Provider>,
): Promise<void> {
  const provider = await providerOf(resource);
  await provider.delete({
    urn: resource.urn,
    id: resource.id,
    preview: false,
    timeout: resource.customTimeouts.delete ?? 0,
    oldInputs: resource.inputs,
    oldOutputs: resource.outputs,
  });
}

/**
 * Finds the resources that have to go before one that is deleted ahead of its replacement: those whose inputs come
 * from it, directly or through each other, and which a change of those inputs would replace. Dependencies first.
 */
export async function dependentReplacements(
  root: ResourceState,
  resources: ResourceState[],
  context: {
    providerOf: (resource: ResourceState) => Promise<Provider>;
    /** Whether a resource has been dealt with in this run already; then it cannot depend on one that was not. */
    isSettled: (resource: ResourceState) => boolean;
  },
): Promise<ResourceState[]> {
  const condemned = new Set([root.urn]);
  const result: ResourceState[] = [];
  for (const resource of resources.slice(resources.indexOf(root) + 1)) {
    if (
      !resource.custom ||
      resource.external ||
      resource.delete ||
      context.isSettled(resource)
    ) {
      continue;
    }
    const provider = parseProviderReference(resource.provider);
    if (provider !== undefined && condemned.has(provider.urn)) {
      condemned.add(resource.urn);
      result.push(resource);
      continue;
    }
    const affected = Object.keys(resource.inputs).filter((key) =>
      (resource.propertyDependencies[key] ?? []).some((urn) =>
        condemned.has(urn),
      ),
    );
    if (affected.length === 0 || provider === undefined) {
      continue;
    }
    const inputs = {
      ...resource.inputs,
      ...Object.fromEntries(affected.map((key) => [key, UNKNOWN])),
    };
    const diff = await compare(
      resource,
      { ...resource, inputs },
      await context.providerOf(resource),
      true,
    );
    if (replacesOf(diff, resource).length > 0) {
      condemned.add(resource.urn);
      result.push(resource);
    }
  }
  return result;
}

/** Some resources and everything that depends on them, through each other too. */
export function dependentsOf(
  roots: ResourceState[],
  all: ResourceState[],
): Set<ResourceState> {
  const dependents = dependentsWithin(all);
  const found = new Set<ResourceState>();
  const visit = (resource: ResourceState): void => {
    if (!found.has(resource)) {
      found.add(resource);
      dependents.get(resource)?.forEach(visit);
    }
  };
  roots.forEach(visit);
  return found;
}

/** Some resources and everything they depend on, through each other too. */
export function dependenciesOf(
  roots: ResourceState[],
  all: ResourceState[],
): Set<ResourceState> {
  const byUrn = new Map<string, ResourceState[]>();
  for (const resource of all) {
    addTo(byUrn, resource.urn, resource);
  }
  const found = new Set<ResourceState>();
  const visit = (resource: ResourceState): void => {
    if (!found.has(resource)) {
      found.add(resource);
      for (const urn of referencesOf(resource)) {
        byUrn.get(urn)?.forEach(visit);
      }
    }
  };
  roots.forEach(visit);
  return found;
}

function dependentsWithin(
  doomed: ResourceState[],
): Map<ResourceState, ResourceState[]> {
  const byUrn = new Map<string, ResourceState[]>();
  for (const resource of doomed) {
    addTo(byUrn, resource.urn, resource);
  }
  const dependents = new Map<ResourceState, ResourceState[]>();
  for (const resource of doomed) {
    for (const urn of referencesOf(resource)) {
      for (const target of byUrn.get(urn) ?? []) {
        if (target !== resource && target.urn !== resource.urn) {
          addTo(dependents, target, resource);
        }
      }
    }
  }
  return dependents;
}

function addTo<Key>(
  lists: Map<Key, ResourceState[]>,
  key: Key,
  resource: ResourceState,
): void {
  const list = lists.get(key);
  if (list === undefined) {
    lists.set(key, [resource]);
  } else {
    list.push(resource);
  }
}
