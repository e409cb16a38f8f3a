import { equal, isMap, type PropertyMap, type PropertyValue } from "./values";

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

/** A copy of the new properties in which everything at the path is as in the old ones. */
export function resetPath(
  news: PropertyMap,
  olds: PropertyMap,
  path: string,
): PropertyMap {
  const result = reset(news, olds, parsePath(path));
  return isMap(result) ? result : news;
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

function reset(
  next: PropertyValue | undefined,
  old: PropertyValue | undefined,
  [step, ...rest]: Step[],
): PropertyValue | undefined {
  if (step === undefined) {
    return old;
  }
  if (Array.isArray(next) && Array.isArray(old)) {
    // An element that was added or removed cannot be ignored on its own: the others would shift.
    return next.map((element, index) =>
      (step === "*" || index === Number(step)) && index < old.length
        ? (reset(element, old[index], rest) ?? element)
        : element,
    );
  }
  if (!isMap(next) || !isMap(old)) {
    return next;
  }
  const keys =
    step === "*"
      ? new Set([...Object.keys(next), ...Object.keys(old)])
      : [String(step)];
  const result = { ...next };
  for (const key of keys) {
    const value =
      rest.length === 0 ? old[key] : reset(next[key], old[key], rest);
    if (value === undefined) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- property names are the user's
      delete result[key];
    } else {
      result[key] = value;
    }
  }
  return result;
}
