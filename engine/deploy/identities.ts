import { EngineError } from "../errors";
import type { ResourceState } from "../stack/state";
import { isStackType, makeUrn, urnName, urnType } from "../urn";
import { aliasUrn, type Goal } from "./goal";

/** Gives each registered resource its URN and finds what it was in the state before, also under another name. */
export class Identities {
  private readonly olds = new Map<string, ResourceState>();
  /** Which resource has taken each old one. */
  private readonly claimed = new Map<ResourceState, string>();
  private readonly registered = new Set<string>();
  private readonly formerUrns = new Map<string, string>();
  private root = "";

  constructor(
    private readonly home: { stack: string; project: string },
    resources: ResourceState[],
  ) {
    for (const resource of resources) {
      if (!resource.delete) {
        this.olds.set(resource.urn, resource);
      }
    }
  }

  /** The URN of the stack; empty until it is registered. */
  get stackUrn(): string {
    return this.root;
  }

  /** The URN a resource has, whether or not it may have it. */
  urnOf(type: string, name: string, parent: string): string {
    return makeUrn(this.home.stack, this.home.project, parent, type, name);
  }

  /** Gives a resource its URN; what has no parent belongs to the stack. */
  claim(goal: Goal): string {
    if (goal.parent === "" && !isStackType(goal.type)) {
      goal.parent = this.root;
    }
    const urn = this.urnOf(goal.type, goal.name, goal.parent);
    if (this.registered.has(urn)) {
      throw new EngineError(
        `Two resources have the name "${goal.name}" and the type ${goal.type}. Names must be unique per type and parent.`,
      );
    }
    this.registered.add(urn);
    if (isStackType(goal.type)) {
      this.root = urn;
    }
    return urn;
  }

  /**
   * Finds, and takes, the state a resource had: under its URN, an alias, or as the child of a renamed parent. Fails if
   * another resource has it.
   */
  takeOld(goal: Goal, urn: string): ResourceState | undefined {
    for (const former of this.candidates(goal, urn)) {
      const old = this.olds.get(former);
      if (old === undefined) {
        continue;
      }
      const isAlias = former !== urn;
      const other =
        isAlias && this.registered.has(former) ? former : this.claimed.get(old);
      if (other !== undefined) {
        throw new EngineError(
          `${urn} and ${other} both stand for what was ${former}, one of them by an alias.`,
        );
      }
      this.claimed.set(old, urn);
      if (isAlias) {
        this.formerUrns.set(urn, former);
      }
      return old;
    }
    return undefined;
  }

  isTaken(resource: ResourceState): boolean {
    return this.claimed.has(resource);
  }

  /** The URN of the resource that has taken an old one; its own if none has. */
  urnFor(resource: ResourceState): string {
    return this.claimed.get(resource) ?? resource.urn;
  }

  private candidates(goal: Goal, urn: string): string[] {
    const former = (known: string): string =>
      this.formerUrns.get(known) ?? known;
    const aliases = goal.aliases.map((alias) =>
      aliasUrn(alias, goal, this.home, former),
    );
    const formerParent = this.formerUrns.get(goal.parent);
    if (formerParent === undefined) {
      return [urn, ...aliases];
    }
    // Children are commonly named after their parent, so that the parent's old name is part of theirs.
    const prefix = urnName(goal.parent);
    const inherited = [urn, ...aliases].map((one) => {
      const name = urnName(one);
      const formerName = name.startsWith(prefix)
        ? urnName(formerParent) + name.slice(prefix.length)
        : name;
      return this.urnOf(urnType(one), formerName, formerParent);
    });
    return [urn, ...aliases, ...inherited];
  }
}
