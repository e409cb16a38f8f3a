import { EngineError } from "../errors";
import type { ResourceLifecycle } from "../plugins/provider";
import type { Step } from "../show/events";
import type { Journal } from "../stack/journal";
import type { PendingOperation, ResourceState, Snapshot } from "../stack/state";
import { providerPackage, urnName } from "../urn";
import { UNKNOWN } from "../values";
import type { Activity } from "./activity";
import { deleteInWorld, dependentReplacements, isLeftAlone } from "./deletes";
import type { Goal } from "./goal";
import { refuseReplacement } from "./imports";
import type { ProviderRegistry } from "./providerRegistry";
import type { Targets } from "./targets";
import {
  compare,
  mustWrite,
  type Plan,
  planChange,
  refuseUnready,
  stepOf,
  withSecrets,
} from "./steps";

/** What changes work with. */
export interface ChangeContext {
  activity: Activity;
  base: Snapshot;
  journal: Journal;
  providers: ProviderRegistry;
  targets: Targets;
  isTaken: (resource: ResourceState) => boolean;
}

/** Brings resources from what they were to what they are to be; in a preview it only works out how that would go. */
export class Changes {
  private readonly replaced = new Set<ResourceState>();
  private readonly deletedFirst = new Set<ResourceState>();

  constructor(private readonly context: ChangeContext) {}

  /** Whether a resource is no longer in the world and only has to leave the state. */
  isGone(resource: ResourceState): boolean {
    return resource.pendingReplacement || this.deletedFirst.has(resource);
  }

  /** Whether a resource has a successor. */
  isReplaced(resource: ResourceState): boolean {
    return (
      resource.delete ||
      this.replaced.has(resource) ||
      this.deletedFirst.has(resource)
    );
  }

  /** Whether a resource waits to be deleted because its successor was made first. */
  awaitsDeletion(resource: ResourceState): boolean {
    return this.replaced.has(resource);
  }

  /** Has a resource deleted in the end, because another one stands in its place. */
  giveUp(resource: ResourceState): void {
    this.replaced.add(resource);
    if (!this.context.activity.preview) {
      resource.delete = true;
    }
  }

  /** Does what a registered resource needs. The lifecycle is undefined for components, which have none. */
  async apply(
    goal: Goal,
    next: ResourceState,
    old: ResourceState | undefined,
    lifecycle: ResourceLifecycle | undefined,
  ): Promise<ResourceState> {
    if (old === undefined) {
      return this.create(
        stepOf("create", next, undefined, next.inputs),
        next,
        lifecycle,
      );
    }
    if (old.external) {
      // What was only read cannot be changed: a resource of the program's own takes its place.
      return this.create(
        stepOf("replace", next, old.inputs, next.inputs),
        next,
        lifecycle,
        { ahead: old },
      );
    }
    if (this.isGone(old)) {
      if (!this.deletedFirst.has(old) && lifecycle !== undefined) {
        await this.resumeReplacement(goal, next, old, lifecycle);
      }
      return this.create(
        stepOf("replace", next, old.inputs, next.inputs),
        next,
        lifecycle,
        { inPlaceOf: old },
      );
    }
    const plan = await planChange(
      old,
      next,
      goal,
      lifecycle,
      this.context.activity.preview,
      await this.context.providers.needReplacement(old.provider, next.provider),
    );
    switch (plan.kind) {
      case "same":
        return this.keep(next, old);
      case "update":
        return this.update(next, old, lifecycle, plan.changes);
      case "replace":
        return this.replace(goal, next, old, lifecycle, plan);
    }
  }

