import { stringify } from "yaml";
import { patchedTemplate } from "../../../platforms/thingsBoard/patchedTemplate";
import { podPatch } from "../../../platforms/thingsBoard/workloadPatch";
import {
  ThingsBoardManifest,
  shapeOf,
} from "../../../platforms/thingsBoard/workloadShape";
import type { WorkloadSettings } from "./workloadProgram/settings";
import { MOUNT_PATH, mqttSettings } from "./workloadProgram/settings";
import type { ManifestObject } from "./workloads";

/** Every manifest that takes a patch. */
export const MANIFESTS: readonly string[] = Object.values(
  ThingsBoardManifest,
).filter((manifest) => manifest !== ThingsBoardManifest.Helm);

/** Where a manifest is deployed by a case. */
export function namespaceOf(namespace: string, manifest: string): string {
  return `${namespace}-${manifest}`;
}

/** All of them, for the program. */
export function workloadsOf(namespace: string): WorkloadSettings["workloads"] {
  return MANIFESTS.map((manifest) => ({
    name: manifest,
    manifest,
    namespace: namespaceOf(namespace, manifest),
    tbmq: manifest === ThingsBoardManifest.Tbmq,
  }));
}

/** A workload's pod template as it is to be with TLS; variables that the manifest has a text for keep that. */
export function templateWithTls(
  manifest: string,
  { template }: ManifestObject["spec"],
): Record<string, unknown> {
  const shape = shapeOf(manifest);
  if (shape === undefined || template === undefined) {
    throw new Error(`${manifest} has no workload`);
  }
  const settings = mqttSettings(
    manifest === ThingsBoardManifest.Tbmq,
    MOUNT_PATH,
    "first",
  );
  const pod = podPatch(settings, shape);
  const names = new Set(
    template.spec.containers.flatMap(({ env }) =>
      env.map((variable) => variable.name),
    ),
  );
  const isCore = manifest === ThingsBoardManifest.MicroservicesNode;
  return patchedTemplate(
    template,
    stringify({
      metadata: {
        annotations: {
          ...settings.configurationAnnotations,
          ...(isCore ? {} : settings.podAnnotations),
        },
      },
      spec: {
        ...pod,
        containers: pod.containers.map((container) => ({
          ...container,
          env: container.env?.filter(({ name }) => !names.has(name)),
        })),
      },
    }),
  );
}
