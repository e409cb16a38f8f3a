import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import type { ApiServer } from "../apiServer";

const FOLDER = join(__dirname, "manifests");

const templateSchema = z.looseObject({
  metadata: z.looseObject({}).default({}),
  spec: z.looseObject({
    containers: z.array(
      z.looseObject({
        env: z
          .array(
            z.looseObject({
              name: z.string(),
              valueFrom: z.record(z.string(), z.unknown()).exactOptional(),
            }),
          )
          .default([]),
      }),
    ),
  }),
});

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    managedFields: z.array(z.looseObject({ manager: z.string() })).default([]),
  }),
  spec: z.looseObject({ template: templateSchema.exactOptional() }),
});

/** A workload or a Service. */
export type ManifestObject = z.infer<typeof objectSchema>;

/** The manifests in test/cluster/cases/manifests, by name. */
export function manifestNames(): string[] {
  return readdirSync(FOLDER)
    .map((file) => file.replace(/\.yaml$/, ""))
    .sort();
}

/** The text of one. */
export function manifestText(name: string): string {
  return readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
}

/** The objects in a text of YAML documents. */
export function objectsIn(text: string): ManifestObject[] {
  return parseAllDocuments(text).map((document) =>
    objectSchema.parse(document.toJS()),
  );
}

/** An object as somebody's file has it. */
export function withoutRecords({
  apiVersion,
  kind,
  metadata: { name, labels, annotations },
  spec,
}: ManifestObject): object {
  return { apiVersion, kind, metadata: { name, labels, annotations }, spec };
}

/** The path of an object in a namespace. */
export function objectPath(
  namespace: string,
  { apiVersion, kind, metadata }: ManifestObject,
): string {
  return `${collectionPath(namespace, { apiVersion, kind })}/${metadata.name}`;
}

/**
 * Makes the objects of a manifest, as kubectl does.
 *
 * @param makesNamespace whether the namespace is not there yet
 */
export async function deploy(
  cluster: ApiServer,
  namespace: string,
  objects: readonly ManifestObject[],
  makesNamespace = true,
): Promise<void> {
  if (makesNamespace) {
    await cluster.create("/api/v1/namespaces", {
      metadata: { name: namespace },
    });
  }
  for (const object of objects) {
    await cluster.create(
      `${collectionPath(namespace, object)}?fieldManager=kubectl-client-side-apply`,
      withoutRecords(object),
    );
  }
}

/** An object as it is. */
export async function readManifest(
  cluster: ApiServer,
  path: string,
): Promise<ManifestObject> {
  return objectSchema.parse(await cluster.get(path));
}

/** The spec of an object, its lists in one order: nothing depends on that of these. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .map(inOrder)
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, inOrder(inner)]),
      )
    : value;
}

function collectionPath(
  namespace: string,
  { apiVersion, kind }: Pick<ManifestObject, "apiVersion" | "kind">,
): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  return `${root}/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s`;
}
