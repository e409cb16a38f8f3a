import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link readLiveObject}. */
export interface ReadLiveObjectArgs {
  /** Path of a kubeconfig, or its content. Default: as kubectl finds it. */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
  /** Such as `v1` or `apps/v1`. */
  apiVersion: pulumi.Input<string>;
  /** Such as `Secret` or `StatefulSet`. */
  kind: pulumi.Input<string>;
  /** Left out for objects of the whole cluster. */
  namespace?: pulumi.Input<string>;
  name: pulumi.Input<string>;
}

/** What is said of an object on a cluster; never what it holds. */
export interface LiveObject {
  /** `false` where the cluster, or the object, cannot be read; the rest is empty then. */
  readonly readable: boolean;
  readonly exists: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `Certificate tb-mqtts` for each owner. */
  readonly owners: readonly string[];
}

/** Reads what is said of an object on a cluster, in previews too. It never fails: see {@link LiveObject.readable}. */
export function readLiveObject(
  args: ReadLiveObjectArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<LiveObject> {
  const { kubeconfig, ...rest } = args;
  return pulumi.runtime.invokeOutput(
    "mqtt-pki:index:readLiveObject",
    {
      ...rest,
      // A function's answer counts as secret where an argument is; what is said of an object is none.
      ...(kubeconfig !== undefined && {
        kubeconfig: pulumi.unsecret(pulumi.output(kubeconfig)),
      }),
    },
    opts,
  );
}
