import { EngineError } from "../errors";
import { dependentsOf } from "./deletes";
import { referencesOf, type ResourceState } from "../stack/state";
import { isStackType, providerPackage } from "../urn";

/** What `--target` names: URNs, or patterns in which `*` stands for part of a name and `**` for anything. */
export class Targets {
  /** What is targeted because it depends on a target. */
  private readonly drawnIn = new Set<string>();
  private readonly literals: Set<string>;
  private readonly patterns: RegExp[];

  constructor(
    wanted: string[],
    /** Whether what depends on a target is one too. */
    private readonly withDependents: boolean,
  ) {
    this.literals = new Set(wanted.filter((text) => !text.includes("*")));
    this.patterns = wanted
      .filter((text) => text.includes("*"))
      .map((text) => {
        const source = text
          .split("**")
          .map((part) => part.split("*").map(escape).join("[^:]*"))
          .join(".*");
        return new RegExp(`^${source}$`);
      });
  }

  /** Whether anything is left out at all. */
  get areSome(): boolean {
    return this.literals.size + this.patterns.length > 0;
  }

  /** Whether a resource is to be brought up to date. What it depends on has been asked about before it. */
  include(resource: ResourceState): boolean {
    if (!this.areSome || this.names(resource.urn)) {
      return true;
    }
    if (
      this.withDependents &&
      [...referencesOf(resource)].some(
        (urn) => this.drawnIn.has(urn) || this.names(urn),
      )
    ) {
      this.drawnIn.add(resource.urn);
      return true;
    }
    return false;
  }

  /** As `include`, for a resource of the program: the stack and providers belong to every target. */
  includeRegistered(resource: ResourceState): boolean {
    return (
      this.include(resource) ||
      isStackType(resource.type) ||
      providerPackage(resource.type) !== undefined
    );
  }

  /** Of resources that could be deleted, those that are to be; refuses to take along what nobody named. */
  deletable(
    candidates: ResourceState[],
    all: ResourceState[],
    refuse: (urn: string, message: string) => void,
  ): ResourceState[] {
    if (!this.areSome) {
      return candidates;
    }
    const doomed = dependentsOf(
      all.filter(({ urn }) => this.names(urn)),
      all,
    );
    const chosen = candidates.filter((resource) => doomed.has(resource));
    for (const { urn } of this.withDependents ? [] : chosen) {
      if (!this.names(urn)) {
        refuse(urn, unnamed(urn));
      }
    }
    return chosen;
  }

  /** Fails if a resource would be deleted although nobody named it. */
  allowDeletion(urn: string): void {
    if (this.areSome && !this.withDependents && !this.names(urn)) {
      throw new EngineError(unnamed(urn));
    }
  }

  /** The URNs that are given but are not among these. */
  missing(known: (urn: string) => boolean): string[] {
    return [...this.literals].filter((urn) => !known(urn));
  }

  private names(urn: string): boolean {
    return (
      this.literals.has(urn) ||
      this.patterns.some((pattern) => pattern.test(urn))
    );
  }
}

function unnamed(urn: string): string {
  return `${urn} would be deleted, but it is not named by --target. Name it too, or add --target-dependents.`;
}

function escape(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
}
