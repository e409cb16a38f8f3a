import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { BatchJobResult } from "../resources";
import type { BatchOrderArgs } from "./batchOrder";
import { batchOrder } from "./batchOrder";
import { jobNameProblem, jobSpec, mountedList } from "./batchPods";
import { LABELS, checkedName, secretData } from "./kubernetes";

/** A ConfigMap holds 1 MiB, the order included. */
const MAXIMUM_MANIFEST = 900_000;

/** How the stack reads what the pods issued. */
export interface CollectArgs {
  /** Path of a kubeconfig, or its text; secret. Default: as kubectl finds it. */
  kubeconfig?: pulumi.Input<string>;
  /** Context of the kubeconfig. Default: the current one. */
  context?: pulumi.Input<string>;
}

/** Where and how the pods of a batch run. */
export interface BatchPodsArgs {
  namespace: pulumi.Input<string>;
  /** Name of the Job; ConfigMap and Secret are called `<jobName>-order` and `<jobName>-signer`. */
  jobName: pulumi.Input<string>;
  /** The image that `examples/batch-on-kubernetes/Containerfile` builds. */
  image: pulumi.Input<string>;
  /**
   * PersistentVolumeClaim to which each shard writes its folder, `shard-<index>`.
   * `ReadWriteMany` where the pods are to run on several nodes. It holds inventories and
   * private keys: the stack never deletes it.
   */
  claimName: pulumi.Input<string>;
  /** Into how many shards the batch is cut, 1 to 10,000; for the whole life of the batch. */
  shards: number;
  /** How many pods run at once. Default: all. */
  parallelism?: pulumi.Input<number>;
  /** Of each pod; it uses as many threads as it has cores. Default: 1 core and 512 MiB asked for, and no more memory than that. */
  resources?: pulumi.Input<kubernetes.types.input.core.v1.ResourceRequirements>;
  /** How often a shard is started again before it counts as failed. Default 6; a mistake in order or key fails it at once. */
  retries?: pulumi.Input<number>;
  /** User and group of the pods, above 0. Default 1000, which the image has. */
  user?: pulumi.Input<number>;
  /** How long the update waits for the Job: `24h`. Default 24 hours. */
  timeout?: string;
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** Arguments of {@link DeviceBatchJob}. */
export interface DeviceBatchJobArgs extends BatchOrderArgs {
  /**
   * CSV or NDJSON file relative to Pulumi.yaml, at most 900,000 octets: it
   * travels in the ConfigMap. A longer one goes to the volume, see
   * `manifestOnVolume`; or `range`.
   */
  manifest?: string;
  /** Path of the list within the volume: `fleet.csv`. Put it there before. */
  manifestOnVolume?: pulumi.Input<string>;
  pods: BatchPodsArgs;
  /** A text; a new one runs the Job again, for renewals and for a list on the volume that changed: `2027-06`. */
  run?: pulumi.Input<string>;
  /** How results are read; `false` where there is no cluster to read from, such as with a provider that renders. */
  collect?: CollectArgs | false;
}

/**
 * Issues a batch on a cluster: an Indexed Job, each of whose pods issues one
 * shard. Keys and certificates stay on the volume; the stack gets one digest
 * over all of them.
 *
 * @example
 * ```ts
 * new DeviceBatchJob("gateways", {
 *   issuer: deviceCA,
 *   range: { id: "gateway-{number}", from: 1, to: 100_000 },
 *   profile: { key: { algorithm: "RSA", rsaBits: 3072 } },
 *   pods: { namespace: "pki", jobName: "gateways", image, claimName: "gateways", shards: 16 },
 * });
 * ```
 */
export class DeviceBatchJob extends pulumi.ComponentResource {
  /** The order as the pods read it; JSON. */
  readonly order: pulumi.Output<string>;
  readonly jobName: pulumi.Output<string>;
  /** SHA-256 over the digests of all shards, lowercase hex; empty where nothing is collected, as the dates below. */
  readonly digest: pulumi.Output<string>;
  /** Devices the list names; 0 where nothing is collected. */
  readonly count: pulumi.Output<number>;
  /** When the first certificate ends. UTC, such as `2027-11-20T21:46:40Z`. */
  readonly expiresFirst: pulumi.Output<string>;
  /** When the last certificate ends. UTC. */
  readonly expiresLast: pulumi.Output<string>;
  /** When the first device is due; give `run` a new text then. UTC. */
  readonly renewsFirst: pulumi.Output<string>;

