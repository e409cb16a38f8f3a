import { z } from "zod";
import { ClusterApi } from "../cluster/api";
import { loadKubeconfig } from "../cluster/kubeconfig";
import { servedResources } from "../cluster/served";
import * as schema from "./schema";
import type { Properties } from "./wire";

const argumentsSchema = z.strictObject({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().exactOptional(),
  name: z.string(),
});

const texts = z.record(z.string(), z.string()).nullish();
const objectSchema = z.object({
  metadata: z.object({
    labels: texts,
    annotations: texts,
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string() }))
      .nullish(),
  }),
});

/** kubectl's copy of the whole object, which of a Secret holds the key. */
const WHOLE_OBJECT = "kubectl.kubernetes.io/last-applied-configuration";
const NOTHING = {
  readable: false,
  exists: false,
  labels: {},
  annotations: {},
  owners: [],
};

/** One connection for all objects of a cluster; where it fails once, the others do not wait for it again. */
const connections = new Map<string, Promise<ClusterApi | undefined>>();
const paths = new Map<string, Promise<string | undefined>>();

/**
 * `mqtt-pki:index:readLiveObject`: labels, annotations and owners of an object
 * on a cluster, and nothing of its content. It answers, whatever happens: who
 * asks wants to warn, not to fail.
 */
export async function readLiveObject(args: Properties): Promise<Properties> {
  const { kubeconfig, context, ...object } = schema.required(
    argumentsSchema,
    args,
  );
  try {
    const key = JSON.stringify([kubeconfig, context]);
    const connection = connections.get(key) ?? connect(kubeconfig, context);
    connections.set(key, connection);
    const api = await connection;
    return api === undefined ? NOTHING : await read(api, key, object);
  } catch {
    return NOTHING;
  }
}

async function connect(
  kubeconfig: string | undefined,
  context: string | undefined,
): Promise<ClusterApi | undefined> {
  try {
    const api = await ClusterApi.open(
      await loadKubeconfig({
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
      }),
    );
    await api.version();
    return api;
  } catch {
    return undefined;
  }
}

async function read(
  api: ClusterApi,
  key: string,
  {
    apiVersion,
    kind,
    namespace,
    name,
  }: Omit<z.infer<typeof argumentsSchema>, "kubeconfig" | "context">,
): Promise<Properties> {
  const pathKey = JSON.stringify([key, apiVersion, kind]);
  const found = paths.get(pathKey) ?? collectionOf(api, apiVersion, kind);
  paths.set(pathKey, found);
  const collection = await found;
  if (collection === undefined) {
    return { ...NOTHING, readable: true };
  }
  const place =
    namespace === undefined
      ? ""
      : `/namespaces/${encodeURIComponent(namespace)}`;
  const prefix = apiVersion.includes("/") ? "/apis" : "/api";
  const { status, body } = await api.request(
    "GET",
    `${prefix}/${apiVersion}${place}/${collection}/${encodeURIComponent(name)}`,
  );
  if (status !== 200) {
    return { ...NOTHING, readable: status === 404 };
  }
  const { labels, annotations, ownerReferences } =
    objectSchema.parse(body).metadata;
  const { [WHOLE_OBJECT]: _whole, ...others } = annotations ?? {};
  return {
    readable: true,
    exists: true,
    labels: labels ?? {},
    annotations: others,
    owners: (ownerReferences ?? []).map(
      (owner) => `${owner.kind} ${owner.name}`,
    ),
  };
}

/** The plural by which a path names a kind; `undefined` where the cluster has no such kind. */
async function collectionOf(
  api: ClusterApi,
  apiVersion: string,
  kind: string,
): Promise<string | undefined> {
  const resources = await servedResources(api, apiVersion);
  return resources?.find(
    (resource) => resource.kind === kind && !resource.name.includes("/"),
  )?.name;
}
