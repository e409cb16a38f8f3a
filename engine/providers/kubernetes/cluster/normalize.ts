import {
  containsUnknown,
  isMap,
  isSecret,
  mapValues,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
} from "../../../values";
import type { ObjectKind } from "../kinds";
import { withData } from "../object";
import { withQuantities } from "./quantity";

/** Members of metadata that are the API's to write. */
const READ_ONLY = new Set([
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
]);

/**
 * Inputs in the form in which the API gives them back, so that a comparison with what it has shows no difference that
 * is none. Inputs of which something is not known yet stay as they are.
 */
export function normalized(inputs: PropertyMap, kind: ObjectKind): PropertyMap {
  const isKnown = !containsUnknown(inputs);
  const object =
    kind.custom || !isKnown ? { ...inputs } : ofBuiltin(inputs, kind);
  const metadata = reveal(object.metadata);
  if (isMap(metadata)) {
    object.metadata = Object.fromEntries(
      Object.entries(metadata).filter(([name]) => !READ_ONLY.has(name)),
    );
  }
  return object;
}

function ofBuiltin(inputs: PropertyMap, { kind }: ObjectKind): PropertyMap {
  if (kind === "Secret") {
    return withCanonicalData(withData(inputs));
  }
  const object = withoutEmptyMaps(inputs);
  return object.spec === undefined
    ? object
    : { ...object, spec: withQuantities(object.spec) };
}

/** Maps that may as well not be there: the API does not tell the one from the other. */
const CONTENT = ["data", "binaryData"];

/** Inputs without maps that have nothing in them, where that means the same. */
export function withoutEmptyMaps(inputs: PropertyMap): PropertyMap {
  const object = withoutEmpty(inputs, CONTENT);
  const metadata = reveal(object.metadata);
  if (isMap(metadata)) {
    object.metadata = withoutEmpty(metadata, ["annotations", "labels"]);
  }
  return object;
}

/** What was read of an object, with the maps that the program has with nothing in them, and the API not at all. */
export function withEmptyMaps(
  found: PropertyMap,
  inputs: PropertyMap,
): PropertyMap {
  const empty = CONTENT.filter(
    (name) => found[name] === undefined && isEmpty(inputs[name] ?? null),
  );
  return { ...found, ...Object.fromEntries(empty.map((name) => [name, {}])) };
}

/** The API reads base64 and writes it again. */
function withCanonicalData(object: PropertyMap): PropertyMap {
  const data = reveal(object.data);
  if (!isMap(data)) {
    return object;
  }
  const canonical = mapValues(data, (value) => {
    const text = revealAll(value);
    if (typeof text !== "string" || !BASE64.test(text)) {
      return value;
    }
    const again = Buffer.from(text, "base64").toString("base64");
    return isSecret(value) ? secret(again) : again;
  });
  return {
    ...object,
    data: isSecret(object.data) ? secret(canonical) : canonical,
  };
}

/** Line breaks are allowed in it, as Go has it. */
const BASE64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/;

function isEmpty(value: PropertyValue): boolean {
  const inner = reveal(value);
  return isMap(inner) && Object.keys(inner).length === 0;
}

function withoutEmpty(object: PropertyMap, names: string[]): PropertyMap {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([name, value]) => !(names.includes(name) && isEmpty(value)),
    ),
  );
}
