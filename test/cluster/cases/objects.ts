import { z } from "zod";
import type { ApiServer } from "../apiServer";

const texts = z.record(z.string(), z.string());

const objectSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: texts.default({}),
    annotations: texts.default({}),
  }),
  type: z.string().exactOptional(),
  data: texts.default({}),
});

/** A Secret or ConfigMap as the API has it. */
export type StoredObject = z.infer<typeof objectSchema>;

const listSchema = z.object({ items: z.array(objectSchema) });

export const SECRETS = "secrets";
export const CONFIG_MAPS = "configmaps";

/** The path of a collection of a namespace, or of an object in it. */
export function pathOf(
  namespace: string,
  collection: string,
  name?: string,
): string {
  const path = `/api/v1/namespaces/${namespace}/${collection}`;
  return name === undefined ? path : `${path}/${name}`;
}

export function readStored(object: unknown): StoredObject {
  return objectSchema.parse(object);
}

/** Reads an object; fails the test where it is not there. */
export async function stored(
  cluster: ApiServer,
  path: string,
): Promise<StoredObject> {
  return readStored(await cluster.get(path));
}

/** The objects of a namespace's collections, by collection and name. */
export async function inventory(
  cluster: ApiServer,
  namespace: string,
  collections = [SECRETS, CONFIG_MAPS],
): Promise<Map<string, StoredObject>> {
  const found = new Map<string, StoredObject>();
  for (const collection of collections) {
    const { items } = listSchema.parse(
      await cluster.get(pathOf(namespace, collection)),
    );
    for (const item of items) {
      found.set(`${collection}/${item.metadata.name}`, item);
    }
  }
  return found;
}

/** A member of an object's data as text, decoded where it is a Secret's. */
export function textOf({ data }: StoredObject, key: string): string {
  const value = data[key];
  if (value === undefined) {
    throw new Error(
      `there is no ${key}; there are ${Object.keys(data).join()}`,
    );
  }
  return Buffer.from(value, "base64").toString("utf8");
}
