import {
  specialArchiveSig,
  specialAssetSig,
  specialOutputValueSig,
  specialResourceSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from "@pulumi/pulumi/runtime/rpc";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { outOfScope } from "./errors";

/** A property as it travels on the wire: JSON, in which secrets, references and unknowns carry a signature. */
export type PropertyValue =
  null | boolean | number | string | PropertyValue[] | PropertyMap;

/** Properties by name. */
export interface PropertyMap {
  [name: string]: PropertyValue;
}

/** The value that stands for "known only after the update". */
export const UNKNOWN: string = unknownValue;

/** The key under which a map says that it is more than a map. */
export const SIGNATURE: string = specialSigKey;

/** The signature of a secret. */
export const SECRET: string = specialSecretSig;

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(
  value: PropertyValue | undefined,
): value is PropertyMap {
  return isMap(value) && value[SIGNATURE] === SECRET;
}

/** Marks a value as secret; a value that is one already stays as it is. */
export function secret(value: PropertyValue): PropertyValue {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** A value as text: texts as they are, anything else as JSON. */
export function textOf(value: PropertyValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** The value inside a secret, or the value itself. */
export function reveal(value: PropertyValue | undefined): PropertyValue {
  return (isSecret(value) ? value.value : value) ?? null;
}

/** The value with every secret in it laid open, for code that has to work with it. */
export function revealAll(value: PropertyValue): PropertyValue {
  const inner = reveal(value);
  if (Array.isArray(inner)) {
    return inner.map(revealAll);
  }
  return isMap(inner) ? mapValues(inner, revealAll) : inner;
}

export function containsSecret(value: PropertyValue): boolean {
  return contains(value, isSecret);
}

export function containsUnknown(value: PropertyValue): boolean {
  return contains(value, (inner) => inner === UNKNOWN);
}

function contains(
  value: PropertyValue,
  wanted: (value: PropertyValue) => boolean,
): boolean {
  if (wanted(value)) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some((element) => contains(element, wanted));
  }
  return (
    isMap(value) &&
    Object.values(value).some((element) => contains(element, wanted))
  );
}

/** Applies a function to each value of a map. */
export function mapValues(
  map: PropertyMap,
  apply: (value: PropertyValue) => PropertyValue,
): PropertyMap {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, apply(value)]),
  );
}

/** Structural equality; the order of keys does not count, and a secret never equals the same value in the open. */
export function equal(
  a: PropertyValue | undefined,
  b: PropertyValue | undefined,
): boolean {
  if (a === b) {
    return true;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return (
      a.length === b.length &&
      a.every((element, index) => equal(element, b[index]))
    );
  }
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
    );
  }
  return false;
}

/** The names of the top-level properties that differ, each with `+`, `-` or `~` before it, as Pulumi prints them. */
export function changedKeys(before: PropertyMap, after: PropertyMap): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed: string[] = [];
  for (const name of [...names].sort()) {
    if (name === "__internal") {
      continue;
    }
    if (!Object.hasOwn(before, name)) {
      changed.push(`+${name}`);
    } else if (!Object.hasOwn(after, name)) {
      changed.push(`-${name}`);
    } else if (!equal(before[name], after[name])) {
      changed.push(`~${name}`);
    }
  }
  return changed;
}

/** JSON text with sorted keys, as Go writes its maps. */
export function canonicalJson(value: PropertyValue): string {
  return JSON.stringify(sortKeys(value));
}

/** As `canonicalJson`, with the characters escaped that Go escapes: what is under a secret in the state reads so. */
export function goJson(value: PropertyValue): string {
  return canonicalJson(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A copy whose maps have their keys in order. */
export function sortKeys(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, sortKeys(inner)]),
    );
  }
  return value;
}

/** A value whose references to resources are the resources' ids, or URNs where they have none. */
export function dereference(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) {
    return value.map(dereference);
  }
  if (!isMap(value)) {
    return value;
  }
  return value[SIGNATURE] === specialResourceSig
    ? (value.id ?? value.urn ?? null)
    : mapValues(value, dereference);
}

/**
 * Reads properties off the wire. Output values become what they carry: an unknown, a secret or a plain value. Fails by
 * name at what this engine does not do.
 */
export function fromWire(struct: Struct | undefined): PropertyMap {
  if (struct === undefined) {
    return {};
  }
  const parsed = normalize(parse(struct.toJavaScript()));
  return isMap(parsed) ? parsed : {};
}

/** Writes properties for the wire. */
export function toWire(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(properties);
}

/** Accepts JSON of unknown origin as a property value, or throws. */
export function parse(value: unknown): PropertyValue {
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(parse);
  }
  if (typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => [key, parse(inner)]),
    );
  }
  throw new TypeError(`a ${typeof value} is not a property value`);
}

function normalize(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) {
    return value.map(normalize);
  }
  if (!isMap(value)) {
    return value;
  }
  switch (value[SIGNATURE]) {
    case specialOutputValueSig: {
      const carried =
        value.value === undefined ? UNKNOWN : normalize(value.value);
      return value.secret === true ? secret(carried) : carried;
    }
    case specialResourceSig:
      // The state has the version of each reference, the empty one too.
      return { packageVersion: "", ...value };
    case specialAssetSig:
    case specialArchiveSig:
      throw outOfScope("An asset or archive (pulumi.asset)");
    default:
      return mapValues(value, normalize);
  }
}
