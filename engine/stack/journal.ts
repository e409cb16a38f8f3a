import { isOutcomeUnknown } from "../errors";
import { parseProviderReference } from "../urn";
import {
  type PendingOperation,
  referencesOf,
  type ResourceState,
  type Snapshot,
} from "./state";

/** Keeps the state of a stack while an update changes it, and has it written after every change. */
export class Journal {
  private readonly fresh: ResourceState[] = [];
  private readonly superseded = new Set<ResourceState>();
  private readonly removed = new Set<ResourceState>();
  private readonly renamed = new Map<string, string>();
  private readonly pending = new Set<PendingOperation>();
  private interrupted: PendingOperation[];
  private outOfOrder = false;
  private writing: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;

  constructor(
    private readonly base: Snapshot,
    /** Stores a snapshot; undefined in a preview, which stores nothing. */
    private readonly store: ((snapshot: Snapshot) => Promise<void>) | undefined,
  ) {
    this.interrupted = base.pendingOperations.filter(
      (operation) => operation.type === "creating",
    );
  }

  /** Notes that a step is about to change the world. What it notes is on disk when the promise resolves. */
  async begin(
    type: string,
    resource: ResourceState,
  ): Promise<PendingOperation> {
    const operation = { type, resource };
    this.pending.add(operation);
    await this.save();
    return operation;
  }

  /** Forgets a step that failed without changing anything. */
  async abandon(operation: PendingOperation): Promise<void> {
    this.pending.delete(operation);
    await this.save();
  }

  /** As `abandon`, unless nobody knows whether the step took effect: then the next run has to hear of it. */
  async failed(operation: PendingOperation, error: unknown): Promise<void> {
    if (!isOutcomeUnknown(error)) {
      await this.abandon(operation);
    }
  }

  /** Puts a resource's new state in the place of its old one, and writes it. */
  async settle(
    next: ResourceState,
    old: ResourceState | undefined,
    operation?: PendingOperation,
  ): Promise<void> {
    this.keep(next, old);
    if (operation !== undefined) {
      this.pending.delete(operation);
    }
    await this.save();
  }

  /** As `settle`, for a state that reads the same as before: nothing is written. */
  keep(next: ResourceState, old: ResourceState | undefined): void {
    // An old resource that waits to be deleted stays beside its successor until it is.
    if (old !== undefined && !old.delete) {
      this.superseded.add(old);
      if (old.urn !== next.urn) {
        this.renamed.set(old.urn, next.urn);
      }
    }
    this.fresh.push(next);
    this.interrupted = this.interrupted.filter(
      (operation) => operation.resource.urn !== next.urn,
    );
  }

  /** As `keep`, for a resource that is left out of an update: what it refers to may not be registered any more. */
  keepAside(next: ResourceState, old: ResourceState): void {
    this.keep(next, old);
    this.outOfOrder = true;
  }

  /** Whether a run before this one was interrupted while it made this resource. */
  wasInterrupted(urn: string): boolean {
    return this.interrupted.some(({ resource }) => resource.urn === urn);
  }

  /** Forgets what a run before this one was interrupted in, once there is nothing left to do about it. */
  async forgetInterrupted(): Promise<void> {
    if (this.interrupted.length > 0) {
      this.interrupted = [];
      await this.save();
    }
  }

  /** Takes a resource out of the state. */
  async remove(
    resource: ResourceState,
    operation?: PendingOperation,
  ): Promise<void> {
    this.removed.add(resource);
    if (operation !== undefined) {
      this.pending.delete(operation);
    }
    await this.save();
  }

  /** The state as it is now: what was registered, in order, then what was not seen yet and still exists. */
  snapshot(): Snapshot {
    const resources = [
      // What was imported may have been changed since.
      ...this.fresh.filter((resource) => !this.superseded.has(resource)),
      ...this.base.resources.filter(
        (resource) => !this.superseded.has(resource),
      ),
    ];
    return {
      resources: (this.outOfOrder ? inOrder(resources) : resources)
        .filter((resource) => !this.removed.has(resource))
        .map((resource) => this.followed(resource)),
      pendingOperations: [...this.interrupted, ...this.pending],
    };
  }

  /** Writes the state. Calls that come while a write is under way share the next one. */
  async save(): Promise<void> {
    const store = this.store;
    if (store === undefined) {
      return;
    }
    this.queued ??= this.writing
      .catch(() => undefined)
      .then(() => {
        this.queued = undefined;
        this.writing = store(this.snapshot());
        return this.writing;
      });
    await this.queued;
  }

  /** A resource with its references brought up to date where what they name goes by a new URN now. */
  private followed(resource: ResourceState): ResourceState {
    if (this.renamed.size === 0) {
      return resource;
    }
    if (![...referencesOf(resource)].some((urn) => this.renamed.has(urn))) {
      return resource;
    }
    const follow = (urn: string): string => this.renamed.get(urn) ?? urn;
    const provider = parseProviderReference(resource.provider);
    return {
      ...resource,
      parent: follow(resource.parent),
      deletedWith: follow(resource.deletedWith),
      dependencies: resource.dependencies.map(follow),
      propertyDependencies: Object.fromEntries(
        Object.entries(resource.propertyDependencies).map(([key, urns]) => [
          key,
          urns.map(follow),
        ]),
      ),
      provider:
        provider === undefined
          ? resource.provider
          : `${follow(provider.urn)}::${provider.id}`,
    };
  }
}

/** The same resources, each after those it refers to. */
function inOrder(resources: ResourceState[]): ResourceState[] {
  const byUrn = new Map(
    resources
      .filter((resource) => !resource.delete)
      .map((resource) => [resource.urn, resource]),
  );
  const ordered = new Set<ResourceState>();
  const visited = new Set<ResourceState>();
  const add = (resource: ResourceState): void => {
    if (visited.has(resource)) {
      return;
    }
    visited.add(resource);
    for (const urn of referencesOf(resource)) {
      const other = byUrn.get(urn);
      if (other !== undefined) {
        add(other);
      }
    }
    ordered.add(resource);
  };
  resources.forEach(add);
  return [...ordered];
}
