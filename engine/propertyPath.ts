import { isMap, type PropertyMap, type PropertyValue } from "./values";

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

/** Whether a changed top-level property is covered by a path. */
export function coversKey(path: string, key: string): boolean {
  const [first] = parsePath(path);
  return first === "*" || String(first) === key;
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
