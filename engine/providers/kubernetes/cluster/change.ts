import { parsePath } from "../../../propertyPath";
import { isMap, type PropertyMap, type PropertyValue } from "../../../values";
import { at } from "../object";
import { ApiError } from "./apiError";
import { areEdited, areOurs, conflictsOf, repairText } from "./conflicts";
import { managersOf, owns, takenOver } from "./managers";
import type { Target } from "./target";

/** How often an object is read again that others write to at the same time. */
const RACES = 5;

/** How an object is changed. */
export interface Changing {
  object: PropertyMap;
  /** What the program said of it before. */
  before: PropertyMap;
  fieldManager: string;
  preview: boolean;
  /** Take over fields that belong to others. */
  force: boolean;
  /** Places that stay as they are in the cluster. */
  ignoreChanges: readonly string[];
}

/** Changes an object in place by a server-side apply. In a preview the API is asked what would come of it. */
export async function change(
  target: Target,
  changing: Changing,
): Promise<PropertyMap> {
  const { preview } = changing;
  const found = await target.live();
  try {
    const live =
      preview || target.kind.patch
        ? found
        : await ownedBy(target, found, changing);
    const object = leavingAlone(changing, live);
    // What nobody recorded an owner of belongs to whoever applies first.
    const force = changing.force || managersOf(live).length === 0;
    return await applied(target, object, changing, force);
  } catch (error) {
    throw target.refusal(error, "patch");
  }
}

/** Applies, and once more with force where the fields in the way are ours for all that. */
async function applied(
  target: Target,
  object: PropertyMap,
  { before, fieldManager, preview }: Changing,
  force: boolean,
): Promise<PropertyMap> {
  try {
    return await target.apply(object, fieldManager, { force, preview });
  } catch (error) {
    const conflicts = error instanceof ApiError ? conflictsOf(error) : [];
    // Managers of before are followed in an update before it applies; a preview changes no owners.
    const isFollowed = preview && !target.kind.patch && areOurs(conflicts);
    if (!isFollowed && !areEdited(conflicts, before)) {
      throw error;
    }
    if (!isFollowed) {
      target.warn(repairText(conflicts, target.text));
    }
    return target.apply(object, fieldManager, { force: true, preview });
  }
}

/** The object once its manager has taken over the fields of those before it. */
async function ownedBy(
  target: Target,
  found: PropertyMap,
  { object, before, fieldManager }: Changing,
): Promise<PropertyMap> {
  let live = found;
  for (let race = 1; ; race += 1) {
    const entries = takenOver(live, fieldManager, [object, before]);
    if (entries === undefined) {
      return live;
    }
    try {
      return await target.patch([
        {
          op: "replace",
          path: "/metadata/managedFields",
          value: entries,
        },
        // Only if nobody wrote in between.
        {
          op: "replace",
          path: "/metadata/resourceVersion",
          value: at(live, "metadata", "resourceVersion"),
        },
      ]);
    } catch (error) {
      const isRace = error instanceof ApiError && error.code === 409;
      if (!isRace || race === RACES) {
        throw error;
      }
      live = await target.live();
    }
  }
}

/** The object without changes at places that are to be left alone: there it is as it is in the cluster, or says nothing. */
function leavingAlone(
  { object, fieldManager, ignoreChanges }: Changing,
  live: PropertyMap,
): PropertyMap {
  const left = structuredClone(object);
  const entries = managersOf(live);
  const isOwn = ({ manager }: PropertyMap): boolean => manager === fieldManager;
  for (const place of ignoreChanges) {
    const path = parsePath(place).map(String);
    const isOthers =
      entries.some((entry) => !isOwn(entry) && owns(entry, path)) &&
      !entries.some((entry) => isOwn(entry) && owns(entry, path));
    const value = at(live, ...path);
    if (isOthers || value !== undefined) {
      set(left, path, isOthers ? undefined : value);
    }
  }
  return left;
}

function set(
  object: PropertyMap,
  [first = "", ...rest]: string[],
  value: PropertyValue | undefined,
): void {
  const inner = object[first];
  if (rest.length === 0) {
    if (value === undefined) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- property names are the user's
      delete object[first];
    } else {
      object[first] = value;
    }
  } else if (isMap(inner)) {
    set(inner, rest, value);
  } else if (value !== undefined && inner === undefined) {
    const made: PropertyMap = {};
    object[first] = made;
    set(made, rest, value);
  }
}
