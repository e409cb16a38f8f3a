import {
  equal,
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  secret,
} from "./values";

type Step = string | number;

/** Reads a property path such as `metadata.labels["a.b"][0].*`. */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]/gy;
  let end = 0;
  for (
    let match = pattern.exec(path);
    match !== null;
    match = pattern.exec(path)
  ) {
    end = pattern.lastIndex;
    const [, name, index, quoted, star] = match;
    steps.push(
      index === undefined
        ? (name ?? quoted?.replace(/\\(.)/g, "$1") ?? star ?? "")
        : Number(index),
    );
  }
  return end === path.length ? steps : [path];
}

/** The new properties with everything at the paths as in the old ones, and the paths for which that cannot be. */
export function ignoreChanges(
  news: PropertyMap,
  olds: PropertyMap,
  paths: string[],
): { inputs: PropertyMap; failed: string[] } {
  const inputs = structuredClone(news);
  const failed = paths.filter(
    (path) =>
      !reset(
        { value: inputs, hidden: false },
        { value: olds, hidden: false },
        parsePath(path),
      ),
  );
  return { inputs, failed };
}

/** Whether a path leads to a place, or to something that place is in. */
export function covers(path: string, place: string): boolean {
  const inner = parsePath(place);
  return parsePath(path).every(
    (step, index) => step === inner[index] || (step === "*" && index in inner),
  );
}

/** The top-level property a path leads into. */
export function topOf(path: string): string {
  return String(parsePath(path)[0] ?? path);
}

/** The paths at which two values differ, each as deep as it can be. */
export function changedPaths(
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  at = "",
): string[] {
  if (equal(before, after)) {
    return [];
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const longer = before.length > after.length ? before : after;
    return longer.flatMap((_, index) =>
      changedPaths(before[index], after[index], `${at}[${index}]`),
    );
  }
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => {
      const plain = /^[^.[\]"*]+$/.test(key);
      const step = plain
        ? `${at === "" ? "" : "."}${key}`
        : `[${JSON.stringify(key)}]`;
      return changedPaths(before[key], after[key], at + step);
    });
  }
  return [at];
}

/** A value on the way along a path, and whether it is within a secret. */
interface Place {
  value: PropertyValue | undefined;
  hidden: boolean;
}

/** Puts back what is at a path; false if one of the two has no such place while the other has. */
function reset(
  next: Place,
  old: Place,
  [step = "*", ...rest]: Step[],
): boolean {
  const [to, from] = [opened(next), opened(old)];
  if (step !== "*") {
    return resetMember(to, from, step, rest);
  }
  if (isMap(to.value) && isMap(from.value)) {
    const keys = Object.keys(from.value);
    const all = rest.length > 0 ? keys : [...keys, ...Object.keys(to.value)];
    return all.map((key) => resetMember(to, from, key, rest)).every(Boolean);
  }
  if (Array.isArray(to.value) && Array.isArray(from.value)) {
    const [here, there] = [to.value, from.value];
    const common = [...here.keys()].filter((index) => index < there.length);
    const done = common.map((index) => resetMember(to, from, index, rest));
    return done.every(Boolean) && here.length === there.length;
  }
  return rest.length === 0 && typeof to.value === "object" && to.value !== null;
}

function resetMember(to: Place, from: Place, key: Step, rest: Step[]): boolean {
  const isLeaf = rest.length === 0;
  const [here, there] = [to.value, from.value];
  // What was within a secret, and is put where none is, stays secret.
  const kept = (value: PropertyValue): PropertyValue =>
    from.hidden && !to.hidden ? secret(value) : value;
  if (typeof key === "number") {
    if (!Array.isArray(here) || !Array.isArray(there)) {
      return !Array.isArray(here) && !Array.isArray(there);
    }
    const [next, old] = [here[key], there[key]];
    if (next === undefined || old === undefined) {
      // An element that was added or removed cannot be ignored: the others would shift.
      return isLeaf && next === old;
    }
    if (isLeaf) {
      here[key] = kept(old);
      return true;
    }
  } else if (isLeaf) {
    const old = isMap(there) ? there[key] : undefined;
    if (!isMap(here)) {
      return old === undefined;
    }
    if (old === undefined) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- property names are the user's
      delete here[key];
    } else {
      here[key] = kept(old);
    }
    return true;
  } else if (!isMap(here) || !isMap(there)) {
    return !isMap(here) && !isMap(there);
  } else if (here[key] === undefined) {
    return there[key] === undefined;
  }
  return reset(member(to, key), member(from, key), rest);
}

function member({ value, hidden }: Place, key: Step): Place {
  const members = (value ?? {}) as Record<Step, PropertyValue | undefined>;
  return { value: members[key], hidden };
}

function opened({ value, hidden }: Place): Place {
  return isSecret(value)
    ? opened({ value: value.value, hidden: true })
    : { value, hidden };
}
