/** What somebody must be allowed, in one namespace or in the whole cluster. */
export interface Permission {
  /** `""` for the core group. */
  readonly apiGroup: string;
  /** Plural, such as `secrets`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Left out for the whole cluster. */
  readonly namespace?: string;
  /** The only objects that are meant. Left out for all of that resource. */
  readonly names?: readonly string[];
}

/** A rule of a Role or ClusterRole, as RBAC has it. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** An object of a kind, within a namespace. */
export interface PlacedObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** How an engine sees that an object it deletes is gone. */
export const EndOfDeletion = {
  /** It asks again, as the bundled one does. */
  Get: "get",
  /** The Pulumi CLI's plugin watches the whole namespace; without that its `destroy` waits for ten minutes. */
  Watch: "watch",
  /** The same on a server where a watch begins with a list, as before Kubernetes 1.34. */
  ListAndWatch: "listAndWatch",
} as const;

export type EndOfDeletionName =
  (typeof EndOfDeletion)[keyof typeof EndOfDeletion];

/** What a program does with a cluster. */
export interface ClusterUse {
  /** Where Secrets and ConfigMaps go. */
  readonly namespaces: readonly string[];
  readonly createNamespace?: boolean;
  /** What is restarted or patched: `Deployment`, `StatefulSet`, `DaemonSet` or `Service`. */
  readonly workloads?: readonly PlacedObject[];
  readonly clusterTrustBundles?: readonly {
    readonly name: string;
    readonly signerName?: string;
  }[];
  /** `Issuer` or `ClusterIssuer`. */
  readonly certManagerIssuers?: readonly PlacedObject[];
  /** Secrets of others that are read. */
  readonly readSecrets?: readonly Omit<PlacedObject, "kind">[];
  /** Jobs are run, with volumes for what they write. */
  readonly jobs?: boolean;
  /** Default {@link EndOfDeletion.Watch}. */
  readonly endOfDeletion?: EndOfDeletionName;
}

/** What both engines do with an object that is theirs: make it, read it back, apply changes, and take it away. */
const NAMED = ["get", "patch", "delete"];
/** What no name can restrict: making an object, and seeing that it is gone. */
const UNNAMED = ["create", "watch"];

/**
 * All that a user needs for the whole life of a program, from the first
 * preview to its end, with either engine; nothing more.
 */
export function neededPermissions(use: ClusterUse): Permission[] {
  return permissionsOf(use).map((permission) =>
    permission.verbs.includes("create")
      ? {
          ...permission,
          verbs: ownedVerbs(permission.verbs, use.endOfDeletion),
        }
      : permission,
  );
}

function ownedVerbs(
  verbs: readonly string[],
  end: EndOfDeletionName = EndOfDeletion.Watch,
): string[] {
  switch (end) {
    case EndOfDeletion.Get:
      return verbs.filter((verb) => verb !== "watch");
    case EndOfDeletion.Watch:
      return [...verbs];
    case EndOfDeletion.ListAndWatch:
      return verbs.includes("watch") ? [...verbs, "list"] : [...verbs];
  }
}

function permissionsOf(use: ClusterUse): Permission[] {
  const namespaces = [...new Set(use.namespaces)];
  return [
    ...(use.createNamespace === true
      ? // A name cannot restrict who may create.
        [{ apiGroup: "", resource: "namespaces", verbs: ["create"] }]
      : []),
    ...namespaces.flatMap((namespace) => inNamespace(namespace, use)),
    ...(use.workloads ?? []).map(({ kind, name, namespace }) => ({
      apiGroup: kind === "Service" ? "" : "apps",
      resource: `${kind.toLowerCase()}s`,
      verbs: ["get", "patch"],
      namespace,
      names: [name],
    })),
    ...trustBundlePermissions(use),
    ...(use.certManagerIssuers ?? []).flatMap(issuerPermissions),
    ...(use.readSecrets ?? [])
      .filter(({ namespace }) => !namespaces.includes(namespace))
      .map(({ name, namespace }) => ({
        apiGroup: "",
        resource: "secrets",
        verbs: ["get"],
        namespace,
        names: [name],
      })),
  ];
}

