import { EngineError, messageOf } from "../errors";
import type { InvokeResult, ResourceLifecycle } from "../plugins/provider";
import type { Display } from "../show/events";
import type { Journal } from "../stack/journal";
import {
  referencesOf,
  type ResourceState,
  type Snapshot,
} from "../stack/state";
import { isStackType, packageOf, providerPackage } from "../urn";
import { equal, type PropertyMap, UNKNOWN } from "../values";
import { Activity, Stopped } from "./activity";
import { Changes } from "./changes";
import { deleteAll } from "./deletes";
import { CheckFailed, checkInputs } from "./check";
import { type Goal, inheritFrom, providerFor, providerGoal } from "./goal";
import { Identities } from "./identities";
import { type InvokeOptions, Invokes } from "./invokes";
import { KnownResources } from "./knownResources";
import type { ProviderRegistry } from "./providerRegistry";
import { type ReadGoal, readResource } from "./reads";
import { refreshAll } from "./refresh";
import { newState, stepOf } from "./steps";
import type { Targets } from "./targets";

/** Everything a deployment works with. */
export interface DeploymentContext {
  project: string;
  stack: string;
  preview: boolean;
  base: Snapshot;
  journal: Journal;
  providers: ProviderRegistry;
  targets: Targets;
  display: Display;
}

/** What a program gets back for a resource it registered. */
export interface Registered {
  urn: string;
  id: string;
  outputs: PropertyMap;
  /** Whether the update leaves it out, so that it does not exist. */
  skipped?: boolean;
}

/** One pass over a program's resources: decides what happens to each and, outside a preview, makes it happen. */
export class Deployment {
  readonly activity: Activity;
  private readonly identities: Identities;
  private readonly changes: Changes;
  private readonly known = new KnownResources();
  private readonly invokes: Invokes;
  private gone = false;
  private declaredOutputs: PropertyMap | undefined;
  private readonly defaultProviders = new Map<string, Promise<string>>();

  constructor(private readonly context: DeploymentContext) {
    const { base, journal, providers, targets } = context;
    this.activity = new Activity(context.preview, context.display);
    this.identities = new Identities(context, base.resources);
    const isTaken = (resource: ResourceState): boolean =>
      this.identities.isTaken(resource);
    this.changes = new Changes({
      activity: this.activity,
      base,
      journal,
      providers,
      targets,
      isTaken,
    });
    this.invokes = new Invokes({
      activity: this.activity,
      known: this.known,
      providerOf: (reference) => providers.get(reference),
      defaultProvider: (...which) => this.defaultProvider(...which),
    });
  }

  get preview(): boolean {
    return this.context.preview;
  }

  /** The URN of the stack; empty until it is registered. */
  get stackUrn(): string {
    return this.identities.stackUrn;
  }

  /** The stack's outputs before and after. */
  get outputs(): { before: PropertyMap | undefined; after: PropertyMap } {
    const before = stackOutputs(this.context.base);
    const after = this.known.stateOf(this.stackUrn)?.outputs;
    // Where no program ran, the stack is as it was unless it is deleted.
    return { before, after: after ?? (this.gone ? {} : (before ?? {})) };
  }

  /** Handles a resource the program registers, and resolves when the step it needs is done. */
  register(goal: Goal): Promise<Registered> {
    return this.attempt(goal, (urn) => this.registerAs(urn, goal));
  }

  /** Handles a resource the program reads, and resolves when that is done. */
  read(wanted: ReadGoal): Promise<Registered> {
    return this.attempt(wanted.goal, (urn) => this.readAs(urn, wanted));
  }

  private attempt(
    goal: Goal,
    handle: (urn: string) => Promise<Registered>,
  ): Promise<Registered> {
    return this.activity.track(async () => {
      this.activity.refuseIfStopping();
      try {
        return await handle(this.identities.claim(goal));
      } catch (error) {
        return this.refuse(goal, error);
      }
    });
  }

