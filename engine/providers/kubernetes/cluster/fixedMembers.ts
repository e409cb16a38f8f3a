import type { PropertyMap } from "../../../values";
import type { ObjectKind } from "../kinds";
import type { ClusterSettings } from "../settings";

const IDENTITY = ["metadata.name", "metadata.namespace"];

/** Members of a kind that the API does not change, and with which the plugin makes another object. */
const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  Secret: ["type"],
  PersistentVolumeClaim: [
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ],
  Job: [
    "spec.completions",
    "spec.parallelism",
    "spec.selector",
    "spec.template",
  ],
};

/** The members with whose change an object is made anew, as the plugin has it. */
export function fixedMembers(
  kind: ObjectKind,
  inputs: PropertyMap,
  settings: Pick<ClusterSettings, "secretMutable" | "configMapMutable">,
): string[] {
  // Of somebody else's object only what it is laid over can be wrong.
  return kind.patch
    ? IDENTITY
    : [
        ...IDENTITY,
        ...(OF_KIND[kind.kind] ?? []),
        ...content(kind, inputs, settings),
      ];
}

/** Secrets and ConfigMaps change in place only where the provider or the object says so. */
function content(
  { kind }: ObjectKind,
  { immutable }: PropertyMap,
  {
    secretMutable,
    configMapMutable,
  }: Pick<ClusterSettings, "secretMutable" | "configMapMutable">,
): string[] {
  const isFixed = immutable === true;
  if (kind === "Secret" && (isFixed || !secretMutable)) {
    return ["stringData", "data"];
  }
  return kind === "ConfigMap" && (isFixed || !configMapMutable)
    ? ["binaryData", "data"]
    : [];
}