function inNamespace(namespace: string, { jobs }: ClusterUse): Permission[] {
  return [
    // Whether it is there, and whether it is the one of the last update.
    {
      apiGroup: "",
      resource: "namespaces",
      verbs: ["get"],
      namespace,
      names: [namespace],
    },
    {
      apiGroup: "",
      resource: "secrets",
      verbs: [...UNNAMED, ...NAMED],
      namespace,
    },
    {
      apiGroup: "",
      resource: "configmaps",
      verbs: [...UNNAMED, ...NAMED],
      namespace,
    },
    ...(jobs === true
      ? [
          {
            apiGroup: "batch",
            resource: "jobs",
            verbs: [...UNNAMED, ...NAMED],
            namespace,
          },
          {
            apiGroup: "",
            resource: "persistentvolumeclaims",
            verbs: [...UNNAMED, ...NAMED],
            namespace,
          },
          {
            apiGroup: "",
            resource: "pods",
            verbs: ["list", "watch"],
            namespace,
          },
        ]
      : []),
  ];
}

function trustBundlePermissions({
  clusterTrustBundles = [],
}: ClusterUse): Permission[] {
  if (clusterTrustBundles.length === 0) {
    return [];
  }
  const group = { apiGroup: "certificates.k8s.io" };
  const signers = [
    ...new Set(
      clusterTrustBundles.flatMap(({ signerName }) => signerName ?? []),
    ),
  ];
  return [
    { ...group, resource: "clustertrustbundles", verbs: UNNAMED },
    {
      ...group,
      resource: "clustertrustbundles",
      verbs: NAMED,
      names: clusterTrustBundles.map(({ name }) => name),
    },
    ...(signers.length === 0
      ? []
      : [{ ...group, resource: "signers", verbs: ["attest"], names: signers }]),
  ];
}

function issuerPermissions({
  kind,
  name,
  namespace,
}: PlacedObject): Permission[] {
  const shared = {
    apiGroup: "cert-manager.io",
    resource: `${kind.toLowerCase()}s`,
    ...(kind === "Issuer" && { namespace }),
  };
  return [
    { ...shared, verbs: UNNAMED },
    { ...shared, verbs: NAMED, names: [name] },
  ];
}

/** Rules for permissions of one place; those that differ in the resource only are one. */
export function rulesOf(permissions: readonly Permission[]): Rule[] {
  const byVerbs = new Map<string, Permission>();
  for (const permission of permissions) {
    const { apiGroup, resource, names } = permission;
    const key = JSON.stringify([apiGroup, resource, names]);
    const before = byVerbs.get(key);
    const verbs = new Set([...(before?.verbs ?? []), ...permission.verbs]);
    byVerbs.set(key, { ...permission, verbs: [...verbs] });
  }
  const rules = new Map<string, Rule>();
  for (const { apiGroup, resource, names, verbs } of byVerbs.values()) {
    const key = JSON.stringify([apiGroup, names, verbs]);
    const before = rules.get(key);
    rules.set(key, {
      apiGroups: [apiGroup],
      resources: [...(before?.resources ?? []), resource],
      ...(names !== undefined && { resourceNames: names }),
      verbs,
    });
  }
  return [...rules.values()];
}

/** Rules as they stand below `rules:` in the YAML of a Role. */
export function rulesText(rules: readonly Rule[]): string {
  const list = (values: readonly string[]) =>
    `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  return rules
    .flatMap(({ apiGroups, resources, resourceNames, verbs }) => [
      `  - apiGroups: ${list(apiGroups)}`,
      `    resources: ${list(resources)}`,
      ...(resourceNames === undefined
        ? []
        : [`    resourceNames: ${list(resourceNames)}`]),
      `    verbs: ${list(verbs)}`,
    ])
    .join("\n");
}

/** Permissions by where a Role for them stands; `undefined` is the whole cluster. */
export function byPlace(
  permissions: readonly Permission[],
): Map<string | undefined, Permission[]> {
  const places = new Map<string | undefined, Permission[]>();
  for (const permission of permissions) {
    const { namespace } = permission;
    places.set(namespace, [...(places.get(namespace) ?? []), permission]);
  }
  return places;
}
