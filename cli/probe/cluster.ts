import type { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { TimeoutError, clusterFailure, codeOf } from "../../cluster/failure";
import { loadKubeconfig } from "../../cluster/kubeconfig";
import { InputError } from "../../pki/problem";
import type { ObjectTarget } from "./target";

/** What is asked of an object; its keys are never looked at. */
export interface ObjectContent {
  readonly annotations: Readonly<Record<string, string>>;
  /** The entries that hold certificates, as text. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Which cluster, and how long to wait for it. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Reads one object. */
export type ReadObject = (target: ObjectTarget) => Promise<ObjectContent>;

/** A chain, and the two names of a bundle. */
const ENTRIES = ["tls.crt", "ca.crt", "ca-bundle.pem"];

/**
 * Opens a cluster.
 *
 * @throws Error with a sentence where the kubeconfig names none
 */
export async function openCluster(
  options: ClusterOptions,
): Promise<ReadObject> {
  const config = await load(options);
  // It is large, and only this needs it.
  const kubernetes = await import("@kubernetes/client-node");
  const server = config.getCurrentCluster()?.server ?? "";
  const api = config.makeApiClient(kubernetes.CoreV1Api);
  return async (target) => {
    try {
      return await withTimeout(read(api, target), options.timeout);
    } catch (error) {
      throw new Error(clusterProblem(error, target, server), { cause: error });
    }
  };
}

async function load({
  kubeconfig,
  context,
}: ClusterOptions): Promise<KubeConfig> {
  try {
    return await loadKubeconfig({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    const lines = error.problems.map(({ path, message }) =>
      // What nobody wrote is no option's mistake.
      path === "kubeconfig" && kubeconfig === undefined
        ? message
        : `--${path}: ${message}`,
    );
    throw new Error(lines.join("\n"), { cause: error });
  }
}

async function read(
  api: CoreV1Api,
  { kind, namespace, name }: ObjectTarget,
): Promise<ObjectContent> {
  if (kind === "secret") {
    const { metadata, data } = await api.readNamespacedSecret({
      name,
      namespace,
    });
    return take(metadata?.annotations, data, (text) =>
      Buffer.from(text, "base64").toString("utf8"),
    );
  }
  const { metadata, data } = await api.readNamespacedConfigMap({
    name,
    namespace,
  });
  return take(metadata?.annotations, data, (text) => text);
}

function take(
  annotations: Readonly<Record<string, string>> = {},
  data: Readonly<Record<string, string>> = {},
  decode: (text: string) => string,
): ObjectContent {
  return {
    annotations,
    entries: Object.fromEntries(
      ENTRIES.flatMap((entry) => {
        const text = data[entry];
        return text === undefined ? [] : [[entry, decode(text)]];
      }),
    ),
  };
}

/** A sentence of why an object cannot be read; nothing of the answer's own text, which may quote the request. */
export function clusterProblem(
  error: unknown,
  { kind, namespace, name }: Pick<ObjectTarget, "kind" | "namespace" | "name">,
  server: string,
): string {
  switch (codeOf(error)) {
    case 403:
      return `may not be read: this user needs the verb get on ${kind}s in the namespace ${namespace} (RBAC); a Role with resourceNames: [${name}] is enough.`;
    case 404:
      return `is not there: the namespace ${namespace} has no ${kind === "secret" ? "Secret" : "ConfigMap"} ${name}.`;
    default:
      return clusterFailure(error, server);
  }
}

async function withTimeout<T>(
  promise: Promise<T>,
  milliseconds: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError());
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
