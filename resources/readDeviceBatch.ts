import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link readDeviceBatch}. */
export interface ReadDeviceBatchArgs {
  /** The batch's folder. */
  outputDirectory: pulumi.Input<string>;
  /** The batch's digest: read again whenever it changes. */
  digest: pulumi.Input<string>;
  /** Which part, from 0 on. */
  shard: pulumi.Input<number>;
  /** Into how many parts the batch is cut. */
  shards: pulumi.Input<number>;
}

/**
 * Reads chains and keys of a part of a batch from its folder, as the data of a
 * Kubernetes Secret: `<id>.chain.pem` and `<id>.key.pem`. Secret.
 */
export function readDeviceBatch(
  args: ReadDeviceBatchArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<Record<string, string>> {
  const result: pulumi.Output<{ data: Record<string, string> }> =
    pulumi.runtime.invokeOutput(
      "mqtt-pki:index:readDeviceBatch",
      { ...args },
      opts,
    );
  return pulumi.secret(result.data);
}
