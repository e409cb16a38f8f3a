import { isMap, type PropertyMap } from "../../../values";
import { at } from "../object";
import type { ApiRequest } from "./cluster";
import type { Target } from "./target";

/** Between two looks, in milliseconds: the first ones follow each other quickly. */
const [SHORTEST, LONGEST] = [100, 2000];

/** Whether an object is as it is waited for. */
export interface Readiness {
  isReady: boolean;
  /** What it waits for. */
  reason: string;
  /** Whether it never will be. */
  isFailed?: boolean;
}

/** What became of an object that was waited for. */
export interface Awaited {
  live: PropertyMap;
  /** Why it is not ready; empty if it is. */
  reasons: string[];
}

/** Looks at an object until it is ready, will never be, or time is up. */
export async function awaitReady(
  target: Target,
  first: PropertyMap,
  milliseconds: number,
  isCreation: boolean,
): Promise<Awaited> {
  const readiness = readinessOf(target, isCreation);
  let live = first;
  if (readiness === undefined) {
    return { live, reasons: [] };
  }
  const end = Date.now() + milliseconds;
  for (let pause = SHORTEST; ; pause = Math.min(LONGEST, pause * 1.5)) {
    const { isReady, reason, isFailed = false } = await readiness(live);
    if (isReady) {
      return { live, reasons: [] };
    }
    if (isFailed) {
      return { live, reasons: [reason] };
    }
    if (Date.now() > end) {
      const seconds = Math.round(milliseconds / 1000);
      return {
        live,
        reasons: [
          `it was not ready within ${seconds} s: ${reason}. The annotation pulumi.com/timeoutSeconds gives it longer, pulumi.com/skipAwait does not wait`,
        ],
      };
    }
    target.progress(reason);
    await new Promise((resolve) => setTimeout(resolve, pause));
    live = await target.live();
  }
}

/** Whether an object that is read is ready; for kinds of which the plugin asks that. */
export async function unreadiness(
  target: Target,
  live: PropertyMap,
): Promise<string[]> {
  if (target.kind.kind === "PersistentVolumeClaim") {
    return [];
  }
  const found = await readinessOf(target, false)?.(live);
  return found === undefined || found.isReady ? [] : [found.reason];
}

type Look = (live: PropertyMap) => Readiness | Promise<Readiness>;

function readinessOf(target: Target, isCreation: boolean): Look | undefined {
  switch (target.kind.kind) {
    case "Job":
      return jobReadiness;
    case "PersistentVolumeClaim":
      return claimReadiness(target, isCreation);
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
      return rolloutReadiness;
    default:
      return undefined;
  }
}

function jobReadiness(live: PropertyMap): Readiness {
  const failed = condition(live, "Failed");
  if (failed !== undefined) {
    return {
      isReady: false,
      isFailed: true,
      reason: `the Job failed (${text(failed.reason)}): ${text(failed.message)}`,
    };
  }
  const done = number(live, "succeeded");
  const wanted = at(live, "spec", "completions");
  return {
    isReady: condition(live, "Complete") !== undefined,
    reason:
      at(live, "status", "startTime") === undefined
        ? "the Job has not started"
        : `the Job runs; ${done}${typeof wanted === "number" ? ` of ${wanted}` : ""} of its pods are done`,
  };
}

/** A claim is bound once a volume is there; a class that waits for the first pod leaves it pending until then. */
function claimReadiness(target: Target, isCreation: boolean): Look {
  let mode: Promise<string> | undefined;
  return async (live) => {
    const phase = text(at(live, "status", "phase"));
    if (phase === "Bound") {
      return { isReady: true, reason: "" };
    }
    mode ??= bindingMode(target, text(at(live, "spec", "storageClassName")));
    const waits = (await mode) === "WaitForFirstConsumer";
    return {
      isReady: waits && phase === "Pending" && isCreation,
      reason: `the claim is ${phase || "new"}; no volume has been bound to it`,
    };
  };
}

async function bindingMode(target: Target, name: string): Promise<string> {
  if (name === "") {
    return "";
  }
  const request: ApiRequest = {
    method: "GET",
    path: `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`,
    urn: target.urn,
  };
  try {
    return text((await target.cluster.request(request)).volumeBindingMode);
  } catch {
    // Whoever may not read it waits until the claim is bound.
    return "";
  }
}

/** Whether the pods are those of the newest template, as `kubectl rollout status` has it. */
function rolloutReadiness(live: PropertyMap): Readiness {
  const generation = at(live, "metadata", "generation");
  if (number(live, "observedGeneration") < Number(generation ?? 0)) {
    return { isReady: false, reason: "the rollout has not begun" };
  }
  const late = condition(live, "Progressing", "False");
  if (late !== undefined) {
    return {
      isReady: false,
      isFailed: true,
      reason: `the rollout does not go on (${text(late.reason)}): ${text(late.message)}`,
    };
  }
  const isDaemonSet = live.kind === "DaemonSet";
  const wanted = isDaemonSet
    ? number(live, "desiredNumberScheduled")
    : Number(at(live, "spec", "replicas") ?? 1);
  const updated = number(
    live,
    isDaemonSet ? "updatedNumberScheduled" : "updatedReplicas",
  );
  const available = number(
    live,
    isDaemonSet
      ? "numberAvailable"
      : live.kind === "StatefulSet"
        ? "readyReplicas"
        : "availableReplicas",
  );
  const old =
    live.kind === "Deployment" ? number(live, "replicas") - updated : 0;
  return {
    isReady: updated >= wanted && available >= wanted && old <= 0,
    reason: `the rollout goes on: ${updated} of ${wanted} pods are new, ${available} are ready${old > 0 ? `, ${old} old ones are left` : ""}`,
  };
}

function condition(
  live: PropertyMap,
  type: string,
  status = "True",
): PropertyMap | undefined {
  const conditions = at(live, "status", "conditions");
  return Array.isArray(conditions)
    ? conditions
        .filter(isMap)
        .find((one) => one.type === type && one.status === status)
    : undefined;
}

function number(live: PropertyMap, name: string): number {
  return Number(at(live, "status", name) ?? 0);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
