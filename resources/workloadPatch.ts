import * as pulumi from "@pulumi/pulumi";
import { kubeconfigInput } from "./clusterAccess";

/** Arguments of {@link WorkloadPatch}. */
export interface WorkloadPatchArgs {
  /** Path of a kubeconfig, or its content, which is kept secret. Default: as kubectl finds it. */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
  /** What the cluster is to the program; another one is another patch. */
  cluster?: pulumi.Input<string>;
  /** `StatefulSet`, `Deployment`, `DaemonSet` or `Service`. */
  kind: pulumi.Input<string>;
  namespace: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** In whose name the fields are applied; 1 to 128 characters. */
  fieldManager: pulumi.Input<string>;
  /** The fields, as the object has them: `{ spec: { template: … } }`. No secrets: they are shown. */
  fields: pulumi.Input<Record<string, unknown>>;
  /** Texts of variables that come from a ConfigMap, for where the object's own manifest gives them a text as well. */
  literals?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Variables of the object's manifest to warn of. */
  leftovers?: pulumi.Input<pulumi.Input<string>[]>;
  /** Take over fields that another manager owns. Default false. */
  takeOver?: pulumi.Input<boolean>;
}

/**
 * Fields laid over a workload, or a Service, that somebody else made, by
 * server-side apply. Others' fields stay as they are; entries of lists merge by
 * their keys. A preview finds out with a dry run whether the cluster takes the
 * fields, and refuses what belongs to another manager, by that one's name.
 * Deletion gives back just these fields; those that others own too stay.
 *
 * @example
 * ```ts
 * new WorkloadPatch("restart", {
 *   kind: "StatefulSet",
 *   namespace: "thingsboard",
 *   name: "tb-node",
 *   fieldManager: "mqtt-pki-restart",
 *   fields: { spec: { template: { metadata: { annotations: { "example.com/restart": "1" } } } } },
 * });
 * ```
 */
export class WorkloadPatch extends pulumi.CustomResource {
  declare readonly kind: pulumi.Output<string>;
  declare readonly namespace: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly fieldManager: pulumi.Output<string>;

  constructor(
    name: string,
    args: WorkloadPatchArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:WorkloadPatch",
      name,
      {
        ...args,
        ...(args.kubeconfig !== undefined && {
          kubeconfig: kubeconfigInput(args.kubeconfig),
        }),
      },
      opts,
    );
  }
}
