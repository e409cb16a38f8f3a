/** A kind of object that this engine makes. */
export interface ObjectKind {
  apiVersion: string;
  kind: string;
  /** How the API names a collection of them. */
  plural: string;
  namespaced: boolean;
  /** Whether the resource lays members over an object that somebody else made. */
  patch: boolean;
  /** What a program may say of it, besides `apiVersion` and `kind`. */
  members: readonly string[];
  /** Whether the API has it only where a CustomResourceDefinition does. */
  custom: boolean;
}

const SPEC = ["metadata", "spec"];

const CLUSTER_TRUST_BUNDLE = {
  kind: "ClusterTrustBundle",
  plural: "clustertrustbundles",
  namespaced: false,
};

/** The kinds by the type of their resource, as `@pulumi/kubernetes` names it. */
export const KINDS: ReadonlyMap<string, ObjectKind> = new Map(
  [
    made("core/v1", {
      kind: "Secret",
      plural: "secrets",
      members: ["metadata", "data", "stringData", "immutable", "type"],
    }),
    made("core/v1", {
      kind: "ConfigMap",
      plural: "configmaps",
      members: ["metadata", "data", "binaryData", "immutable"],
    }),
    made("core/v1", {
      kind: "Namespace",
      plural: "namespaces",
      namespaced: false,
    }),
    made("core/v1", {
      kind: "PersistentVolumeClaim",
      plural: "persistentvolumeclaims",
    }),
    made("batch/v1", { kind: "Job", plural: "jobs" }),
    made("apps/v1", { kind: "Deployment", plural: "deployments", patch: true }),
    made("apps/v1", {
      kind: "StatefulSet",
      plural: "statefulsets",
      patch: true,
    }),
    made("apps/v1", { kind: "DaemonSet", plural: "daemonsets", patch: true }),
    made("certificates.k8s.io/v1", CLUSTER_TRUST_BUNDLE),
    made("certificates.k8s.io/v1beta1", CLUSTER_TRUST_BUNDLE),
    made("certificates.k8s.io/v1alpha1", CLUSTER_TRUST_BUNDLE),
    made("cert-manager.io/v1", {
      kind: "Issuer",
      plural: "issuers",
      custom: true,
    }),
    made("cert-manager.io/v1", {
      kind: "ClusterIssuer",
      plural: "clusterissuers",
      namespaced: false,
      custom: true,
    }),
  ].map((kind) => [typeOf(kind), kind]),
);

/** A kind as a message names it: `v1 Secret`, `apps/v1 Deployment`. */
export function kindText({ apiVersion, kind }: ObjectKind): string {
  return `${apiVersion} ${kind}`;
}

/** The API group: empty for the core one. */
export function groupOf({ apiVersion }: ObjectKind): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** The path of an object in the API, or of the collection it is in. */
export function pathOf(
  kind: ObjectKind,
  namespace: string,
  name?: string,
): string {
  const { apiVersion, plural, namespaced } = kind;
  const root =
    groupOf(kind) === "" ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  const within = namespaced
    ? `/namespaces/${encodeURIComponent(namespace)}`
    : "";
  const one = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${root}${within}/${plural}${one}`;
}

function made(
  group: string,
  kind: Pick<ObjectKind, "kind" | "plural"> & Partial<ObjectKind>,
): ObjectKind {
  return {
    // The SDK's name of the core group; the API gives it none.
    apiVersion: group.replace(/^core\//, ""),
    namespaced: true,
    patch: false,
    members: SPEC,
    custom: false,
    ...kind,
  };
}

function typeOf({ apiVersion, kind, patch }: ObjectKind): string {
  const group = apiVersion === "v1" ? "core/v1" : apiVersion;
  return `kubernetes:${group}:${kind}${patch ? "Patch" : ""}`;
}
