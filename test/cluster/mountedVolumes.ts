import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ApiServer } from "./apiServer";

const volumeSchema = z.object({
  name: z.string(),
  secret: z
    .object({ secretName: z.string(), defaultMode: z.number().exactOptional() })
    .exactOptional(),
  configMap: z.object({ name: z.string() }).exactOptional(),
});
const deploymentSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            args: z.array(z.string()),
            volumeMounts: z.array(
              z.object({ name: z.string(), mountPath: z.string() }),
            ),
          }),
        ]),
        volumes: z.array(volumeSchema),
      }),
    }),
  }),
});
const dataSchema = z.object({ data: z.record(z.string(), z.string()) });

type Volume = z.infer<typeof volumeSchema>;

// That of the Kubernetes API, for both kinds.
const DEFAULT_MODE = 0o644;

/** A container as the kubelet would start it, under a folder that stands for its root. */
export interface MountedContainer {
  readonly args: readonly string[];
  /** Paths within the container to the folders of this machine that stand for them. */
  readonly mounts: ReadonlyMap<string, string>;
}

/**
 * Does what the kubelet would for the container of a Deployment: reads its
 * Secrets and ConfigMaps over the API, and writes each key as a file where the
 * volume is mounted.
 *
 * @param root the folder that stands for the root of the container's files
 * @throws where an object is missing, for which a pod would wait
 */
export async function mountVolumes(
  cluster: ApiServer,
  namespace: string,
  deployment: string,
  root: string,
): Promise<MountedContainer> {
  const { containers, volumes } = deploymentSchema.parse(
    await cluster.get(
      `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`,
    ),
  ).spec.template.spec;
  const [{ args, volumeMounts }] = containers;
  const mounts = new Map<string, string>();
  for (const { name, mountPath } of volumeMounts) {
    const volume = volumes.find((one) => one.name === name);
    if (volume === undefined) {
      throw new Error(`there is no volume ${name} for ${mountPath}`);
    }
    const folder = join(root, mountPath);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const mode = volume.secret?.defaultMode ?? DEFAULT_MODE;
    for (const [key, content] of await filesOf(cluster, namespace, volume)) {
      writeFileSync(join(folder, key), content);
      chmodSync(join(folder, key), mode);
    }
    mounts.set(mountPath, folder);
  }
  return { args, mounts };
}

async function filesOf(
  cluster: ApiServer,
  namespace: string,
  { name, secret, configMap }: Volume,
): Promise<[string, Buffer][]> {
  const base = `/api/v1/namespaces/${namespace}`;
  if (secret !== undefined) {
    const { data } = dataSchema.parse(
      await cluster.get(`${base}/secrets/${secret.secretName}`),
    );
    return Object.entries(data).map(([key, text]) => [
      key,
      Buffer.from(text, "base64"),
    ]);
  }
  if (configMap !== undefined) {
    const { data } = dataSchema.parse(
      await cluster.get(`${base}/configmaps/${configMap.name}`),
    );
    return Object.entries(data).map(([key, text]) => [key, Buffer.from(text)]);
  }
  throw new Error(`volume ${name} is neither of a Secret nor of a ConfigMap`);
}

/** A text of the container's with the paths of this machine instead of its own. */
export function mapPaths(text: string, { mounts }: MountedContainer): string {
  return text.replace(
    /(^|\s)(\/[^/\s]+)(?=\/)/g,
    (whole, before: string, mountPath: string) => {
      const folder = mounts.get(mountPath);
      return folder === undefined ? whole : `${before}${folder}`;
    },
  );
}
