import { z } from "zod";
import { isAllowed } from "./access";
import type { ClusterApi } from "./api";
import { StatusError } from "./api";

/** By what a cluster is recognized, as far as whoever asks may read it. */
export interface ClusterIdentity {
  /** UID of `kube-system`, which nobody deletes; empty where it may not be read. */
  readonly clusterUid: string;
  /** UID of each namespace that is there and may be read. */
  readonly namespaceUids: Readonly<Record<string, string>>;
}

/** Whether a namespace is there. `unknown` where it may not be read. */
export type NamespaceState =
  | { readonly state: "there"; readonly uid: string }
  | { readonly state: "terminating"; readonly uid: string }
  | { readonly state: "missing" }
  | { readonly state: "unknown" };

const namespaceSchema = z.object({
  metadata: z.object({
    uid: z.string(),
    deletionTimestamp: z.string().nullish(),
  }),
  status: z.object({ phase: z.string().nullish() }).nullish(),
});

/** Looks for a namespace. */
export async function namespaceState(
  api: ClusterApi,
  name: string,
): Promise<NamespaceState> {
  const { status, body } = await api.request(
    "GET",
    `/api/v1/namespaces/${encodeURIComponent(name)}`,
  );
  switch (status) {
    case 200: {
      const { metadata, status: now } = namespaceSchema.parse(body);
      const ends =
        metadata.deletionTimestamp != null || now?.phase === "Terminating";
      return { state: ends ? "terminating" : "there", uid: metadata.uid };
    }
    case 403:
      return { state: "unknown" };
    case 404:
      return { state: "missing" };
    default:
      throw new StatusError(status);
  }
}

/** What is found of a cluster that was asked. */
export interface FoundIdentity extends ClusterIdentity {
  /** Namespaces that are not there, as far as may be known. */
  readonly missing: readonly string[];
}

/** Reads by what a cluster is recognized. */
export async function readIdentity(
  api: ClusterApi,
  namespaces: readonly string[],
): Promise<FoundIdentity> {
  const [system, ...states] = await Promise.all([
    systemNamespace(api),
    ...namespaces.map((name) => namespaceState(api, name)),
  ]);
  const found = namespaces.map((name, index) => ({
    name,
    state: states[index],
  }));
  return {
    clusterUid: uidOf(system),
    namespaceUids: Object.fromEntries(
      found
        .map(({ name, state }): [string, string] => [name, uidOf(state)])
        .filter(([, uid]) => uid !== ""),
    ),
    missing: found
      .filter(({ state }) => state?.state === "missing")
      .map(({ name }) => name),
  };
}

/** Few may read it. It is asked for first: what is denied may be somebody's alarm. */
async function systemNamespace(api: ClusterApi): Promise<NamespaceState> {
  const name = "kube-system";
  const may = await isAllowed(api, {
    apiGroup: "",
    resource: "namespaces",
    verb: "get",
    namespace: name,
    name,
  });
  return may === true ? namespaceState(api, name) : { state: "unknown" };
}

function uidOf(state: NamespaceState | undefined): string {
  return state !== undefined && "uid" in state ? state.uid : "";
}

/**
 * Why the cluster is not the one of before; `undefined` where it is, or where
 * nobody can tell.
 */
export function otherCluster(
  before: ClusterIdentity,
  now: FoundIdentity,
): string | undefined {
  if (before.clusterUid !== "" && now.clusterUid !== "") {
    return before.clusterUid === now.clusterUid
      ? undefined
      : `this is another cluster than the one of the last update: the UID of its kube-system was ${before.clusterUid} and is ${now.clusterUid}`;
  }
  const known = Object.entries(before.namespaceUids);
  // One that stayed says that the others were made anew, or deleted, in the same cluster.
  if (known.some(([name, uid]) => now.namespaceUids[name] === uid)) {
    return undefined;
  }
  for (const [name, uid] of known) {
    const other = now.namespaceUids[name];
    if (other !== undefined) {
      return `the namespace ${name} is not the one of the last update: its UID was ${uid} and is ${other}; it was deleted and made anew, or this is another cluster`;
    }
    if (now.missing.includes(name)) {
      return `the namespace ${name} of the last update, with the UID ${uid}, is not there; it was deleted, or this is another cluster`;
    }
  }
  return undefined;
}
