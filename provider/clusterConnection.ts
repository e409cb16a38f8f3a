import { ClusterApi, StatusError } from "../cluster/api";
import { clusterFailure, failureKind } from "../cluster/failure";
import type { FailureKind } from "../cluster/failure";
import { loadKubeconfig } from "../cluster/kubeconfig";
import { InputError } from "../pki/problem";
import { inform } from "./engineLog";

/** Which cluster, and who is told while it does not answer. */
export interface ConnectionOptions {
  readonly urn: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The cluster does not answer, and might another time. */
export class UnreachableError extends InputError {
  override readonly name = "InputError";
}

/** What to do about it, beside what the sentence says. */
const HINTS: Partial<Record<FailureKind, string>> = {
  "name-unknown":
    "Its name is not known here: look at the server's URL in the kubeconfig, and whether a VPN is to be up.",
  refused:
    "Nothing listens there: look at the server's URL in the kubeconfig, and whether the cluster runs.",
  timeout:
    "Nothing came back in time: a firewall may stand between, or a VPN may have to be up.",
  connection: "Look at the server's URL in the kubeconfig.",
};

const UNREACHABLE: readonly FailureKind[] = [
  "name-unknown",
  "refused",
  "timeout",
  "connection",
];
const PATIENCE = 2_000;

/**
 * Loads a kubeconfig and asks its cluster for a sign of life.
 *
 * @throws InputError for what the kubeconfig or the cluster says, UnreachableError where nothing answers
 */
export async function connectToCluster({
  urn,
  kubeconfig,
  context,
}: ConnectionOptions): Promise<ClusterApi> {
  const api = await ClusterApi.open(
    await loadKubeconfig({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    }),
  );
  const waiting = setTimeout(() => {
    void inform(urn, "waiting for the cluster to answer, 20 s at most");
  }, PATIENCE);
  try {
    await asked(api, () => api.version());
  } finally {
    clearTimeout(waiting);
  }
  return api;
}

/**
 * Does something with a cluster.
 *
 * @throws InputError with a sentence where the cluster does not play its part
 */
export async function asked<T>(
  api: ClusterApi,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof InputError) {
      throw error;
    }
    const kind = failureKind(error);
    const hint = HINTS[kind];
    const problem = {
      path: "kubeconfig",
      message: `${clusterFailure(error, api.server)}${hint === undefined ? "" : ` ${hint}`}`,
    };
    const isOverloaded =
      error instanceof StatusError && (error.code >= 500 || error.code === 429);
    throw UNREACHABLE.includes(kind) || isOverloaded
      ? new UnreachableError([problem])
      : new InputError([problem]);
  }
}
