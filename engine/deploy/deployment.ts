import { EngineError, messageOf } from "../errors";
import type { InvokeResult, ResourceLifecycle } from "../plugins/provider";
import { resetPath } from "../propertyPath";
import type { Display } from "../show/events";
import type { Journal } from "../stack/journal";
import type { ResourceState, Snapshot } from "../stack/state";
import {
  isStackType,
  packageOf,
  parseProviderReference,
  providerPackage,
  urnType,
} from "../urn";
import {
  containsUnknown,
  equal,
  type PropertyMap,
  UNKNOWN,
  textOf,
} from "../values";
import { Activity, Stopped } from "./activity";
import { Changes, stepOf } from "./changes";
import { deleteAll } from "./deletes";
import { type Goal, inheritFrom, providerGoal } from "./goal";
import { Identities } from "./identities";
import type { ProviderRegistry } from "./providerRegistry";
import { newState } from "./steps";

/** Everything a deployment works with. */
export interface DeploymentContext {
  project: string;
  stack: string;
  preview: boolean;
  base: Snapshot;
  journal: Journal;
  providers: ProviderRegistry;
  display: Display;
}

/** What a program gets back for a resource it registered. */
export interface Registered {
  urn: string;
  id: string;
  outputs: PropertyMap;
}

/** One pass over a program's resources: decides what happens to each and, outside a preview, makes it happen. */
export class Deployment {
  readonly activity: Activity;
  private readonly identities: Identities;
  private readonly changes: Changes;
  private readonly settled = new Map<string, ResourceState>();
  /** Resources whose outputs are known only after the update. */
  private readonly unresolved = new Set<string>();
  private readonly goals = new Map<string, Goal>();
  private readonly defaultProviders = new Map<string, Promise<string>>();

