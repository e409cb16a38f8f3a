import { stringify } from "yaml";
import { shellWord } from "../device/quoting";
import type { PodPatch } from "./workloadPatch";
import type { Leftovers } from "./workloadShape";

/**
 * Fields for a pod template as a strategic merge patch.
 *
 * A variable that has a text in the manifest loses it, since it cannot also come
 * from a ConfigMap. What the manifest has for TLS itself goes: a volume from a
 * ConfigMap that nobody makes would keep the pods from starting.
 */
export function strategicPodPatch(
  pod: PodPatch,
  leftovers: Leftovers,
): Record<string, unknown> {
  const names = (key: string, entries: readonly string[]): object[] =>
    entries.map((entry) => ({ [key]: entry, $patch: "delete" }));
  return {
    ...pod,
    ...listed("volumes", [
      ...names("name", leftovers.volumes),
      ...(pod.volumes ?? []),
    ]),
    containers: pod.containers.map((container) => {
      const own = (container.volumeMounts ?? []) as { mountPath: string }[];
      return {
        ...container,
        ...listed("env", [
          ...names("name", leftovers.environment),
          ...(container.env ?? []).map(({ name, ...source }) => ({
            name,
            value: null,
            ...source,
          })),
        ]),
        ...listed("volumeMounts", [
          ...names(
            "mountPath",
            leftovers.mountPaths.filter(
              (path) => !own.some(({ mountPath }) => mountPath === path),
            ),
          ),
          ...own,
        ]),
      };
    }),
  };
}

function listed(name: string, entries: readonly object[]): object {
  return entries.length === 0 ? {} : { [name]: entries };
}

/** How to use an overlay, in a line or two. */
export function overlayReadme(
  folder: string,
  what: string,
  base: string | undefined,
): string {
  return base === undefined
    ? `TLS for ${what}, as a Kustomize component: list this folder under \`components:\` of the kustomization.yaml that has the workload, relative to it.\nThen apply that with \`kubectl apply -k\`, after the Secret and ConfigMaps of this program.\n`
    : `TLS for ${what}: \`kubectl apply -k ${shellWord(folder)}\`, after the Secret and ConfigMaps of this program.\nThe workload comes from ${base}; to see what changes: \`kubectl diff -k ${shellWord(folder)}\`.\n`;
}

/**
 * Values for the Helm chart of ThingsBoard's repository, which mounts
 * `tls.crt` and `tls.key` of a Secret by itself.
 */
export function helmValues(secretName: string): string {
  return stringify({ mqtt: { ssl: { enabled: true, secret: secretName } } });
}