  private async keep(
    next: ResourceState,
    old: ResourceState,
  ): Promise<ResourceState> {
    const { activity, journal } = this.context;
    await activity.attempt(() => this.makeUsable({ ...next, id: old.id }));
    activity.unchanged(stepOf("same", next, old.inputs, next.inputs));
    const state = {
      ...next,
      id: old.id,
      // What turned secret is so in the outputs too, although nothing was done.
      outputs: withSecrets(old.outputs, next),
      initErrors: old.initErrors,
    };
    if (mustWrite(old, state)) {
      activity.changed = true;
      await journal.settle(state, old);
      return state;
    }
    // Word for word as before, down to where in the program it was registered, but for what only the program reads.
    const { importId, ignoreChanges, replaceOnChanges } = next;
    const kept = { ...old, importId, ignoreChanges, replaceOnChanges };
    journal.keep(kept, old);
    return kept;
  }

  /** Configures a provider, once its resource is what it is to be. */
  private async makeUsable(state: ResourceState): Promise<void> {
    if (providerPackage(state.type) !== undefined) {
      await this.context.providers.register(state);
    }
  }

  private create(
    step: Step,
    next: ResourceState,
    lifecycle: ResourceLifecycle | undefined,
    replacing: { inPlaceOf?: ResourceState; ahead?: ResourceState } = {},
  ): Promise<ResourceState> {
    const { activity, journal } = this.context;
    return activity.step(step, async () => {
      const now = new Date().toISOString();
      const state: ResourceState = { ...next, created: now, modified: now };
      const operation = await this.recorded(
        "creating",
        state,
        lifecycle,
        async (made) => {
          const result = await made.create({
            urn: next.urn,
            preview: activity.preview,
            timeout: next.customTimeouts.create ?? 0,
            inputs: next.inputs,
            interrupted: journal.wasInterrupted(next.urn),
          });
          if (result.id === "" && !activity.preview) {
            throw new EngineError(
              "The plugin made the resource but returned no id.",
            );
          }
          state.id = result.id || UNKNOWN;
          state.outputs = withSecrets(result.outputs, next);
          state.initErrors = result.initErrors;
          await this.makeUsable(state);
        },
      );
      if (replacing.ahead !== undefined) {
        this.giveUp(replacing.ahead);
      }
      await journal.settle(state, replacing.inPlaceOf, operation);
      refuseUnready(state);
      return state;
    });
  }

  /** Changes a resource in place. */
  update(
    next: ResourceState,
    old: ResourceState,
    lifecycle: ResourceLifecycle | undefined,
    changes: string[],
  ): Promise<ResourceState> {
    const { activity, journal } = this.context;
    const step = {
      ...stepOf("update", next, old.inputs, next.inputs),
      changes,
    };
    return activity.step(step, async () => {
      const state: ResourceState = {
        ...next,
        id: old.id,
        outputs: old.outputs,
      };
      const operation = await this.recorded(
        "updating",
        old,
        lifecycle,
        async (made) => {
          const result = await made.update({
            urn: next.urn,
            id: old.id,
            preview: activity.preview,
            timeout: next.customTimeouts.update ?? 0,
            oldInputs: old.inputs,
            oldOutputs: old.outputs,
            newInputs: next.inputs,
            ignoreChanges: next.ignoreChanges,
          });
          state.outputs = withSecrets(result.outputs, next);
          state.initErrors = result.initErrors;
          state.modified = new Date().toISOString();
          await this.makeUsable(state);
        },
      );
      await journal.settle(state, old, operation);
      refuseUnready(state);
      return state;
    });
  }

