import { type PropertyMap, reveal, revealAll, textOf } from "../../values";

/** How objects reach a cluster. */
export interface ClusterSettings {
  /** Path, list of paths or content; empty is what kubectl would take. */
  kubeconfig: string;
  context: string | undefined;
  /** Another cluster of the kubeconfig than the context's. */
  cluster: string | undefined;
  /** Namespace of objects that name none; empty is the context's. */
  namespace: string;
  secretMutable: boolean;
  configMapMutable: boolean;
  /** Take over fields that belong to other field managers. */
  patchForce: boolean;
  /** Take over objects that exist when they should be made. */
  upsert: boolean;
  /** Let go of objects whose cluster does not answer. */
  deleteUnreachable: boolean;
  /** Leave objects alone whose cluster does not answer. */
  skipUpdateUnreachable: boolean;
  suppressDeprecationWarnings: boolean;
}

/** Arguments that are switches, and the environment variable that holds where one is not set. */
const SWITCHES = {
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
  suppressDeprecationWarnings: "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
};

/** Every argument that is known, of a provider that renders too. */
export const ARGUMENTS: ReadonlySet<string> = new Set([
  ...Object.keys(SWITCHES),
  ...["renderYamlToDirectory", "alwaysRender", "namespace", "version"],
  ...["kubeconfig", "context", "cluster", "clusterIdentifier"],
  ...["enableServerSideApply", "suppressHelmHookWarnings"],
]);

/** Reads the arguments of a provider that talks to a cluster. */
export function clusterSettings(
  inputs: PropertyMap,
  environment: NodeJS.ProcessEnv,
): ClusterSettings {
  const text = (name: string): string => {
    const value = reveal(inputs[name]);
    return value === null ? "" : textOf(value);
  };
  const isOn = (name: keyof typeof SWITCHES): boolean =>
    isSwitch(inputs[name])
      ? isTrue(inputs[name])
      : environment[SWITCHES[name]] === "true";
  return {
    kubeconfig: text("kubeconfig"),
    context: text("context") || undefined,
    cluster: text("cluster") || undefined,
    namespace: text("namespace"),
    secretMutable: isOn("enableSecretMutable"),
    configMapMutable: isOn("enableConfigMapMutable"),
    patchForce: isOn("enablePatchForce"),
    upsert: isOn("upsertExistingObjects"),
    deleteUnreachable: isOn("deleteUnreachable"),
    skipUpdateUnreachable: isOn("skipUpdateUnreachable"),
    suppressDeprecationWarnings: isOn("suppressDeprecationWarnings"),
  };
}

/** Whether an argument says something, rather than that there is nothing to say. */
export function isSet(value: PropertyMap[string] | undefined): boolean {
  const open = value === undefined ? null : revealAll(value);
  return open !== null && open !== "" && open !== false;
}

/** Arguments of a provider travel as JSON text. */
export function isTrue(value: PropertyMap[string] | undefined): boolean {
  const open = reveal(value);
  return open === true || open === "true";
}

function isSwitch(value: PropertyMap[string] | undefined): boolean {
  return value !== undefined && reveal(value) !== null;
}
