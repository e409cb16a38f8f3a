import type { Diagnostic } from "../show/events";
import type { PropertyMap } from "../values";

/**
 * Takes what a provider has to say of a resource, by its URN. A message of severity `info` that is marked `passing`
 * says what is going on right now ("waiting for the API server"): it is shown once the step has taken a moment, the
 * last one only. Other messages stay in the report; one of severity `error` makes the run fail.
 */
export type ProviderLog = (diagnostic: Diagnostic) => void;

/** A mistake in a resource's inputs. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

export interface DiffResult {
  /** `unknown` leaves the decision to a comparison of the inputs. */
  changes: "none" | "some" | "unknown";
  /** Properties whose change needs a new resource. */
  replaces: string[];
  /** Properties that changed, where the provider says so. */
  changedKeys: string[];
  deleteBeforeReplace: boolean;
}

export interface CreateResult {
  id: string;
  outputs: PropertyMap;
  /** Why the resource exists but is not ready, if so. */
  initErrors: string[];
}

/** A resource as it is found in the world; without an id it is not there any more. */
export interface ReadResult extends CreateResult {
  /** Undefined where the provider does not say what inputs would make it; it cannot be imported then. */
  inputs: PropertyMap | undefined;
}

export interface InvokeResult {
  outputs: PropertyMap;
  failures: CheckFailure[];
}

/** A resource as a provider is asked about it. */
export interface ResourceRequest {
  urn: string;
  preview: boolean;
  /** Seconds; 0 is the provider's own limit. */
  timeout: number;
}

export interface NewResource extends ResourceRequest {
  inputs: PropertyMap;
  /** Whether a run before this one ended in the middle of making it, so that it may be there already. */
  interrupted?: boolean;
}

export interface ExistingResource extends ResourceRequest {
  id: string;
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
}

export interface ReadRequest extends ExistingResource {
  /** Whether the resource is managed here; of another one nothing is known but its id and what the program says. */
  owned: boolean;
  /** Whether it is to be managed here from now on; then its inputs are wanted too. */
  import?: boolean;
}

export interface ChangedResource extends ExistingResource {
  newInputs: PropertyMap;
  ignoreChanges: string[];
}

/** A provider's own configuration, before and after. */
export interface ConfigChange {
  urn: string;
  olds: PropertyMap;
  news: PropertyMap;
}

/** A provider's own configuration. */
export interface ProviderConfig {
  urn: string;
  id: string;
  inputs: PropertyMap;
}

/** The life of a resource. */
export interface ResourceLifecycle {
  /** Inputs a resource gets, and every mistake in them. */
  check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult>;
  diff(request: ChangedResource): Promise<DiffResult>;
  create(request: NewResource): Promise<CreateResult>;
  update(request: ChangedResource): Promise<Omit<CreateResult, "id">>;
  delete(request: ExistingResource): Promise<void>;
}

/** What manages the resources of a package: a plugin behind gRPC, or an equivalent in this process. */
export interface Provider extends ResourceLifecycle {
  /** Tells a provider in this process where to say what it is doing; called once, before anything else. */
  logTo?(log: ProviderLog): void;
  checkConfig(change: ConfigChange): Promise<CheckResult>;
  diffConfig(change: ConfigChange): Promise<DiffResult>;
  configure(config: ProviderConfig): Promise<void>;
  read(request: ReadRequest): Promise<ReadResult>;
  invoke(
    token: string,
    args: PropertyMap,
    preview: boolean,
  ): Promise<InvokeResult>;
}

/** Finds the provider of a package. Plugins that keep their configuration run once for each instance. */
export interface ProviderSource {
  provider(
    packageName: string,
    version: string | undefined,
    instance: string,
  ): Promise<Provider>;
}