  /**
   * Reports that a resource cannot be handled. In a preview the program goes on with nothing known of it,
   * so that the mistakes in the others show too; an update ends.
   */
  refuse(
    { type, name, parent }: Pick<Goal, "type" | "name" | "parent">,
    error: unknown,
  ): Registered {
    if (error instanceof Stopped) {
      throw error;
    }
    const urn = this.identities.urnOf(type, name, parent);
    for (const message of error instanceof CheckFailed
      ? error.messages
      : [messageOf(error)]) {
      this.activity.fail(urn, message);
    }
    if (!this.preview) {
      throw new Stopped("a resource is refused");
    }
    this.known.unknown(urn);
    if (providerPackage(type) === undefined) {
      return { urn, id: "", outputs: {} };
    }
    this.context.providers.registerUnknown(`${urn}::${UNKNOWN}`);
    return { urn, id: UNKNOWN, outputs: {} };
  }

  /** Takes the outputs a component, or the stack, declares. */
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    if (urn === this.stackUrn) {
      // Whether they are all there shows only in the end.
      this.declaredOutputs = outputs;
      return Promise.resolve();
    }
    return this.activity.track(() => this.setOutputs(urn, outputs));
  }

  /** Takes the outputs of the stack. A program that failed may not have come to all of them. */
  async keepStackOutputs(): Promise<void> {
    if (this.declaredOutputs !== undefined) {
      await this.setOutputs(this.stackUrn, {
        ...(this.activity.failed ? stackOutputs(this.context.base) : {}),
        ...this.declaredOutputs,
      });
    }
  }

  private async setOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const state = this.known.stateOf(urn);
    // A component that was refused has no outputs worth keeping; the refusal is what counts.
    if (state !== undefined && !equal(state.outputs, outputs)) {
      this.activity.changed = true;
      state.outputs = outputs;
      await this.context.journal.save();
    }
  }

  /** Calls a function of a package. Undefined stands for a result that is known only after the update. */
  invoke(
    token: string,
    args: PropertyMap,
    options: InvokeOptions,
  ): Promise<InvokeResult | undefined> {
    return this.activity.track(() => this.invokes.call(token, args, options));
  }

  /** Deletes what the program did not register, dependants first, and with that brings the state up to date. */
  async finish(): Promise<void> {
    const { activity, changes, identities } = this;
    const { base, journal, providers, targets } = this.context;
    this.refuseUnknownTargets();
    const doomed = targets.deletable(
      base.resources.filter(
        (resource) =>
          !identities.isTaken(resource) || changes.awaitsDeletion(resource),
      ),
      base.resources,
      (urn, message) => {
        activity.fail(urn, message);
      },
    );
    if (targets.areSome) {
      const kept = base.resources.filter(
        (resource) =>
          !identities.isTaken(resource) && !doomed.includes(resource),
      );
      for (const resource of kept) {
        activity.unchanged(
          stepOf("same", resource, resource.inputs, resource.inputs),
        );
      }
    }
    this.gone = doomed.some(({ type }) => isStackType(type));
    if (activity.failed && !this.preview) {
      return;
    }
    await deleteAll(doomed, {
      activity,
      journal,
      changes,
      providerOf: (resource) => providers.get(resource.provider),
    });
    if (targets.areSome) {
      // What was under way may belong to a resource that is left out this time.
      return;
    }
    activity.changed ||= base.pendingOperations.length > 0;
    if (!activity.failed) {
      await journal.forgetInterrupted();
    }
  }

  /** Reads every resource of the state anew. */
  async refresh(): Promise<void> {
    const { base, journal, providers, targets } = this.context;
    this.refuseUnknownTargets();
    if (!this.activity.failed) {
      await refreshAll({
        activity: this.activity,
        resources: base.resources,
        journal,
        providers,
        isTargeted: (resource) => targets.include(resource),
      });
    }
  }

  private refuseUnknownTargets(): void {
    const known = new Set(this.context.base.resources.map(({ urn }) => urn));
    for (const urn of this.context.targets.missing(
      (one) => known.has(one) || this.known.goalOf(one) !== undefined,
    )) {
      this.activity.fail(
        "",
        `The target ${urn} is no resource of this stack.${urn.includes("$") ? "" : " If there is a $ in its URN, the shell has to be kept from reading it."}`,
      );
    }
  }

  private async registerAs(urn: string, goal: Goal): Promise<Registered> {
    const parent = this.known.goalOf(goal.parent);
    if (parent !== undefined) {
      inheritFrom(goal, parent);
    }
    this.known.wanted(urn, goal);
    const isProvider = providerPackage(goal.type) !== undefined;
    if (goal.custom && !isProvider) {
      goal.provider ||=
        providerFor(goal, parent) ??
        (await this.defaultProvider(packageOf(goal.type), goal.version));
    }
    const old = this.identities.takeOld(goal, urn);
    const next = newState(goal, urn, old);
    if (!this.context.targets.includeRegistered(next)) {
      return this.leaveOut(next, old);
    }
    const absent = [...referencesOf(next)].find((one) =>
      this.known.isLeftOut(one),
    );
    if (absent !== undefined) {
      throw new EngineError(
        `It depends on ${absent}, which does not exist yet and is not named by --target.`,
      );
    }
    const lifecycle = await this.lifecycleOf(goal, urn);
    if (lifecycle !== undefined) {
      const isOwn = old?.external === false && !this.changes.isGone(old);
      next.inputs = await checkInputs(lifecycle, goal, urn, {
        before: isOwn ? old.inputs : undefined,
        preview: this.preview,
        note: (message) => {
          this.activity.note(urn, message);
        },
      });
    }
    this.activity.refuseIfStopping();
    const state = await this.changes.apply(goal, next, old, lifecycle);
    this.known.settled(state);
    const isKnown = equal(old?.outputs, state.outputs) && old?.id === state.id;
    if (this.preview && goal.custom && !isKnown) {
      this.known.unknown(urn);
    }
    if (isProvider) {
      await this.context.providers.register(state);
      return { urn, id: state.id, outputs: state.outputs };
    }
    // What a component declared last time may name resources that are not registered yet this time.
    return {
      urn,
      id: state.id === UNKNOWN ? "" : state.id,
      outputs: goal.custom ? state.outputs : {},
    };
  }

  private async readAs(urn: string, wanted: ReadGoal): Promise<Registered> {
    const { goal } = wanted;
    goal.provider ||= await this.defaultProvider(
      packageOf(goal.type),
      goal.version,
    );
    const { journal, providers } = this.context;
    const old = this.identities.takeOld(goal, urn);
    const state = await readResource(urn, wanted, old, {
      activity: this.activity,
      journal,
      providerOf: (reference) => providers.get(reference),
      giveUp: (resource) => {
        this.changes.giveUp(resource);
      },
    });
    this.known.settled(state);
    if (state.id === UNKNOWN) {
      this.known.unknown(urn);
    }
    return { urn, id: state.id, outputs: state.outputs };
  }

  /** Leaves a resource as it is, or, if it is new, out of the world. */
  private leaveOut(
    next: ResourceState,
    old: ResourceState | undefined,
  ): Registered {
    const { urn } = next;
    this.activity.unchanged(stepOf("same", next, old?.inputs, old?.inputs));
    if (old === undefined) {
      this.known.leftOut(urn);
      return { urn, id: "", outputs: {}, skipped: true };
    }
    const kept = { ...old, urn };
    this.context.journal.keepAside(kept, old);
    this.known.settled(kept);
    return {
      urn,
      id: kept.id,
      outputs: kept.custom ? kept.outputs : {},
    };
  }

  private async lifecycleOf(
    goal: Goal,
    urn: string,
  ): Promise<ResourceLifecycle | undefined> {
    if (!goal.custom) {
      return undefined;
    }
    return providerPackage(goal.type) === undefined
      ? this.context.providers.get(goal.provider)
      : this.context.providers.configurationOf(urn, goal.inputs);
  }

  private defaultProvider(
    packageName: string,
    version: string | undefined,
  ): Promise<string> {
    const key = `${packageName}@${version ?? ""}`;
    const started = this.defaultProviders.get(key);
    if (started !== undefined) {
      return started;
    }
    const goal = providerGoal(packageName, version);
    const urn = this.identities.urnOf(goal.type, goal.name, "");
    const reference = this.registerAs(urn, goal).then(
      ({ id }) => `${urn}::${id}`,
    );
    this.defaultProviders.set(key, reference);
    return reference;
  }
}

/** The outputs of the stack itself; undefined if there is no stack yet. */
export function stackOutputs(snapshot: Snapshot): PropertyMap | undefined {
  return snapshot.resources.find(({ type }) => isStackType(type))?.outputs;
}
