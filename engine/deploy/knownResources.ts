import { referencesOf, type ResourceState } from "../stack/state";
import {
  parseProviderReference,
  providerPackage,
  urnName,
  urnType,
} from "../urn";
import type { Goal } from "./goal";

/** What is known so far of the resources a program registered or read. */
export class KnownResources {
  private readonly goals = new Map<string, Goal>();
  private readonly children = new Map<string, string[]>();
  private readonly states = new Map<string, ResourceState>();
  private readonly unresolved = new Set<string>();
  private readonly skipped = new Set<string>();
  private readonly lost = new Set<string>();
  private readonly refused = new Set<string>();

  /** Takes a registration, before anything is done about it. */
  wanted(urn: string, goal: Goal): void {
    this.goals.set(urn, goal);
    const siblings = this.children.get(goal.parent);
    if (siblings === undefined) {
      this.children.set(goal.parent, [urn]);
    } else {
      siblings.push(urn);
    }
  }

  /** Takes the state a resource has come to. */
  settled(state: ResourceState): void {
    this.states.set(state.urn, state);
  }

  /** Notes that a resource has outputs that are known only after the update. */
  unknown(urn: string): void {
    this.unresolved.add(urn);
  }

  /** Notes that a new resource is left out, so that it does not exist. */
  leftOut(urn: string): void {
    this.skipped.add(urn);
    this.unresolved.add(urn);
  }

  /** Notes that a resource did not become what it should, and that nothing may build on it. */
  lose(urn: string): void {
    this.lost.add(urn);
  }

  isLost(urn: string): boolean {
    return this.lost.has(urn);
  }

  /** Whether something a resource needs is lost. */
  isCutOff(resource: ResourceState): boolean {
    return (
      this.lost.size > 0 &&
      [...referencesOf(resource)].some((urn) => this.lost.has(urn))
    );
  }

  /** Whether an error of the program only repeats that a resource failed, as the SDK says of each that did. */
  isEcho(message: string): boolean {
    const [, name, type] =
      /resource (\S+) \[(\S+)\] failed to register/.exec(message) ?? [];
    return [...this.lost].some(
      (urn) => urnName(urn) === name && urnType(urn) === type,
    );
  }

  /** Notes that a preview refuses a resource and goes on without it. */
  refuse(urn: string): void {
    this.refused.add(urn);
  }

  /**
   * Whether a preview is not to ask about a resource: its provider was refused, or needs what was refused, so that
   * all that could be heard of it is the same mistake again.
   */
  isOutOfReach(resource: ResourceState): boolean {
    const provider = parseProviderReference(resource.provider)?.urn ?? "";
    const needed =
      providerPackage(resource.type) === undefined
        ? [provider]
        : [...referencesOf(resource)];
    return needed.some((urn) => this.refused.has(urn));
  }

  goalOf(urn: string): Goal | undefined {
    return this.goals.get(urn);
  }

  stateOf(urn: string): ResourceState | undefined {
    return this.states.get(urn);
  }

  isLeftOut(urn: string): boolean {
    return this.skipped.has(urn);
  }

  /** Whether a resource, or anything below a component, is known only after the update. */
  isUnresolved(urn: string): boolean {
    return (
      this.unresolved.has(urn) ||
      (this.children.get(urn) ?? []).some(
        (child) => child !== urn && this.isUnresolved(child),
      )
    );
  }
}
