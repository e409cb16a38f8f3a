import { EngineError, messageOf } from "../errors";
import type { InvokeResult } from "../plugins/provider";
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
import { bringAbout } from "./bringAbout";
import { CheckFailed } from "./check";
import { cleanUp } from "./cleanUp";
import { DefaultProviders } from "./defaultProviders";
import { type Goal, inheritFrom, providerFor } from "./goal";
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
  /** Whether a step that fails leaves alone what does not depend on it. */
  continueOnError: boolean;
}

/** What a program gets back for a resource it registered. */
export interface Registered {
  urn: string;
  id: string;
  outputs: PropertyMap;
  /** Whether the update leaves it out, so that it does not exist. */
  leftOut?: boolean;
  /** Whether there is no such resource, or not as it should be, because it failed or what it needs did. */
  lost?: boolean;
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
  private readonly defaultProviders: DefaultProviders;

  constructor(private readonly context: DeploymentContext) {
    const { base, journal, providers, targets } = context;
    this.activity = new Activity(
      context.preview,
      context.display,
      context.continueOnError,
    );
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
    this.defaultProviders = new DefaultProviders(
      ({ type, name }) => this.identities.urnOf(type, name, ""),
      (urn, goal) => this.registerAs(urn, goal),
      (goal, error) => this.refuse(goal, error),
    );
    this.invokes = new Invokes({
      activity: this.activity,
      known: this.known,
      providerOf: (reference) => providers.get(reference),
      defaultProvider: (...which) => this.defaultProviders.get(...which),
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

  /** Takes an error the program reports. Returns whether it is worth showing, and not said already. */
  noteError(message: string): boolean {
    this.activity.noteFailure();
    return !this.known.isEcho(message);
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
    const goesOn = this.activity.goesOnAfter(error);
    for (const message of error instanceof CheckFailed
      ? error.messages
      : [messageOf(error)]) {
      if (goesOn) {
        this.activity.lose(urn, message);
      } else {
        this.activity.fail(urn, message);
      }
    }
    if (goesOn) {
      return this.lose(urn);
    }
    if (!this.preview) {
      throw new Stopped("a resource is refused");
    }
    this.known.refuse(urn);
    return this.leaveUnknown({ urn, type });
  }

  /** Has a preview go on with nothing known of a resource. */
  private leaveUnknown({
    urn,
    type,
  }: Pick<ResourceState, "urn" | "type">): Registered {
    this.known.unknown(urn);
    if (providerPackage(type) === undefined) {
      return { urn, id: "", outputs: {} };
    }
    this.known.refuse(urn);
    this.context.providers.registerUnknown(`${urn}::${UNKNOWN}`);
    return { urn, id: UNKNOWN, outputs: {} };
  }

  private lose(urn: string): Registered {
    this.known.lose(urn);
    return { urn, id: "", outputs: {}, lost: true };
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
    const { activity, changes, identities, known } = this;
    const { base, journal, providers, targets } = this.context;
    this.refuseUnknownTargets();
    this.gone = await cleanUp({
      activity,
      base,
      changes,
      journal,
      targets,
      isTaken: (resource) => identities.isTaken(resource),
      isLost: (resource) => known.isLost(identities.urnFor(resource)),
      providerOf: (resource) => providers.get(resource.provider),
    });
  }

  /** Reads every resource of the state anew; a preview may keep what it finds for what comes after it. */
  async refresh(keeps = false): Promise<void> {
    const { base, journal, providers, targets } = this.context;
    this.refuseUnknownTargets();
    if (!this.activity.failed) {
      await refreshAll({
        activity: this.activity,
        base,
        keeps,
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
        (await this.defaultProviders.get(packageOf(goal.type), goal.version));
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
    if (this.known.isCutOff(next)) {
      return this.lose(urn);
    }
    if (this.known.isOutOfReach(next)) {
      return this.leaveUnknown(next);
    }
    const state = await bringAbout(goal, next, old, {
      ...this.context,
      activity: this.activity,
      changes: this.changes,
    });
    this.known.settled(state);
    const isKnown = equal(old?.outputs, state.outputs) && old?.id === state.id;
    if (this.preview && goal.custom && !isKnown) {
      this.known.unknown(urn);
    }
    if (isProvider) {
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
    goal.provider ||= await this.defaultProviders.get(
      packageOf(goal.type),
      goal.version,
    );
    const { journal, providers } = this.context;
    const old = this.identities.takeOld(goal, urn);
    const next = newState(goal, urn, old);
    if (this.known.isCutOff(next)) {
      return this.lose(urn);
    }
    if (this.known.isOutOfReach(next)) {
      return this.leaveUnknown(next);
    }
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
      return { urn, id: "", outputs: {}, leftOut: true };
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
}

/** The outputs of the stack itself; undefined if there is no stack yet. */
export function stackOutputs(snapshot: Snapshot): PropertyMap | undefined {
  return snapshot.resources.find(({ type }) => isStackType(type))?.outputs;
}
