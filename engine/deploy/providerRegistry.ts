import { randomUUID } from "node:crypto";

import { EngineError } from "../errors";
import type {
  ChangedResource,
  CheckResult,
  CreateResult,
  DiffResult,
  Provider,
  ProviderSource,
  ResourceLifecycle,
  ResourceRequest,
} from "../plugins/provider";
import type { ResourceState, Snapshot } from "../stack/state";
import { parseProviderReference, providerPackage, urnType } from "../urn";
import { containsUnknown, equal, type PropertyMap, UNKNOWN } from "../values";
import { UnconfiguredProvider } from "./unconfiguredProvider";

/** The providers of one phase, by the URN of their resource. */
export class ProviderRegistry {
  private readonly ready = new Map<string, Promise<Provider>>();
  private readonly registered = new Map<string, ResourceState>();
  /** What providers said of taking over the resources of others: the same for all of them. */
  private readonly replacements = new Map<string, Promise<boolean>>();

  constructor(
    private readonly source: ProviderSource,
    private readonly base: Snapshot,
    /** Says something about a provider resource. */
    private readonly warn: (urn: string, message: string) => void = () =>
      undefined,
  ) {}

  /** What checks and compares the configuration of a provider resource. */
  async configurationOf(
    urn: string,
    inputs: PropertyMap,
  ): Promise<ResourceLifecycle> {
    const packageName = providerPackage(urnType(urn)) ?? "";
    return new ProviderConfiguration(
      await this.source.provider(
        packageName,
        versionOf(inputs),
        "configuration",
      ),
    );
  }

  /** Makes the provider of a registered provider resource usable. */
  async register(state: ResourceState): Promise<void> {
    const provider = this.configured(state);
    this.ready.set(`${state.urn}::${state.id}`, provider);
    this.registered.set(`${state.urn}::${state.id}`, state);
    await provider;
  }

  /** Lets resources refer to a provider of which nothing is known, because its own inputs were refused. */
  registerUnknown(reference: string): void {
    this.ready.set(reference, Promise.resolve(new UnconfiguredProvider()));
  }

  /** The provider a resource refers to; one that is only in the old state is configured from there. */
  async get(reference: string): Promise<Provider> {
    const started = this.ready.get(reference);
    if (started !== undefined) {
      return started;
    }
    const parsed = parseProviderReference(reference);
    const old = this.base.resources.find(
      ({ urn, id }) => urn === parsed?.urn && id === parsed.id,
    );
    if (old === undefined) {
      throw new EngineError(
        `The provider ${reference} is neither in the program nor in the state.`,
      );
    }
    const provider = this.configured(old);
    this.ready.set(reference, provider);
    return provider;
  }

  /** Whether resources have to be made anew because they go from one provider to another: the new one says. */
  async needReplacement(before: string, after: string): Promise<boolean> {
    if (before === after) {
      return false;
    }
    const key = `${before} ${after}`;
    const said =
      this.replacements.get(key) ?? this.askForReplacement(before, after);
    this.replacements.set(key, said);
    return said;
  }

  private async askForReplacement(
    before: string,
    after: string,
  ): Promise<boolean> {
    const from = parseProviderReference(before);
    const to = parseProviderReference(after);
    const old = this.base.resources.find(
      ({ urn, id }) => urn === from?.urn && id === from.id,
    );
    const next = this.registered.get(after);
    if (from === undefined || to === undefined) {
      return true;
    }
    // A provider resource that was renamed keeps its id.
    if (from.id === to.id || old === undefined || next === undefined) {
      return false;
    }
    const { __internal: _old, ...olds } = old.inputs;
    const { __internal: _next, ...news } = next.inputs;
    // It is asked before its configuration is known, too.
    const provider = await this.source.provider(
      providerPackage(next.type) ?? "",
      versionOf(next.inputs),
      "configuration",
    );
    const { replaces } = await provider.diffConfig({ urn: to.urn, olds, news });
    return replaces.length > 0;
  }

  private async configured(state: ResourceState): Promise<Provider> {
    if (containsUnknown(state.inputs)) {
      return new UnconfiguredProvider(() => {
        this.warn(
          state.urn,
          "Its configuration is known only after the update, so that nothing can be asked of it yet: the update may change less of its resources than is shown here.",
        );
      });
    }
    const packageName = providerPackage(state.type) ?? "";
    const provider = await this.source.provider(
      packageName,
      versionOf(state.inputs),
      `${state.urn}::${state.id}`,
    );
    await provider.configure(state);
    return provider;
  }
}

/** The life of a provider resource, as that of any other: checked and compared by the plugin, made by the engine. */
class ProviderConfiguration implements ResourceLifecycle {
  constructor(private readonly provider: Provider) {}

  async check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    // A plugin is asked about its own configuration only; `__internal` is the engine's.
    const { __internal, ...news } = request.news;
    const result = await this.provider.checkConfig({
      urn: request.urn,
      olds: request.olds,
      news,
    });
    return __internal === undefined
      ? result
      : { ...result, inputs: { ...result.inputs, __internal } };
  }

  async diff(request: ChangedResource): Promise<DiffResult> {
    return equal(request.oldInputs, request.newInputs)
      ? {
          changes: "none",
          replaces: [],
          changedKeys: [],
          deleteBeforeReplace: false,
        }
      : this.provider.diffConfig({
          urn: request.urn,
          olds: request.oldInputs,
          news: request.newInputs,
        });
  }

  create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    const id = request.preview ? UNKNOWN : randomUUID();
    return Promise.resolve({
      id,
      outputs: publicInputs(request.inputs),
      initErrors: [],
    });
  }

  update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    return Promise.resolve({
      outputs: publicInputs(request.newInputs),
      initErrors: [],
    });
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}

function publicInputs(inputs: PropertyMap): PropertyMap {
  const { __internal: _, ...outputs } = inputs;
  return outputs;
}

function versionOf(inputs: PropertyMap): string | undefined {
  return typeof inputs.version === "string" ? inputs.version : undefined;
}
