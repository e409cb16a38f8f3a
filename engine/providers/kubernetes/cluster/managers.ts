import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  textOf,
} from "../../../values";
import { at } from "../object";

/** Who makes objects with POST: the next apply takes its fields over by this name. */
export const CREATOR = "pulumi-kubernetes";

/** Managers whose fields an update takes over: beginnings of their names, and how they write. */
const REPLACED: readonly [string, "Apply" | "Update"][] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  [CREATOR, "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

/** Whether a manager's fields go to the one who updates. */
export function isManagedHere({
  manager,
  operation,
}: {
  manager: string;
  operation: string;
}): boolean {
  return REPLACED.some(
    ([beginning, way]) => way === operation && manager.startsWith(beginning),
  );
}

/** The entries of an object that say who owns which field. */
export function managersOf(object: PropertyMap): PropertyMap[] {
  const entries = at(object, "metadata", "managedFields");
  return Array.isArray(entries) ? entries.filter(isMap) : [];
}

/**
 * The entries as they are once a manager has taken over fields of those before it: what was made by POST, or by
 * kubectl, would otherwise own its fields for ever, and nothing that a program no longer names would go. It is only
 * fields of which the program speaks, or spoke: what somebody added to the object with kubectl stays theirs.
 *
 * @param spoken objects as the program has them and had them
 * @returns `undefined` where there is nothing to take over
 */
export function takenOver(
  object: PropertyMap,
  manager: string,
  spoken: readonly PropertyMap[],
): PropertyMap[] | undefined {
  const entries = managersOf(object);
  const own = entries.find(
    (entry) =>
      entry.manager === manager &&
      entry.operation === "Apply" &&
      entry.subresource === undefined,
  );
  const left: PropertyMap[] = [];
  const taken: PropertyMap[] = [];
  for (const entry of entries) {
    if (entry === own) {
      continue;
    }
    const [ours, theirs] = isReplaced(entry)
      ? divided(entry.fieldsV1, spoken)
      : [{}, entry.fieldsV1 ?? {}];
    if (Object.keys(ours).length > 0) {
      taken.push({ ...entry, fieldsV1: ours });
    }
    if (isMap(theirs) && Object.keys(theirs).length > 0) {
      left.push({ ...entry, fieldsV1: theirs });
    }
  }
  const [first] = taken;
  if (first === undefined) {
    return undefined;
  }
  const fields = [...(own === undefined ? [] : [own]), ...taken].map(
    ({ fieldsV1 }) => fieldsV1 ?? {},
  );
  return [
    ...left,
    {
      ...(own ?? first),
      manager,
      operation: "Apply",
      fieldsV1: fields.reduce<PropertyValue>(union, {}),
    },
  ];
}

function isReplaced({ manager, operation, subresource }: PropertyMap): boolean {
  return (
    subresource === undefined &&
    isManagedHere({
      manager: textOf(manager),
      operation: textOf(operation),
    })
  );
}

/** That a map is there at all, as opposed to what is in it. */
const ITSELF = ".";

/** The fields of which one of the objects speaks, and the others. */
function divided(
  fields: PropertyValue | undefined,
  spoken: readonly (PropertyValue | undefined)[],
): [PropertyMap, PropertyMap] {
  const ours: PropertyMap = {};
  const theirs: PropertyMap = {};
  const members = isMap(fields) ? fields : {};
  for (const [key, inner] of Object.entries(members)) {
    if (key === ITSELF) {
      continue;
    }
    const below = spoken.map((object) =>
      isMap(object) ? object[key.replace(/^f:/, "")] : undefined,
    );
    if (below.every((value) => value === undefined)) {
      theirs[key] = inner;
    } else if (below.some((value) => value !== undefined && !isMap(value))) {
      // Of a list, or of a single value, there are no halves.
      ours[key] = inner;
    } else {
      const [mine, rest] = divided(inner, below);
      if (Object.keys(mine).length > 0 || Object.keys(rest).length === 0) {
        ours[key] = mine;
      }
      if (Object.keys(rest).length > 0) {
        theirs[key] = rest;
      }
    }
  }
  if (ITSELF in members) {
    const isShared = Object.keys(theirs).length > 0;
    if (Object.keys(ours).length > 0 || !isShared) {
      ours[ITSELF] = {};
    }
    if (isShared) {
      theirs[ITSELF] = {};
    }
  }
  return [ours, theirs];
}

/** Whether a manager owns a field, or anything below it. */
export function owns(entry: PropertyMap, path: readonly string[]): boolean {
  const fields = path.map((name) => `f:${name}`);
  return at(entry, "fieldsV1", ...fields) !== undefined;
}

/** Fields that are in one set of fields or the other. */
function union(a: PropertyValue, b: PropertyValue): PropertyValue {
  if (!isMap(a) || !isMap(b)) {
    return isMap(a) ? a : b;
  }
  const merged: PropertyMap = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const there = merged[key];
    merged[key] = there === undefined ? value : union(there, value);
  }
  return merged;
}