  constructor(
    name: string,
    args: DeviceBatchJobArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:DeviceBatchJob", name, {}, opts);
    const { manifest, manifestOnVolume, pods, run, collect, ...asked } = args;
    const child: pulumi.CustomResourceOptions = {
      parent: this,
      ...(pods.provider !== undefined && { provider: pods.provider }),
    };
    const list = readManifest(name, args);
    const order = batchOrder(name, {
      ...asked,
      ...(list !== undefined && { manifest: list.name }),
      ...(manifestOnVolume !== undefined && {
        manifest: pulumi.output(manifestOnVolume).apply(mountedList),
      }),
    });
    refuseShards(name, pods.shards);
    const object = checkedName(
      pods.namespace,
      pods.jobName,
      {
        component: name,
        namespace: "pods.namespace",
        name: "pods.jobName",
      },
      (jobName) => jobNameProblem(jobName, pods.shards),
    );
    const metadata = (suffix: string) => ({
      namespace: object.namespace,
      name: pulumi.interpolate`${object.name}${suffix}`,
      labels: LABELS,
    });
    const configMap = new kubernetes.core.v1.ConfigMap(
      `${name}-order`,
      {
        metadata: metadata("-order"),
        data: {
          "order.json": order,
          ...(list !== undefined && { [list.name]: list.text }),
        },
      },
      child,
    );
    const secret = new kubernetes.core.v1.Secret(
      `${name}-signer`,
      {
        metadata: metadata("-signer"),
        type: "Opaque",
        data: secretData({ "ca.key": args.issuer.signer.privateKeyPem }),
      },
      child,
    );
    const orderSha256 = order.apply(sha256);
    const job = new kubernetes.batch.v1.Job(
      `${name}-job`,
      {
        metadata: {
          ...metadata(""),
          // A Job that failed is made anew by the next update, and goes on with what is on the volume.
          annotations: { "pulumi.com/replaceUnready": "true" },
        },
        spec: jobSpec(pods, {
          configMap: configMap.metadata.name,
          secret: secret.metadata.name,
          ...(manifestOnVolume !== undefined && { list: manifestOnVolume }),
          annotations: {
            // What the pods start with: another text is another run.
            "mqtt-pki/order-sha256": orderSha256,
            ...(list !== undefined && {
              "mqtt-pki/list-sha256": sha256(list.text),
            }),
            ...(run !== undefined && { "mqtt-pki/run": run }),
          },
        }),
      },
      {
        ...child,
        customTimeouts: {
          create: pods.timeout ?? "24h",
          update: pods.timeout ?? "24h",
        },
        deleteBeforeReplace: true,
      },
    );

    this.order = order;
    this.jobName = job.metadata.name;
    const result =
      collect === false
        ? undefined
        : new BatchJobResult(
            name,
            {
              job: job.metadata.name,
              namespace: job.metadata.namespace,
              jobUid: job.metadata.uid,
              orderSha256,
              ...collect,
            },
            { parent: this, dependsOn: [job] },
          );
    this.digest = result?.digest ?? pulumi.output("");
    this.count = result?.count ?? pulumi.output(0);
    this.expiresFirst = result?.expiresFirst ?? pulumi.output("");
    this.expiresLast = result?.expiresLast ?? pulumi.output("");
    this.renewsFirst = result?.renewsFirst ?? pulumi.output("");
    this.registerOutputs({
      jobName: this.jobName,
      digest: this.digest,
      count: this.count,
      expiresFirst: this.expiresFirst,
      expiresLast: this.expiresLast,
      renewsFirst: this.renewsFirst,
    });
  }
}

const MOST_SHARDS = 10_000;

function refuseShards(component: string, shards: number): void {
  if (!Number.isInteger(shards) || shards < 1 || shards > MOST_SHARDS) {
    throw new pulumi.RunError(
      `${component}: pods.shards: ${shards} is out of range; write a whole number from 1 to ${MOST_SHARDS}.`,
    );
  }
}

/** A list that travels with the order. */
interface Manifest {
  readonly name: string;
  readonly text: string;
}

function readManifest(
  component: string,
  { manifest, manifestOnVolume, range }: DeviceBatchJobArgs,
): Manifest | undefined {
  const given = { manifest, manifestOnVolume, range };
  const names = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  const refuse = (message: string): never => {
    throw new pulumi.RunError(`${component}: ${message}`);
  };
  if (names.length !== 1) {
    refuse(
      names.length === 0
        ? "manifest: is missing; name a list, a list on the volume (manifestOnVolume), or a range."
        : `${names.join(" and ")} exclude each other; keep one of them.`,
    );
  }
  if (manifest === undefined) {
    return undefined;
  }
  const text =
    readText(manifest) ?? refuse(`manifest: ${manifest} cannot be read.`);
  if (Buffer.byteLength(text) > MAXIMUM_MANIFEST) {
    refuse(
      `manifest: ${manifest} is longer than ${MAXIMUM_MANIFEST} octets, and a ConfigMap holds no more; copy it to the volume and name it there with manifestOnVolume.`,
    );
  }
  // Names of a ConfigMap's entries have few characters.
  return { name: basename(manifest).replace(/[^\w.-]/g, "_"), text };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
