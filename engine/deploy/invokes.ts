import { EngineError } from "../errors";
import type { InvokeResult, Provider } from "../plugins/provider";
import { packageOf } from "../urn";
import { containsUnknown, type PropertyMap, textOf } from "../values";
import type { Activity } from "./activity";
import type { KnownResources } from "./knownResources";
import { UnconfiguredProvider } from "./unconfiguredProvider";

/** How a function is to be called. */
export interface InvokeOptions {
  /** A reference, `urn::id`; empty for the default provider. */
  provider: string;
  version: string | undefined;
  dependsOn: string[];
}

/** What calling functions needs of the deployment it belongs to. */
export interface InvokeContext {
  activity: Activity;
  known: KnownResources;
  providerOf: (reference: string) => Promise<Provider>;
  defaultProvider: (
    packageName: string,
    version: string | undefined,
  ) => Promise<string>;
}

/** The functions of packages that a program calls. */
export class Invokes {
  constructor(private readonly context: InvokeContext) {}

  /** Calls a function. Undefined stands for a result that is known only after the update. */
  async call(
    token: string,
    args: PropertyMap,
    options: InvokeOptions,
  ): Promise<InvokeResult | undefined> {
    const { activity, known, providerOf, defaultProvider } = this.context;
    activity.refuseIfStopping();
    if (token === "pulumi:pulumi:getResource") {
      return this.getResource(textOf(args.urn));
    }
    const isUnknown =
      containsUnknown(args) ||
      options.dependsOn.some((urn) => known.isUnresolved(urn));
    if (activity.preview && isUnknown) {
      return undefined;
    }
    const reference =
      options.provider ||
      (await defaultProvider(packageOf(token), options.version));
    const provider = await providerOf(reference);
    if (activity.preview && provider instanceof UnconfiguredProvider) {
      return undefined;
    }
    return provider.invoke(token, args, activity.preview);
  }

  private getResource(urn: string): InvokeResult {
    const state = this.context.known.stateOf(urn);
    if (state === undefined) {
      throw new EngineError(`${urn} is not a resource of this program.`);
    }
    return {
      outputs: { urn, id: state.id, state: state.outputs },
      failures: [],
    };
  }
}
