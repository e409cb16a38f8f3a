import { parse } from "yaml";

type Fields = Readonly<Record<string, unknown>>;

/** By which members entries of a list are told apart, as the API has it; a list that is not here is one value. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  volumes: ["name"],
  containers: ["name"],
  env: ["name"],
  volumeMounts: ["mountPath"],
  ports: ["containerPort", "protocol"],
};

/** What the API fills in where a key is left out. */
const DEFAULTS: Fields = { protocol: "TCP" };

/**
 * Lays the output `patch` of a `ThingsBoardWorkload` over the pod template of a
 * workload that the program makes itself: entries with the same key become
 * those of the patch, and everything else stays.
 *
 * @param template `spec.template` of the workload; it stays as it is
 * @param patch YAML
 * @example
 * ```ts
 * new kubernetes.apps.v1.StatefulSet("node", {
 *   spec: { template: workload.patch.apply((patch) => patchedTemplate(template, patch)), … },
 * });
 * ```
 */
export function patchedTemplate(
  template: Record<string, unknown>,
  patch: string,
): Record<string, unknown> {
  const fields: unknown = parse(patch);
  return isMap(fields) ? merged(template, fields) : { ...template };
}

function merged(there: Fields, patch: Fields): Record<string, unknown> {
  return {
    ...there,
    ...Object.fromEntries(
      Object.entries(patch).map(([name, value]) => [
        name,
        mergedMember(name, there[name], value),
      ]),
    ),
  };
}

function mergedMember(name: string, there: unknown, patch: unknown): unknown {
  if (isMap(there) && isMap(patch)) {
    return merged(there, patch);
  }
  const keys = KEYS[name];
  return keys !== undefined && Array.isArray(there) && Array.isArray(patch)
    ? mergedList(name, keys, there, patch)
    : patch;
}

function mergedList(
  name: string,
  keys: readonly string[],
  there: readonly unknown[],
  patch: readonly unknown[],
): unknown[] {
  const keyOf = (entry: unknown): string =>
    JSON.stringify(
      keys.map((key) =>
        isMap(entry) ? (entry[key] ?? DEFAULTS[key]) : undefined,
      ),
    );
  const patches = new Map(patch.map((entry) => [keyOf(entry), entry]));
  const known = new Set(there.map(keyOf));
  return [
    ...there.map((entry) => {
      const other = patches.get(keyOf(entry));
      return isMap(entry) && isMap(other)
        ? mergedEntry(name, entry, other)
        : entry;
    }),
    ...patch.filter((entry) => !known.has(keyOf(entry))),
  ];
}

/** A variable and a volume have one source only, and so are replaced whole. */
function mergedEntry(name: string, there: Fields, patch: Fields): Fields {
  return name === "env" || name === "volumes" ? patch : merged(there, patch);
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
