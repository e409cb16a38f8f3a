import type { ResourceState } from "../stack/state";
import type { Goal } from "./goal";

/** What is known so far of the resources a program registered or read. */
export class KnownResources {
  private readonly goals = new Map<string, Goal>();
  private readonly states = new Map<string, ResourceState>();
  private readonly unresolved = new Set<string>();
  private readonly skipped = new Set<string>();

  /** Takes a registration, before anything is done about it. */
  wanted(urn: string, goal: Goal): void {
    this.goals.set(urn, goal);
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
      [...this.goals].some(
        ([child, goal]) =>
          goal.parent === urn && child !== urn && this.isUnresolved(child),
      )
    );
  }
}
