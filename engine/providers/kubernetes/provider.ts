import { resolve } from "node:path";

import { EngineError, outOfScope } from "../../errors";
import type {
  ChangedResource,
  CheckResult,
  ConfigChange,
  CreateResult,
  DiffResult,
  ExistingResource,
  ProviderConfig,
  ProviderLog,
  ReadRequest,
  ReadResult,
  ResourceLifecycle,
  ResourceRequest,
} from "../../plugins/provider";
import { urnType } from "../../urn";
import { type PropertyMap, reveal, textOf } from "../../values";
import { EquivalentProvider } from "../equivalent";
import { Cluster } from "./cluster/cluster";
import { ClusterObject } from "./cluster/clusterObject";
import { checkArguments, compareArguments } from "./configuration";
import { KINDS, type ObjectKind } from "./kinds";
import { RenderedObject, type RenderSettings } from "./rendered";
import { clusterSettings, isSet, isTrue } from "./settings";

/** What the arguments of a provider come to. */
type Configured = { rendering: RenderSettings } | { cluster: Cluster };

/**
 * Stands in for the plugin of @pulumi/kubernetes where that is not installed: it renders objects to YAML files, or
 * makes them in a cluster, as the plugin would.
 */
export class KubernetesProvider extends EquivalentProvider {
  protected override readonly types: Map<string, KubernetesObject>;
  private configured: Configured | undefined;
  private log: ProviderLog = () => undefined;

  constructor(private readonly programDirectory: string) {
    super();
    const configured = (): Configured => {
      if (this.configured === undefined) {
        throw new EngineError("The Kubernetes provider is not configured.");
      }
      return this.configured;
    };
    this.types = new Map(
      [...KINDS].map(([type, kind]) => [
        type,
        new KubernetesObject(configured, type, kind),
      ]),
    );
  }

  logTo(log: ProviderLog): void {
    this.log = log;
  }

  override checkConfig({ news }: ConfigChange): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: checkArguments(news) });
  }

  override diffConfig(change: ConfigChange): Promise<DiffResult> {
    return Promise.resolve(compareArguments(change));
  }

  override configure({ inputs }: ProviderConfig): Promise<void> {
    this.configured = isSet(inputs.renderYamlToDirectory)
      ? { rendering: this.renderSettings(inputs) }
      : {
          cluster: new Cluster(
            clusterSettings(inputs, process.env),
            (diagnostic) => {
              this.log(diagnostic);
            },
          ),
        };
    return Promise.resolve();
  }

  override read(request: ReadRequest): Promise<ReadResult> {
    const read = this.types.get(urnType(request.urn))?.read(request);
    return read ?? super.read(request);
  }

  private renderSettings(inputs: PropertyMap): RenderSettings {
    const namespace = reveal(inputs.namespace);
    return {
      directory: resolve(
        this.programDirectory,
        textOf(reveal(inputs.renderYamlToDirectory)),
      ),
      namespace: typeof namespace === "string" ? namespace : "",
      secretMutable: isTrue(inputs.enableSecretMutable),
      configMapMutable: isTrue(inputs.enableConfigMapMutable),
      alwaysRender: isTrue(inputs.alwaysRender),
    };
  }
}

/** An object of one kind, wherever its provider puts it. */
class KubernetesObject implements ResourceLifecycle {
  private rendered: ResourceLifecycle | undefined;
  private live: ClusterObject | undefined;

  constructor(
    private readonly configured: () => Configured,
    private readonly type: string,
    private readonly kind: ObjectKind,
  ) {}

  async check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    return this.place().check(request);
  }

  async diff(request: ChangedResource): Promise<DiffResult> {
    return this.place().diff(request);
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    return this.place().create(request);
  }

  async update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    return this.place().update(request);
  }

  async delete(request: ExistingResource): Promise<void> {
    await this.place().delete(request);
  }

  /** `undefined` for a file, which is not looked at again. */
  read(request: ReadRequest): Promise<ReadResult> | undefined {
    const place = this.place();
    return place instanceof ClusterObject ? place.read(request) : undefined;
  }

  private place(): ResourceLifecycle {
    const configured = this.configured();
    if ("cluster" in configured) {
      this.live ??= new ClusterObject(configured.cluster, this.kind);
      return this.live;
    }
    if (this.kind.patch) {
      throw outOfScope(`Rendering a ${this.type}`);
    }
    const { rendering } = configured;
    this.rendered ??= new RenderedObject(() => rendering, this.kind.namespaced);
    return this.rendered;
  }
}
