import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type {
  AccessedIssuer,
  AccessedTrustBundle,
  AccessedWorkload,
  ReadSecret,
} from "../resources";
import { ClusterAccess, kubeconfigInput } from "../resources";
import { namespaceProblems, refuse } from "./kubernetes";
import { targetSettings } from "./targetSettings";

/** Where Kubernetes objects go, for {@link KubernetesTargetArgs.target}. */
export const TargetKind = {
  /** As YAML into a folder; no cluster is asked. */
  Render: "render",
  /** Into a cluster, over its API. */
  Cluster: "cluster",
} as const;

/** What a preview does where a cluster cannot be reached, for {@link KubernetesTargetArgs.whenUnreachable}. */
export const WhenUnreachable = {
  Refuse: "refuse",
  Continue: "continue",
} as const;

/** Arguments of {@link KubernetesTarget}. */
export interface KubernetesTargetArgs {
  /** One of {@link TargetKind}. Default `render`. */
  target?: string;
  /** Folder for the YAML of `render`. Default `rendered/<stack>`. */
  renderDirectory?: string;
  /**
   * Path of a kubeconfig, or its content, which is kept secret. Default: as
   * kubectl finds it, in `KUBECONFIG`, `~/.kube/config` or the pod that runs
   * the update.
   */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
  /** Where Secrets and ConfigMaps go. */
  namespace: string;
  /**
   * Make the namespace, and those of {@link namespaces}, where they are not
   * there. They stay when the stack is destroyed: others may have put something
   * into them. Default false.
   */
  createNamespace?: boolean;
  /** Further namespaces that objects of the program go to, such as those of trust bundles. */
  namespaces?: string[];
  /**
   * What the cluster is to this program. Objects are replaced when it changes,
   * and not when the kubeconfig names another address of the same cluster.
   * Default: the target's name.
   */
  clusterIdentifier?: string;
  /** Take over objects of these names that are there already, which is refused otherwise. Default false. */
  adoptExisting?: boolean;
  /** Take over fields that another manager owns, which is refused otherwise. Default false. */
  forceConflicts?: boolean;
  /**
   * One of {@link WhenUnreachable}: `continue` lets a preview pass, with a
   * warning, where the cluster cannot be reached, and what goes to it fails in
   * the update. For one cluster of several, with `up --continue-on-error`.
   * Default `refuse`.
   */
  whenUnreachable?: string;
  /** Workloads that the program restarts or patches, and Services that it patches: their permissions are checked, too. */
  workloads?: AccessedWorkload[];
  /** Cluster trust bundles that the program makes. */
  clusterTrustBundles?: AccessedTrustBundle[];
  /** Issuers of cert-manager that the program makes. */
  certManagerIssuers?: AccessedIssuer[];
  /** Secrets of others that the program reads. */
  readSecrets?: ReadSecret[];
  /** Does the program run Jobs, as `DeviceBatchJob` does? Default false. */
  jobs?: boolean;
}

/** What is known of a target by its provider. */
export interface TargetOfProvider {
  readonly kind: "render" | "cluster";
  readonly kubeconfig?: pulumi.Input<string>;
  readonly context?: pulumi.Input<string>;
  /** Of `render`. */
  readonly renderDirectory?: string;
  /** Of `cluster`: what it is to the program. */
  readonly clusterIdentifier?: string;
}

const targets = new WeakMap<kubernetes.Provider, TargetOfProvider>();

/** The target that made a provider; `undefined` for one that the program made itself. */
export function targetOf(
  provider: kubernetes.Provider | undefined,
): TargetOfProvider | undefined {
  return provider === undefined ? undefined : targets.get(provider);
}

/**
 * Where a program's Kubernetes objects go: one cluster, or a folder for their
 * YAML. Its {@link provider} is what components are given.
 *
 * For a cluster a preview first checks that it can be reached, that it is the
 * one of the last update, that it knows who asks, and that whoever asks may do
 * all that the program needs; what is missing is told at once, with the rule
 * for the Role. This class is no component, so that the provider's URN does not
 * depend on it.
 *
 * @example
 * ```ts
 * const { provider, namespace } = KubernetesTarget.fromConfig("kubernetes");
 * new TrustBundle("device-roots", {
 *   authority: deviceRoot,
 *   namespace,
 *   configMapName: "mqtt-device-ca-bundle",
 *   provider,
 * });
 * ```
 *
 * @example Two clusters of one program
 * ```ts
 * const targets = ["berlin", "lisbon"].map((site) =>
 *   new KubernetesTarget(site, { target: TargetKind.Cluster, context: site, namespace: "mqtt" }),
 * );
 * ```
 */
export class KubernetesTarget {
  /** One of {@link TargetKind}. */
  readonly kind: "render" | "cluster";
  /** For the components and Kubernetes objects of the program. */
  readonly provider: kubernetes.Provider;
  /** Where Secrets and ConfigMaps go; there when it is needed. */
  readonly namespace: pulumi.Output<string>;
  /** The folder of the YAML; for a cluster nothing is written there, but a program may put files of its own there. */
  readonly renderDirectory: string;

