import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ROOT } from "../support/fleet";
import type { ApiServer } from "./apiServer";

/** Where the example's objects are. */
export const NAMESPACE = "mqtt";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const COLLECTIONS: Readonly<Record<string, string>> = {
  ConfigMap: "/api/v1/namespaces/mqtt/configmaps",
  Secret: "/api/v1/namespaces/mqtt/secrets",
  Service: "/api/v1/namespaces/mqtt/services",
  Deployment: "/apis/apps/v1/namespaces/mqtt/deployments",
  Role: `${RBAC}/namespaces/mqtt/roles`,
  RoleBinding: `${RBAC}/namespaces/mqtt/rolebindings`,
  ClusterRole: `${RBAC}/clusterroles`,
  ClusterRoleBinding: `${RBAC}/clusterrolebindings`,
};

const documentSchema = z.looseObject({
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.literal(NAMESPACE).exactOptional(),
  }),
});
const objectSchema = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
  spec: z
    .object({
      template: z
        .object({
          metadata: z.object({
            annotations: z.record(z.string(), z.string()).default({}),
          }),
        })
        .optional(),
    })
    .optional(),
});

/** What these tests look at in an object. */
export interface Seen {
  readonly uid: string;
  readonly version: string;
  /** Of a private key its digest: what a failing test shows is nobody's secret. */
  readonly data: Readonly<Record<string, string>>;
  /** Annotations of the pod template. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Creates what a file of the example says, as it stands; the server refuses
 * fields that it does not know.
 *
 * @returns kind and name of each object, and what the server answers
 */
export async function applyFile(
  cluster: ApiServer,
  file: string,
): Promise<string[]> {
  const text = readFileSync(join(ROOT, "examples", "cluster", file), "utf8");
  const said: string[] = [];
  // YAML as Kubernetes reads it, in which 0440 is octal.
  for (const document of parseAllDocuments(text, { version: "1.1" })) {
    const object = documentSchema.parse(document.toJS());
    const { status, body } = await cluster.call(
      "POST",
      `${collectionOf(object.kind)}?fieldValidation=Strict`,
      object,
    );
    const what = `${object.kind} ${object.metadata.name}: ${status}`;
    said.push(status === 201 ? what : `${what} ${JSON.stringify(body)}`);
  }
  return said;
}

/** Looks at an object as the administrator; `undefined` where there is none. */
export async function look(
  cluster: ApiServer,
  kind: string,
  name: string,
): Promise<Seen | undefined> {
  const path = `${collectionOf(kind)}/${name}`;
  const { status, body } = await cluster.call("GET", path);
  if (status === 404) {
    return undefined;
  }
  const { metadata, data, spec } = objectSchema.parse(body);
  return {
    uid: metadata.uid,
    version: metadata.resourceVersion,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        key.endsWith(".key")
          ? createHash("sha256").update(value).digest("hex")
          : value,
      ]),
    ),
    annotations: spec?.template?.metadata.annotations ?? {},
  };
}

/** Waits until the server takes a user for one who may read Secrets: roles reach it a moment after they are stored. */
export async function untilPermitted(
  cluster: ApiServer,
  user: string,
): Promise<void> {
  const client = cluster.clientOf(user);
  const asked = { method: "GET", path: `${collectionOf("Secret")}/any` };
  const end = Date.now() + 30_000;
  try {
    while ((await client.call(asked)).status === 403) {
      if (Date.now() > end) {
        throw new Error(`${user} may still not read Secrets`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    client.close();
  }
}

function collectionOf(kind: string): string {
  const collection = COLLECTIONS[kind];
  if (collection === undefined) {
    throw new Error(`no path is known for objects of kind ${kind}`);
  }
  return collection;
}
