import { messageOf } from "../errors";
import type { Journal } from "../stack/journal";
import {
  referencesOf,
  type ResourceState,
  type Snapshot,
} from "../stack/state";
import { providerPackage } from "../urn";
import { changedKeys, equal } from "../values";
import { type Activity, Stopped } from "./activity";
import type { ProviderRegistry } from "./providerRegistry";
import { compare, stepOf, withSecrets } from "./steps";

/** What reading the world back needs of the deployment it belongs to. */
export interface RefreshContext {
  activity: Activity;
  base: Snapshot;
  /** Whether a preview takes over what it finds, too, though nothing of it is stored. */
  keeps: boolean;
  journal: Journal;
  providers: ProviderRegistry;
  isTargeted: (resource: ResourceState) => boolean;
}

/** Takes over what the world has become: changed properties, and that resources are gone. */
export async function refreshAll(context: RefreshContext): Promise<void> {
  const { activity, base, journal } = context;
  const { resources } = base;
  const found = await Promise.all(
    resources
      .filter((resource) => context.isTargeted(resource))
      .map(async (resource) => {
        try {
          return { resource, now: await look(resource, context) };
        } catch (error) {
          if (!(error instanceof Stopped)) {
            activity.fail(resource.urn, `reading failed: ${messageOf(error)}`);
          }
          return { resource, now: resource };
        }
      }),
  );
  if ((activity.preview && !context.keeps) || !activity.changed) {
    return;
  }
  const gone = new Set<ResourceState>();
  for (const { resource, now } of found) {
    if (now === undefined) {
      gone.add(resource);
    } else {
      Object.assign(resource, now);
    }
  }
  forget(gone, resources);
  if (activity.preview) {
    base.resources = resources.filter((resource) => !gone.has(resource));
    return;
  }
  await Promise.all([...gone].map((resource) => journal.remove(resource)));
  await journal.save();
}

/** What a resource is by now; undefined if it is gone. */
async function look(
  resource: ResourceState,
  { activity, providers }: RefreshContext,
): Promise<ResourceState | undefined> {
  if (
    !resource.custom ||
    providerPackage(resource.type) !== undefined ||
    resource.pendingReplacement
  ) {
    activity.unchanged(stepOf("same", resource, undefined, undefined));
    return resource;
  }
  activity.refuseIfStopping();
  const provider = await providers.get(resource.provider);
  const read = await provider.read({
    urn: resource.urn,
    id: resource.id,
    owned: !resource.external,
    preview: activity.preview,
    timeout: 0,
    oldInputs: resource.inputs,
    oldOutputs: resource.outputs,
  });
  if (read.id === "") {
    return activity.step(
      stepOf("delete", resource, resource.outputs, undefined),
      () => Promise.resolve(undefined),
    );
  }
  const { id, inputs = resource.inputs, initErrors } = read;
  const outputs = withSecrets(read.outputs, resource);
  const now = { ...resource, id, inputs, outputs, initErrors };
  if (initErrors.length > 0) {
    activity.warn(
      resource.urn,
      `The resource is not ready: ${initErrors.join("; ")}`,
    );
  }
  const differs =
    !equal(inputs, resource.inputs) || !equal(outputs, resource.outputs);
  if (differs) {
    now.modified = new Date().toISOString();
  }
  activity.changed ||=
    differs || id !== resource.id || !equal(initErrors, resource.initErrors);
  // What counts is what an `up` would do about it, seen from the other side.
  const changes = resource.external
    ? equal(outputs, resource.outputs)
      ? "none"
      : "some"
    : (await compare(now, resource, provider, activity.preview)).changes;
  const step = stepOf("same", resource, resource.outputs, outputs);
  if (changes === "none") {
    activity.unchanged(step);
    return now;
  }
  return activity.step(
    {
      ...step,
      op: "update",
      changes: changedKeys(resource.outputs, outputs),
    },
    () => Promise.resolve(now),
  );
}

/** Takes resources out of what others say of them; children go to the nearest parent that is left. */
function forget(gone: Set<ResourceState>, resources: ResourceState[]): void {
  const left = new Set<string>();
  const parents = new Map(
    resources.map(({ urn, parent }) => [urn, parent] as const),
  );
  for (const resource of resources) {
    if (gone.has(resource)) {
      continue;
    }
    left.add(resource.urn);
    if ([...referencesOf(resource)].every((urn) => left.has(urn))) {
      continue;
    }
    while (resource.parent !== "" && !left.has(resource.parent)) {
      resource.parent = parents.get(resource.parent) ?? "";
    }
    if (!left.has(resource.deletedWith)) {
      resource.deletedWith = "";
    }
    const isLeft = (urn: string): boolean => left.has(urn);
    resource.dependencies = resource.dependencies.filter(isLeft);
    resource.propertyDependencies = Object.fromEntries(
      Object.entries(resource.propertyDependencies).map(([key, urns]) => [
        key,
        urns.filter(isLeft),
      ]),
    );
  }
}
