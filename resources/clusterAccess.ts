import * as pulumi from "@pulumi/pulumi";

/** A workload that a program restarts or patches, or the Service before it. */
export interface AccessedWorkload {
  /** `Deployment`, `StatefulSet`, `DaemonSet` or `Service`. */
  kind: string;
  name: string;
  /** Default: the target's. */
  namespace?: string;
}

/** A cluster trust bundle that a program makes. */
export interface AccessedTrustBundle {
  name: string;
  /** Its signer, such as `example.com/mqtt`; left out for a bundle without. */
  signerName?: string;
  /** Version of the API, such as `v1beta1`. Default `v1beta1`. */
  version?: string;
}

/** An issuer of cert-manager that a program makes. */
export interface AccessedIssuer {
  /** `Issuer` or `ClusterIssuer`. */
  kind: string;
  name: string;
  /** Of an `Issuer`. Default: the target's. */
  namespace?: string;
}

/** A Secret of others that a program reads. */
export interface ReadSecret {
  name: string;
  /** Default: the target's. */
  namespace?: string;
}

/** Arguments of {@link ClusterAccess}. */
export interface ClusterAccessArgs {
  /** Path of a kubeconfig, or its content, which is kept secret. Default: as kubectl finds it. */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
  /** Namespaces that Secrets and ConfigMaps go to; each must be there, unless {@link createNamespace} is set. */
  namespaces: pulumi.Input<pulumi.Input<string>[]>;
  /** Make namespaces that are not there. They are never deleted. Default false. */
  createNamespace?: pulumi.Input<boolean>;
  /**
   * `refuse` or `continue`: let a preview pass, with a warning, where the
   * cluster cannot be reached; the update of what goes to it fails then.
   * Default `refuse`.
   */
  whenUnreachable?: pulumi.Input<string>;
  /** Workloads that are restarted or patched, and Services that are patched. */
  workloads?: pulumi.Input<AccessedWorkload[]>;
  /** Cluster trust bundles that are made. */
  clusterTrustBundles?: pulumi.Input<AccessedTrustBundle[]>;
  /** Issuers that are made. */
  certManagerIssuers?: pulumi.Input<AccessedIssuer[]>;
  /** Secrets of others that are read. */
  readSecrets?: pulumi.Input<ReadSecret[]>;
  /** Are Jobs run? Default false. */
  jobs?: pulumi.Input<boolean>;
}

/**
 * That a cluster is there, is the one it was, and lets a program do what it
 * needs to. Everything is checked in previews; an update remembers which
 * cluster it is. Another cluster under the same kubeconfig is refused until
 * `refresh` takes it over.
 *
 * @example
 * ```ts
 * const access = new ClusterAccess("staging", { context: "staging", namespaces: ["mqtt"] });
 * ```
 */
export class ClusterAccess extends pulumi.CustomResource {
  /** UID of the namespace `kube-system`, which stands for the cluster; empty where it may not be read. */
  declare readonly clusterUid: pulumi.Output<string>;
  /** UID of each namespace. */
  declare readonly namespaceUids: pulumi.Output<Record<string, string>>;

  constructor(
    name: string,
    args: ClusterAccessArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:ClusterAccess",
      name,
      {
        ...args,
        ...(args.kubeconfig !== undefined && {
          kubeconfig: kubeconfigInput(args.kubeconfig),
        }),
        clusterUid: undefined,
        namespaceUids: undefined,
      },
      opts,
    );
  }
}

/** A kubeconfig as an input: its content is a secret, and a path none. */
export function kubeconfigInput(
  kubeconfig: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi
    .output(kubeconfig)
    .apply((text) =>
      text.includes("\n") || text.trimStart().startsWith("{")
        ? pulumi.secret(text)
        : pulumi.output(text),
    );
}
