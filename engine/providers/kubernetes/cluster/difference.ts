import {
  equal,
  isMap,
  type PropertyMap,
  type PropertyValue,
  UNKNOWN,
} from "../../../values";
import { parsePath } from "../../../propertyPath";

/** A place at which an object is to be another one. */
export interface Difference {
  /** As a property path: `data["tls.crt"]`. */
  path: string;
  /** Whether the object has to be made anew for it. */
  isReplacing: boolean;
}

/**
 * The places at which new inputs differ from an object, each as deep as it can be.
 *
 * @param fixed paths whose change takes a new object
 */
export function differencesOf(
  before: PropertyMap,
  after: PropertyMap,
  fixed: readonly string[],
): Difference[] {
  const fixedSteps = fixed.map((path) => parsePath(path).map(String));
  return changes(before, after, []).map(({ steps, value }) => ({
    path: pathText(steps),
    isReplacing:
      // Without its metadata it is another object.
      (steps.length === 1 && steps[0] === "metadata" && value === undefined) ||
      fixedSteps.some((place) => reaches(steps, value, place)),
  }));
}

/** A value that is new at a place; `undefined` where it goes. */
interface Change {
  steps: (string | number)[];
  value: PropertyValue | undefined;
}

function changes(
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  steps: (string | number)[],
): Change[] {
  const [old, next] = [before ?? undefined, after ?? undefined];
  if (equal(old, next)) {
    return [];
  }
  if (isMap(old) && isMap(next)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...keys].flatMap((key) =>
      changes(old[key], next[key], [...steps, key]),
    );
  }
  if (Array.isArray(old) && Array.isArray(next)) {
    const longer = old.length > next.length ? old : next;
    return longer.flatMap((_, index) =>
      changes(old[index], next[index], [...steps, index]),
    );
  }
  return [{ steps, value: next }];
}

/** Whether a change is at a place, below it, or puts a value there. */
function reaches(
  steps: (string | number)[],
  value: PropertyValue | undefined,
  place: string[],
): boolean {
  const common = Math.min(steps.length, place.length);
  if (
    steps.slice(0, common).some((step, index) => String(step) !== place[index])
  ) {
    return false;
  }
  let inner = value;
  for (const step of place.slice(common)) {
    if (inner === UNKNOWN) {
      return false;
    }
    inner = isMap(inner) ? inner[step] : undefined;
    if (inner === undefined) {
      return false;
    }
  }
  return true;
}

function pathText(steps: (string | number)[]): string {
  return steps
    .map((step, index) =>
      typeof step === "number"
        ? `[${step}]`
        : /[."[\]]/.test(step)
          ? `[${JSON.stringify(step)}]`
          : `${index === 0 ? "" : "."}${step}`,
    )
    .join("");
}
