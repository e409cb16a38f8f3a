import { z } from "zod";
import type { ClusterApi } from "./api";
import { StatusError } from "./api";

const groupSchema = z.object({
  versions: z.array(z.object({ version: z.string() })),
});
const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
});

/** A resource of an API, as a path names it. */
export interface ServedResource {
  /** Plural, such as `statefulsets`. */
  readonly name: string;
  readonly kind: string;
}

/** What a version of an API group has; `undefined` where the server has no such version. */
export async function servedResources(
  api: ClusterApi,
  apiVersion: string,
): Promise<readonly ServedResource[] | undefined> {
  const prefix = apiVersion.includes("/") ? "/apis" : "/api";
  const { status, body } = await api.request("GET", `${prefix}/${apiVersion}`);
  if (status === 404) {
    return undefined;
  }
  if (status !== 200) {
    throw new StatusError(status);
  }
  return resourcesSchema.parse(body).resources;
}

/** The versions of a group in which the server has a resource, its own order. */
export async function servedVersions(
  api: ClusterApi,
  group: string,
  resource: string,
): Promise<string[]> {
  const { status, body } = await api.request("GET", `/apis/${group}`);
  if (status === 404) {
    return [];
  }
  if (status !== 200) {
    throw new StatusError(status);
  }
  const versions = groupSchema
    .parse(body)
    .versions.map(({ version }) => version);
  const served = await Promise.all(
    versions.map(async (version) => {
      const resources = await servedResources(api, `${group}/${version}`);
      return (resources ?? []).some(({ name }) => name === resource);
    }),
  );
  return versions.filter((_version, index) => served[index] === true);
}
