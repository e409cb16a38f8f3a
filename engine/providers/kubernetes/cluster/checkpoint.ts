import { createHash, randomBytes } from "node:crypto";

import {
  containsSecret,
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  reveal,
  secret,
} from "../../../values";
import { annotation, at, open } from "../object";

/** The annotation in which `kubectl apply` repeats the whole object, with what is secret in it. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What the state says of an object. */
export interface Checkpoint {
  /** The inputs that it was made with, open. */
  inputs: PropertyMap;
  /** The object as the API gave it back. */
  live: PropertyMap;
  /** Who applies it; empty if the state does not say. */
  fieldManager: string;
  initialApiVersion: string;
}

/**
 * The outputs of a resource: the live object, and beside it the inputs and who applies it, as the plugin has them.
 * What is secret in the inputs is so in both.
 */
export function checkpoint(
  { inputs, live, fieldManager, initialApiVersion }: Checkpoint,
  given: PropertyMap,
): PropertyMap {
  return {
    ...withSecretsOf(live, given),
    __inputs: withSecretsOf(inputs, given),
    __initialApiVersion: initialApiVersion,
    __fieldManager: fieldManager,
  };
}

/** Reads the outputs of a resource. */
export function readCheckpoint(outputs: PropertyMap): Checkpoint {
  const {
    __inputs: inputs,
    __initialApiVersion: version,
    __fieldManager: manager,
    ...live
  } = open(outputs);
  return {
    inputs: isMap(inputs) ? inputs : {},
    live,
    fieldManager: typeof manager === "string" ? manager : "",
    initialApiVersion: typeof version === "string" ? version : "",
  };
}

/** A name for the one who applies an object: its own annotation, that of the state, or a new one. */
export function fieldManagerFor(inputs: PropertyMap, recorded: string): string {
  return (
    annotation(inputs, "pulumi.com/patchFieldManager") ||
    recorded ||
    `pulumi-kubernetes-${randomBytes(4).toString("hex")}`
  );
}

/** The same for an object that is only read: it stays the same from one run to the next. */
export function fieldManagerOfRead(urn: string): string {
  const digest = createHash("sha256").update(urn).digest("hex");
  return `pulumi-kubernetes-${digest.slice(0, 8)}`;
}

/** An object with that marked as secret which is so in the inputs it came from, and with what a Secret holds. */
export function withSecretsOf(
  object: PropertyMap,
  given: PropertyMap,
): PropertyMap {
  const marked = marking(object, given);
  if (object.kind !== "Secret") {
    return marked;
  }
  for (const name of ["data", "stringData"]) {
    const value = marked[name];
    if (value !== undefined) {
      marked[name] = secret(value);
    }
  }
  return withHiddenCopy(marked);
}

function marking(object: PropertyMap, given: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]): [string, PropertyValue] => {
      const source = given[key];
      if (source === undefined || isSecret(value)) {
        return [key, value];
      }
      if (isMap(value) && isMap(source) && !isSecret(source)) {
        return [key, marking(value, source)];
      }
      return [key, containsSecret(source) ? secret(value) : value];
    }),
  );
}

/** An object that kubectl applied carries its whole content a second time. */
function withHiddenCopy(object: PropertyMap): PropertyMap {
  const copy = at(object, "metadata", "annotations", LAST_APPLIED);
  const metadata = reveal(object.metadata);
  if (copy === undefined || !isMap(metadata) || !isMap(metadata.annotations)) {
    return object;
  }
  const annotations = { ...metadata.annotations, [LAST_APPLIED]: secret(copy) };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** What of a live object is input of an import: what the program could have said, without what the API fills in. */
export function importedInputs(
  live: PropertyMap,
  members: readonly string[],
): PropertyMap {
  const inputs = Object.fromEntries(
    ["apiVersion", "kind", ...members]
      .filter((name) => live[name] !== undefined)
      .map((name) => [name, live[name] ?? null]),
  );
  const metadata = inputs.metadata;
  if (!isMap(metadata)) {
    return inputs;
  }
  const {
    creationTimestamp: _time,
    generation: _generation,
    managedFields: _managers,
    resourceVersion: _version,
    uid: _uid,
    ...rest
  } = metadata;
  if (isMap(rest.annotations)) {
    const { [LAST_APPLIED]: _copy, ...annotations } = rest.annotations;
    rest.annotations = annotations;
  }
  return { ...inputs, metadata: rest };
}