  private async replace(
    goal: Goal,
    next: ResourceState,
    old: ResourceState,
    lifecycle: ResourceLifecycle | undefined,
    plan: Extract<Plan, { kind: "replace" }>,
  ): Promise<ResourceState> {
    const { changes, replaces } = plan;
    const step = {
      ...stepOf("replace", next, old.inputs, next.inputs),
      changes,
      replaces,
    };
    const { activity } = this.context;
    const { preview } = activity;
    if (old.protect && next.protect) {
      const message = `"${goal.name}" would be replaced, but it is protected. Remove \`protect\` from it in the program and run \`up\` first.`;
      if (!preview) {
        throw new EngineError(message);
      }
      // The preview goes on, so that what would replace it can be seen.
      activity.object(next.urn, message);
    }
    if (goal.importId !== "") {
      refuseReplacement(old, next, plan.replaces, (message) => {
        if (!preview) {
          throw new EngineError(message);
        }
        activity.object(next.urn, message);
      });
    }
    if (lifecycle !== undefined) {
      // Defaults carried over from the old resource do not hold for a new one.
      const fresh = await lifecycle.check({
        urn: next.urn,
        preview,
        timeout: 0,
        olds: {},
        news: goal.inputs,
      });
      next.inputs = fresh.inputs;
    }
    if (plan.deleteFirst) {
      await this.deleteFirst(old);
      return this.create(step, next, lifecycle, { inPlaceOf: old });
    }
    // The old one goes after everything that depends on it has moved to the new one.
    return this.create(step, next, lifecycle, { ahead: old });
  }

  /** Goes on with a replacement of which an earlier run came as far as deleting the original. */
  private async resumeReplacement(
    goal: Goal,
    next: ResourceState,
    old: ResourceState,
    lifecycle: ResourceLifecycle,
  ): Promise<void> {
    const { preview } = this.context.activity;
    const deleteFirst =
      goal.deleteBeforeReplace ??
      (await compare(old, next, lifecycle, preview)).deleteBeforeReplace;
    if (deleteFirst) {
      await this.deleteFirst(old);
    }
  }

  /** Deletes a resource, and before it those that a new one would replace too, ahead of their creation. */
  private async deleteFirst(root: ResourceState): Promise<void> {
    const { activity, base, providers, isTaken, targets } = this.context;
    const dependents = await dependentReplacements(root, base.resources, {
      providerOf: (resource) => providers.get(resource.provider),
      isSettled: isTaken,
    });
    for (const { urn, protect } of dependents) {
      if (protect) {
        throw new EngineError(
          `"${urnName(urn)}" would be replaced together with "${urnName(root.urn)}", but it is protected.`,
        );
      }
      targets.allowDeletion(urn);
    }
    const doomed = new Set(dependents.map(({ urn }) => urn));
    for (const resource of [...dependents.reverse(), root]) {
      const isGone = resource === root && root.pendingReplacement;
      if (!this.deletedFirst.has(resource) && !isGone) {
        const step = stepOf(
          "delete-replaced",
          resource,
          resource.inputs,
          undefined,
        );
        await activity.step(step, () => this.deleteOriginal(resource, doomed));
      }
      this.deletedFirst.add(resource);
    }
  }

  private async deleteOriginal(
    resource: ResourceState,
    doomedUrns: ReadonlySet<string>,
  ): Promise<void> {
    const { activity, journal, providers } = this.context;
    if (activity.preview) {
      return;
    }
    const operation = await journal.begin("deleting", resource);
    try {
      if (!isLeftAlone(resource, doomedUrns)) {
        await deleteInWorld(resource, (one) => providers.get(one.provider));
      }
    } catch (error) {
      await journal.failed(operation, error);
      throw error;
    }
    resource.pendingReplacement = true;
    await journal.abandon(operation);
  }

  /** Runs what changes the world between a note that it begins and, should it fail, that it did not happen. */
  private async recorded(
    type: string,
    resource: ResourceState,
    lifecycle: ResourceLifecycle | undefined,
    action: (lifecycle: ResourceLifecycle) => Promise<void>,
  ): Promise<PendingOperation | undefined> {
    const { activity, journal } = this.context;
    if (lifecycle === undefined) {
      return undefined;
    }
    if (activity.preview) {
      await action(lifecycle);
      return undefined;
    }
    const operation = await journal.begin(type, { ...resource });
    try {
      await action(lifecycle);
      return operation;
    } catch (error) {
      await journal.failed(operation, error);
      throw error;
    }
  }
}
