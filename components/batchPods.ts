import { posix } from "node:path";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BatchPodsArgs } from "./deviceBatchJob";

const INDEX = "batch.kubernetes.io/job-completion-index";
const ORDER = "/order";
const SIGNER = "/signer";
const SHARD = "/shard";
const RESULT = "/dev/termination-log";
/** How `mqtt-pki` ends where order, key or folder are wrong: starting again would not help. */
const REFUSED = 2;

/** Where the pods find a list that lies on the volume. */
export function mountedList(path: string): string {
  return posix.join("/list", posix.basename(path));
}

/** Why a Job cannot have this name; `undefined` where it can. The host name of a pod is that name with its index, and a label of DNS. */
export function jobNameProblem(
  jobName: string,
  shards: number,
): string | undefined {
  const most = 63 - `-${shards - 1}`.length;
  return jobName.length <= most && !jobName.includes(".")
    ? undefined
    : `${JSON.stringify(jobName)} is no name of an Indexed Job; use a-z 0-9 and -, 1 to ${most} characters.`;
}

/** The objects that the pods of a batch mount, and what they are started for. */
export interface BatchMounts {
  readonly configMap: pulumi.Input<string>;
  readonly secret: pulumi.Input<string>;
  /** Path of the list within the volume, where it is read from there. */
  readonly list?: pulumi.Input<string>;
  readonly annotations: Record<string, pulumi.Input<string>>;
}

/**
 * An Indexed Job whose pods each issue one shard: without rights, without
 * root, without a token of the cluster, and with nothing to write to but the
 * shard's own folder.
 */
export function jobSpec(
  pods: BatchPodsArgs,
  { configMap, secret, list, annotations }: BatchMounts,
): kubernetes.types.input.batch.v1.JobSpec {
  const user = pods.user ?? 1000;
  return {
    completionMode: "Indexed",
    completions: pods.shards,
    parallelism: pods.parallelism ?? pods.shards,
    backoffLimitPerIndex: pods.retries ?? 6,
    podFailurePolicy: {
      rules: [
        {
          action: "FailIndex",
          onExitCodes: {
            containerName: "issue",
            operator: "In",
            values: [REFUSED],
          },
        },
        // A node that is drained is no mistake of the shard's.
        {
          action: "Ignore",
          onPodConditions: [{ type: "DisruptionTarget", status: "True" }],
        },
      ],
    },
    template: {
      metadata: { annotations },
      spec: {
        // With a policy for failures, Kubernetes wants a pod for each attempt.
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: user,
          runAsGroup: user,
          fsGroup: user,
          fsGroupChangePolicy: "OnRootMismatch",
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "issue",
            image: pods.image,
            args: [
              "batch",
              "issue",
              `${ORDER}/order.json`,
              // A folder within the mount, which is the kubelet's: this one gets the mode 0700.
              "--output",
              `${SHARD}/batch`,
              "--signer-key",
              `${SIGNER}/ca.key`,
              "--result",
              RESULT,
            ],
            env: [
              {
                name: "JOB_COMPLETION_INDEX",
                valueFrom: {
                  fieldRef: { fieldPath: `metadata.annotations['${INDEX}']` },
                },
              },
              { name: "MQTT_PKI_SHARDS", value: String(pods.shards) },
              { name: "NODE_COMPILE_CACHE", value: "/tmp/node" },
            ],
            terminationMessagePath: RESULT,
            // Where a shard fails, its last lines say why.
            terminationMessagePolicy: "FallbackToLogsOnError",
            resources: pods.resources ?? {
              requests: { cpu: "1", memory: "512Mi" },
              limits: { memory: "512Mi" },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              { name: "order", mountPath: ORDER, readOnly: true },
              { name: "signer", mountPath: SIGNER, readOnly: true },
              {
                name: "batch",
                mountPath: SHARD,
                subPathExpr: "shard-$(JOB_COMPLETION_INDEX)",
              },
              ...(list === undefined
                ? []
                : [
                    {
                      // The list alone: of the other shards' keys a pod sees nothing.
                      name: "batch",
                      mountPath: pulumi.output(list).apply(mountedList),
                      subPath: list,
                      readOnly: true,
                    },
                  ]),
              { name: "temporary", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "order", configMap: { name: configMap } },
          {
            name: "signer",
            secret: { secretName: secret, defaultMode: 0o400 },
          },
          {
            name: "batch",
            persistentVolumeClaim: { claimName: pods.claimName },
          },
          { name: "temporary", emptyDir: {} },
        ],
      },
    },
  };
}