  constructor(private readonly context: DeploymentContext) {
    const { base, journal, providers } = context;
    this.activity = new Activity(context.preview, context.display);
    this.identities = new Identities(context, base.resources);
    const isTaken = (resource: ResourceState): boolean =>
      this.identities.isTaken(resource);
    this.changes = new Changes({
      activity: this.activity,
      base,
      journal,
      providers,
      isTaken,
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
    return {
      before: stackOutputs(this.context.base),
      after: this.settled.get(this.stackUrn)?.outputs ?? {},
    };
  }

  /** Handles a resource the program registers, and resolves when the step it needs is done. */
  register(goal: Goal): Promise<Registered> {
    return this.activity.track(async () => {
      this.activity.refuseIfStopping();
      try {
        return await this.registerAs(this.identities.claim(goal), goal);
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
    this.unresolved.add(urn);
    if (providerPackage(type) === undefined) {
      return { urn, id: "", outputs: {} };
    }
    this.context.providers.registerUnknown(`${urn}::${UNKNOWN}`);
    return { urn, id: UNKNOWN, outputs: {} };
  }

  /** Takes the outputs a component, or the stack, declares. */
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    return this.activity.track(async () => {
      const state = this.settled.get(urn);
      // A component that was refused has no outputs worth keeping; the refusal is what counts.
      if (state !== undefined && !equal(state.outputs, outputs)) {
        this.activity.changed = true;
        state.outputs = outputs;
        await this.context.journal.save();
      }
    });
  }

  /** Calls a function of a package. Undefined stands for a result that is known only after the update. */
  invoke(
    token: string,
    args: PropertyMap,
    options: {
      provider: string;
      version: string | undefined;
      dependsOn: string[];
    },
  ): Promise<InvokeResult | undefined> {
    return this.activity.track(async () => {
      this.activity.refuseIfStopping();
      if (token === "pulumi:pulumi:getResource") {
        return this.getResource(textOf(args.urn));
      }
      if (
        this.preview &&
        (containsUnknown(args) ||
          options.dependsOn.some((urn) => this.isUnresolved(urn)))
      ) {
        return undefined;
      }
      const reference =
        options.provider ||
        (await this.defaultProvider(packageOf(token), options.version));
      const provider = await this.context.providers.get(reference);
      return provider.invoke(token, args, this.preview);
    });
  }

  /** Deletes what the program did not register, dependants first, and with that brings the state up to date. */
  async finish(): Promise<void> {
    const { activity, changes, identities } = this;
    const { base, journal, providers } = this.context;
    const doomed = base.resources.filter(
      (resource) =>
        !identities.isTaken(resource) || changes.awaitsDeletion(resource),
    );
    await deleteAll(doomed, {
      preview: this.preview,
      journal,
      providerOf: (resource) => providers.get(resource.provider),
      isGone: (resource) => changes.isGone(resource),
      isReplaced: (resource) => changes.isReplaced(resource),
      isStopping: () => activity.stopping,
      run: (resource, action) => {
        const op = changes.isReplaced(resource) ? "delete-replaced" : "delete";
        return activity.step(
          stepOf(op, resource, resource.inputs, undefined),
          action,
        );
      },
      fail: (urn, message) => {
        activity.fail(urn, message);
      },
    });
    activity.changed ||= base.pendingOperations.length > 0;
    if (!activity.failed) {
      await journal.forgetInterrupted();
    }
  }

  private async registerAs(urn: string, goal: Goal): Promise<Registered> {
    const parent = this.goals.get(goal.parent);
    if (parent !== undefined) {
      inheritFrom(goal, parent);
    }
    this.goals.set(urn, goal);
    const isProvider = providerPackage(goal.type) !== undefined;
    if (goal.custom && !isProvider) {
      goal.provider ||= await this.chooseProvider(goal, parent);
    }
    const old = this.identities.takeOld(goal, urn);
    const next = newState(goal, urn, old);
    const lifecycle = await this.lifecycleOf(goal, urn);
    if (lifecycle !== undefined) {
      await this.check(lifecycle, goal, next, old);
    }
    this.activity.refuseIfStopping();
    const state = await this.changes.apply(goal, next, old, lifecycle);
    this.settled.set(urn, state);
    const known = equal(old?.outputs, state.outputs) && old?.id === state.id;
    if (this.preview && goal.custom && !known) {
      this.unresolved.add(urn);
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

  /** A resource takes a provider passed down to it, its parent's if that is of the same package, or the default. */
  private async chooseProvider(
    goal: Goal,
    parent: Goal | undefined,
  ): Promise<string> {
    const packageName = packageOf(goal.type);
    const passed = goal.providers[packageName];
    if (passed !== undefined) {
      return passed;
    }
    const inherited = parseProviderReference(parent?.provider ?? "");
    if (
      parent !== undefined &&
      inherited !== undefined &&
      providerPackage(urnType(inherited.urn)) === packageName
    ) {
      return parent.provider;
    }
    return this.defaultProvider(packageName, goal.version);
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

  private async check(
    lifecycle: ResourceLifecycle,
    goal: Goal,
    next: ResourceState,
    old: ResourceState | undefined,
  ): Promise<void> {
    const olds =
      old === undefined || this.changes.isGone(old) ? {} : old.inputs;
    const news =
      old === undefined
        ? goal.inputs
        : goal.ignoreChanges.reduce(
            (inputs, path) => resetPath(inputs, old.inputs, path),
            goal.inputs,
          );
    const { preview } = this;
    const { inputs, failures } = await lifecycle.check({
      urn: next.urn,
      preview,
      timeout: 0,
      olds,
      news,
    });
    if (failures.length > 0) {
      throw new CheckFailed(
        failures.map(({ property, reason }) => {
          const where = property === "" ? "" : `: property ${property}`;
          return `${goal.type} resource '${goal.name}'${where} has a problem: ${reason}`;
        }),
      );
    }
    next.inputs = inputs;
  }

  private getResource(urn: string): InvokeResult {
    const state = this.settled.get(urn);
    if (state === undefined) {
      throw new EngineError(`${urn} is not a resource of this program.`);
    }
    return {
      outputs: { urn, id: state.id, state: state.outputs },
      failures: [],
    };
  }

  /** Whether a resource, or anything below a component, is known only after the update. */
  private isUnresolved(urn: string): boolean {
    const below = [...this.goals].filter(
      ([child, goal]) => goal.parent === urn && child !== urn,
    );
    return (
      this.unresolved.has(urn) ||
      below.some(([child]) => this.isUnresolved(child))
    );
  }
}

/** The outputs of the stack itself; undefined if there is no stack yet. */
export function stackOutputs(snapshot: Snapshot): PropertyMap | undefined {
  return snapshot.resources.find(({ type }) => isStackType(type))?.outputs;
}

/** The inputs of a resource hold mistakes, one message each. */
class CheckFailed extends EngineError {
  constructor(readonly messages: string[]) {
    super(messages.join("\n"));
  }
}
