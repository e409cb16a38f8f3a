import { resolve } from "node:path";

import { EngineError, outOfScope } from "../errors";
import type {
  CheckFailure,
  CheckResult,
  ConfigChange,
  DiffResult,
  ProviderConfig,
  ResourceLifecycle,
} from "../plugins/provider";
import { equal, type PropertyMap, reveal, revealAll, textOf } from "../values";
import { EquivalentProvider, UNCHANGED } from "./equivalent";
import { RenderedObject, type RenderSettings } from "./renderedObject";

/** Arguments that speak of a cluster and make no sense beside rendering. */
const CLUSTER_ARGUMENTS = ["cluster", "context"];

/** Arguments this provider knows; the ones it does not act on change nothing about rendered files. */
const KNOWN = new Set([
  ...[
    "renderYamlToDirectory",
    "enableSecretMutable",
    "enableConfigMapMutable",
    "alwaysRender",
    "namespace",
  ],
  ...[
    "version",
    "kubeconfig",
    "enableServerSideApply",
    "suppressDeprecationWarnings",
    "suppressHelmHookWarnings",
  ],
]);

/** Stands in for the plugin of @pulumi/kubernetes where that is not installed: it renders objects to YAML files. */
export class KubernetesProvider extends EquivalentProvider {
  protected override readonly types: Map<string, ResourceLifecycle>;
  private settings: RenderSettings | undefined;

  constructor(private readonly programDirectory: string) {
    super();
    const settings = (): RenderSettings => {
      if (this.settings === undefined) {
        throw new EngineError("The Kubernetes provider is not configured.");
      }
      return this.settings;
    };
    this.types = new Map<string, ResourceLifecycle>([
      ["kubernetes:core/v1:Secret", new RenderedObject(settings, true)],
      ["kubernetes:core/v1:ConfigMap", new RenderedObject(settings, true)],
      ["kubernetes:core/v1:Namespace", new RenderedObject(settings, false)],
      [
        "kubernetes:core/v1:PersistentVolumeClaim",
        new RenderedObject(settings, true),
      ],
      ["kubernetes:batch/v1:Job", new RenderedObject(settings, true)],
    ]);
  }

  override checkConfig({ news }: ConfigChange): Promise<CheckResult> {
    const failures: CheckFailure[] = [];
    if (!isSet(news.renderYamlToDirectory)) {
      failures.push({
        property: "renderYamlToDirectory",
        reason: outOfScope("A Kubernetes provider that talks to a cluster")
          .message,
      });
    }
    for (const property of CLUSTER_ARGUMENTS) {
      if (isSet(news[property])) {
        failures.push({
          property,
          reason: 'it does not go together with "renderYamlToDirectory"',
        });
      }
    }
    const kubeconfig = reveal(news.kubeconfig);
    // The SDK fills this in from the environment, where it says nothing about the wish to render.
    if (isSet(news.kubeconfig) && kubeconfig !== process.env.KUBECONFIG) {
      failures.push({
        property: "kubeconfig",
        reason: 'it does not go together with "renderYamlToDirectory"',
      });
    }
    for (const property of Object.keys(news)) {
      if (!KNOWN.has(property) && !CLUSTER_ARGUMENTS.includes(property)) {
        failures.push({
          property,
          reason: outOfScope(
            `The argument "${property}" of the Kubernetes provider`,
          ).message,
        });
      }
    }
    return Promise.resolve({ inputs: news, failures });
  }

  override diffConfig({ olds, news }: ConfigChange): Promise<DiffResult> {
    const moved = !equal(
      reveal(olds.renderYamlToDirectory),
      reveal(news.renderYamlToDirectory),
    );
    return Promise.resolve({
      ...UNCHANGED,
      changes: "some",
      replaces: moved ? ["renderYamlToDirectory"] : [],
    });
  }

  override configure({ inputs }: ProviderConfig): Promise<void> {
    const directory = reveal(inputs.renderYamlToDirectory);
    const namespace = reveal(inputs.namespace);
    this.settings = {
      directory: resolve(this.programDirectory, textOf(directory)),
      namespace: typeof namespace === "string" ? namespace : "",
      secretMutable: isTrue(inputs.enableSecretMutable),
      configMapMutable: isTrue(inputs.enableConfigMapMutable),
      alwaysRender: isTrue(inputs.alwaysRender),
    };
    return Promise.resolve();
  }
}

function isSet(value: PropertyMap[string] | undefined): boolean {
  const open = value === undefined ? null : revealAll(value);
  return open !== null && open !== "" && open !== false;
}

/** Arguments of a provider travel as JSON text. */
function isTrue(value: PropertyMap[string] | undefined): boolean {
  const open = reveal(value);
  return open === true || open === "true";
}
