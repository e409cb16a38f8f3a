import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link BatchJobResult}. */
export interface BatchJobResultArgs {
  /** Name of an Indexed Job whose pods run `mqtt-pki batch issue --result`. */
  job: pulumi.Input<string>;
  namespace: pulumi.Input<string>;
  /** `metadata.uid` of the Job: another one is another run, and is read anew. */
  jobUid: pulumi.Input<string>;
  /** SHA-256 over the order's file, lowercase hex: what the pods must have issued by. */
  orderSha256: pulumi.Input<string>;
  /** Path of a kubeconfig, or its text; secret. Default: as kubectl finds it. */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
}

/**
 * What the shards of a batch came to, read from the termination messages of a
 * Job's pods: each shard is there, all of one list, order and issuer.
 *
 * @example
 * ```ts
 * new BatchJobResult("gateways", {
 *   job: job.metadata.name,
 *   namespace: job.metadata.namespace,
 *   jobUid: job.metadata.uid,
 *   orderSha256,
 * }).digest;
 * ```
 */
export class BatchJobResult extends pulumi.CustomResource {
  /** SHA-256 over number, device count and digest of each shard, lowercase hex. */
  declare readonly digest: pulumi.Output<string>;
  /** Devices of the whole list. */
  declare readonly count: pulumi.Output<number>;
  /** Devices that got a new key and certificate in this run. */
  declare readonly issued: pulumi.Output<number>;
  /** Devices whose key got a new certificate in this run. */
  declare readonly renewed: pulumi.Output<number>;
  /** When the first certificate ends. UTC, such as `2027-11-20T21:46:40Z`. */
  declare readonly expiresFirst: pulumi.Output<string>;
  /** When the last certificate ends. UTC. */
  declare readonly expiresLast: pulumi.Output<string>;
  /** When the first device is due: run the Job again then. UTC. */
  declare readonly renewsFirst: pulumi.Output<string>;
  /** Key identifier of the CA that signed, lowercase hex. */
  declare readonly issuer: pulumi.Output<string>;

  constructor(
    name: string,
    args: BatchJobResultArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:BatchJobResult",
      name,
      {
        ...args,
        ...(args.kubeconfig !== undefined && {
          kubeconfig: pulumi.secret(args.kubeconfig),
        }),
        digest: undefined,
        count: undefined,
        issued: undefined,
        renewed: undefined,
        expiresFirst: undefined,
        expiresLast: undefined,
        renewsFirst: undefined,
        issuer: undefined,
        of: undefined,
        listSha256: undefined,
      },
      opts,
    );
  }
}