  /**
   * @param name also of the provider
   * @throws RunError for arguments that are wrong, all of them at once
   */
  constructor(name: string, args: KubernetesTargetArgs) {
    refuse(name, problemsOf(args));
    this.kind =
      args.target === TargetKind.Cluster
        ? TargetKind.Cluster
        : TargetKind.Render;
    const shared = {
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    };
    this.renderDirectory =
      args.renderDirectory ?? `rendered/${pulumi.getStack()}`;
    if (this.kind === TargetKind.Render) {
      this.provider = new kubernetes.Provider(name, {
        renderYamlToDirectory: this.renderDirectory,
        // Rendering needs no cluster; without this, the kubeconfig of whoever runs an update would be a change.
        kubeconfig: "",
        ...shared,
      });
      this.namespace = renderedNamespace(name, args, this.provider);
      targets.set(this.provider, {
        kind: this.kind,
        renderDirectory: this.renderDirectory,
      });
      return;
    }
    const { kubeconfig, context } = args;
    const clusterIdentifier = args.clusterIdentifier ?? name;
    const access = new ClusterAccess(name, accessArgs(args));
    this.provider = new kubernetes.Provider(
      name,
      {
        // As above: what is ambient is looked up when the update runs.
        kubeconfig: kubeconfig === undefined ? "" : kubeconfigInput(kubeconfig),
        ...(context !== undefined && { context }),
        clusterIdentifier,
        ...(args.adoptExisting === true && { upsertExistingObjects: true }),
        ...(args.forceConflicts === true && { enablePatchForce: true }),
        ...shared,
      },
      { dependsOn: [access] },
    );
    this.namespace = pulumi.output(args.namespace);
    targets.set(this.provider, {
      kind: this.kind,
      clusterIdentifier,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
  }

  /**
   * A target as the stack's configuration describes it: `mqtt-pki:target`,
   * `renderDirectory`, `kubeconfig`, `context`, `namespace`, `createNamespace`,
   * `adoptExisting` and `forceConflicts`.
   *
   * @param name also of the provider
   * @param args what the program says itself; it comes before the configuration
   * @throws RunError for settings that are wrong, all of them at once
   */
  static fromConfig(
    name = "kubernetes",
    args: Partial<KubernetesTargetArgs> = {},
  ): KubernetesTarget {
    return new KubernetesTarget(name, { ...targetSettings(args), ...args });
  }
}

function accessArgs({
  kubeconfig,
  context,
  namespace,
  namespaces = [],
  createNamespace,
  whenUnreachable,
  workloads,
  clusterTrustBundles,
  certManagerIssuers,
  readSecrets,
  jobs,
}: KubernetesTargetArgs) {
  return {
    namespaces: [...new Set([namespace, ...namespaces])],
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(createNamespace !== undefined && { createNamespace }),
    ...(whenUnreachable !== undefined && { whenUnreachable }),
    ...(workloads !== undefined && {
      workloads: workloads.map((workload) => ({
        kind: workload.kind,
        name: workload.name,
        namespace: workload.namespace ?? namespace,
      })),
    }),
    ...(clusterTrustBundles !== undefined && { clusterTrustBundles }),
    ...(certManagerIssuers !== undefined && {
      certManagerIssuers: certManagerIssuers.map((issuer) => ({
        kind: issuer.kind,
        name: issuer.name,
        namespace: issuer.namespace ?? namespace,
      })),
    }),
    ...(readSecrets !== undefined && {
      readSecrets: readSecrets.map((secret) => ({
        name: secret.name,
        namespace: secret.namespace ?? namespace,
      })),
    }),
    ...(jobs !== undefined && { jobs }),
  };
}

/** The namespaces' own YAML, where it is asked for. */
function renderedNamespace(
  target: string,
  { namespace, namespaces = [], createNamespace }: KubernetesTargetArgs,
  provider: kubernetes.Provider,
): pulumi.Output<string> {
  if (createNamespace === true) {
    for (const name of new Set([namespace, ...namespaces])) {
      new kubernetes.core.v1.Namespace(
        `${target}-${name}`,
        { metadata: { name } },
        { provider },
      );
    }
  }
  return pulumi.output(namespace);
}

function problemsOf(args: KubernetesTargetArgs): string[] {
  const { target = TargetKind.Render, namespaces = [] } = args;
  const kinds: readonly string[] = Object.values(TargetKind);
  if (!kinds.includes(target)) {
    return [
      `target: ${JSON.stringify(target)} is none; write one of ${kinds.join(", ")}.`,
    ];
  }
  const { whenUnreachable = WhenUnreachable.Refuse } = args;
  const reactions: readonly string[] = Object.values(WhenUnreachable);
  return [
    // What is wrong with the namespace itself, the objects in it say, beside what else is wrong with a program.
    ...namespaces.flatMap((name, index) =>
      namespaceProblems(name, `namespaces[${index}]`),
    ),
    ...(reactions.includes(whenUnreachable)
      ? []
      : [
          `whenUnreachable: ${JSON.stringify(whenUnreachable)} is none; write one of ${reactions.join(", ")}.`,
        ]),
    ...(args.renderDirectory === ""
      ? ['renderDirectory: "" is no folder; write one, or leave it out.']
      : []),
    ...(args.clusterIdentifier === ""
      ? [
          'clusterIdentifier: "" says nothing; write a name that this cluster keeps, or leave it out.',
        ]
      : []),
  ];
}
