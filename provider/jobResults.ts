import type {
  BatchV1Api,
  CoreV1Api,
  V1Job,
  V1Pod,
} from "@kubernetes/client-node";
import { clusterFailure, codeOf } from "../cluster/failure";
import { loadKubeconfig } from "../cluster/kubeconfig";
import type { FoundResult } from "../pki/batch/issuance/shardResult";
import { parseShardResult } from "../pki/batch/issuance/shardResult";
import { InputError, quote } from "../pki/problem";

const JOB_LABEL = "batch.kubernetes.io/job-name";
const INDEX = "batch.kubernetes.io/job-completion-index";
const PAGE = 500;

/** Which Job, in which cluster. */
export interface JobPlace {
  readonly job: string;
  readonly namespace: string;
  /** Path of a kubeconfig, or its text. Default: as kubectl finds it. */
  readonly kubeconfig?: string;
  /** Default: the current one. */
  readonly context?: string;
}

/**
 * Reads what the pods of an Indexed Job left behind as their termination
 * messages; of those that ended well, and of a Job that is complete.
 *
 * @throws InputError where the cluster does not say, or a pod left no result
 */
export async function readJobResults(place: JobPlace): Promise<FoundResult[]> {
  const config = await loadKubeconfig(place);
  // It is large, and only this needs it.
  const kubernetes = await import("@kubernetes/client-node");
  const server = config.getCurrentCluster()?.server ?? "";
  const job = await readJob(
    config.makeApiClient(kubernetes.BatchV1Api),
    place,
    server,
  );
  refuseUnfinished(job, place);
  const pods = await readPods(
    config.makeApiClient(kubernetes.CoreV1Api),
    place,
    server,
  );
  const uid = job.metadata?.uid;
  return pods
    .filter(
      ({ metadata, status }) =>
        status?.phase === "Succeeded" &&
        // Pods of a Job of this name that was deleted may be there for a while.
        metadata?.ownerReferences?.some((owner) => owner.uid === uid) === true,
    )
    .map((pod) => resultOf(pod, job));
}

async function readJob(
  api: BatchV1Api,
  { job, namespace }: JobPlace,
  server: string,
): Promise<V1Job> {
  try {
    return await api.readNamespacedJob({ name: job, namespace });
  } catch (error) {
    throw refusal(
      codeOf(error) === 404
        ? `the namespace ${namespace} has no Job ${quote(job)}.`
        : problemOf(error, "get on jobs", namespace, server),
    );
  }
}

async function readPods(
  api: CoreV1Api,
  { job, namespace }: JobPlace,
  server: string,
): Promise<V1Pod[]> {
  const pods: V1Pod[] = [];
  let next: string | undefined;
  try {
    do {
      const { items, metadata } = await api.listNamespacedPod({
        namespace,
        labelSelector: `${JOB_LABEL}=${job}`,
        limit: PAGE,
        ...(next !== undefined && { _continue: next }),
      });
      pods.push(...items);
      next = metadata?._continue === "" ? undefined : metadata?._continue;
    } while (next !== undefined);
  } catch (error) {
    throw refusal(problemOf(error, "list on pods", namespace, server));
  }
  return pods;
}

function refuseUnfinished({ spec, status }: V1Job, { job }: JobPlace): void {
  const is = (type: string): boolean =>
    (status?.conditions ?? []).some(
      (condition) => condition.type === type && condition.status === "True",
    );
  if (spec?.completionMode !== "Indexed") {
    throw refusal(
      `the Job ${quote(job)} is not Indexed; its pods are no shards.`,
    );
  }
  if (is("Failed")) {
    throw refusal(
      `the Job ${quote(job)} failed${status?.failedIndexes ? `, with the shards ${status.failedIndexes}` : ""}; "kubectl logs" of their pods says why. What the others issued stays, and a new run goes on with it.`,
    );
  }
  if (!is("Complete")) {
    throw refusal(
      `the Job ${quote(job)} is not complete: ${status?.succeeded ?? 0} of ${spec.completions ?? 0} shards are; ask again when it is.`,
    );
  }
}

function resultOf({ metadata, status }: V1Pod, { spec }: V1Job): FoundResult {
  const place = `pod ${metadata?.name ?? ""}`;
  const messages = (status?.containerStatuses ?? []).flatMap(
    ({ state }) => state?.terminated?.message ?? [],
  );
  const message = messages.find((text) => text.startsWith("{"));
  if (message === undefined) {
    throw new InputError([
      {
        path: place,
        message: `left no result; start "mqtt-pki batch issue" with --result ${spec?.template.spec?.containers[0]?.terminationMessagePath ?? "/dev/termination-log"}.`,
      },
    ]);
  }
  const result = parseShardResult(message, place);
  const index = metadata?.annotations?.[INDEX] ?? metadata?.labels?.[INDEX];
  if (index !== String(result.shard) || result.of !== spec?.completions) {
    throw new InputError([
      {
        path: place,
        message: `has the completion index ${index ?? "(none)"} of ${spec?.completions ?? "(none)"}, and issued shard ${result.shard} of ${result.of}; let MQTT_PKI_SHARDS be the Job's completions, and leave --shard out.`,
      },
    ]);
  }
  return { place, result };
}

function refusal(message: string, path = ""): InputError {
  return new InputError([{ path, message }]);
}

/** A sentence of why the cluster does not answer; nothing of the answer's own text, which may quote the request. */
function problemOf(
  error: unknown,
  verb: string,
  namespace: string,
  server: string,
): string {
  return codeOf(error) === 403
    ? `this user needs the verb ${verb} in the namespace ${namespace} (RBAC).`
    : clusterFailure(error, server);
}
