import { EngineError, outOfScope } from "../errors";
import type {
  ChangedResource,
  CheckResult,
  ConfigChange,
  CreateResult,
  DiffResult,
  ExistingResource,
  InvokeResult,
  Provider,
  ProviderConfig,
  ReadRequest,
  ReadResult,
  ResourceLifecycle,
  ResourceRequest,
} from "../plugins/provider";
import { packageOf, urnType } from "../urn";
import { containsUnknown, equal, type PropertyMap } from "../values";

export const UNCHANGED: DiffResult = {
  changes: "none",
  replaces: [],
  changedKeys: [],
  deleteBeforeReplace: false,
};

/**
 * A provider within the engine: one object for each of the resource types it knows. A resource of another type that
 * stands in the state stays there as long as nothing of it changes; all else about it is refused by name.
 */
export class EquivalentProvider implements Provider {
  protected readonly types: ReadonlyMap<string, ResourceLifecycle> = new Map();

  checkConfig({ news }: ConfigChange): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(change: ConfigChange): Promise<DiffResult> {
    const changes = equal(change.olds, change.news) ? "none" : "some";
    return Promise.resolve({ ...UNCHANGED, changes });
  }

  configure(config: ProviderConfig): Promise<void> {
    return containsUnknown(config.inputs)
      ? Promise.reject(
          new EngineError("The configuration of a provider is not known yet."),
        )
      : Promise.resolve();
  }

  async check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    // What was made by its plugin and is to stay as it is needs no plugin.
    return !this.knows(request.urn) && equal(request.olds, request.news)
      ? { inputs: request.news, failures: [] }
      : this.lifecycleOf(request.urn).check(request);
  }

  async diff(request: ChangedResource): Promise<DiffResult> {
    return !this.knows(request.urn) &&
      equal(request.oldInputs, request.newInputs)
      ? UNCHANGED
      : this.lifecycleOf(request.urn).diff(request);
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    return this.lifecycleOf(request.urn).create(request);
  }

  async update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    return this.lifecycleOf(request.urn).update(request);
  }

  async delete(request: ExistingResource): Promise<void> {
    await this.lifecycleOf(request.urn).delete(request);
  }

  /** What is rendered or made here is not looked at again: as with the plugins, the state says what there is. */
  read(request: ReadRequest): Promise<ReadResult> {
    const { urn, id, owned, oldInputs, oldOutputs } = request;
    if (!owned) {
      return Promise.reject(
        outOfScope(
          `Reading a ${urnType(urn)} that is not managed here (its plugin is not installed)`,
        ),
      );
    }
    return Promise.resolve({
      id,
      inputs: oldInputs,
      outputs: oldOutputs,
      initErrors: [],
    });
  }

  invoke(token: string): Promise<InvokeResult> {
    return Promise.reject(
      outOfScope(`The function ${token} (its plugin is not installed)`),
    );
  }

  private knows(urn: string): boolean {
    return this.types.has(urnType(urn));
  }

  private lifecycleOf(urn: string): ResourceLifecycle {
    const type = urnType(urn);
    const lifecycle = this.types.get(type);
    if (lifecycle === undefined) {
      const known = [...this.types.keys()].join(", ") || "nothing";
      throw outOfScope(
        `The resource type ${type} (its plugin is not installed, and of "${packageOf(type)}" the bundled engine has ${known})`,
      );
    }
    return lifecycle;
  }
}

/** Base of resources that are only ever replaced. */
export abstract class ImmutableResource implements ResourceLifecycle {
  abstract check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult>;
  abstract diff(request: ChangedResource): Promise<DiffResult>;
  abstract create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult>;

  update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    throw new EngineError(`${request.urn} cannot be updated, only replaced.`);
  }

  /** There is nothing to delete but the entry in the state. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}
