import { EngineError } from "../errors";
import {
  goJson,
  isMap,
  isSecret,
  mapValues,
  parse,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  SECRET,
  SIGNATURE,
  sortKeys,
} from "../values";
import { parseProviderReference } from "../urn";
import type { Crypter } from "./secrets";

/** Seconds a step may take; absent means the provider's own limit. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
}

/** One resource of a stack, as the state file describes it. Secrets in it are open; only the file has them encrypted. */
export interface ResourceState {
  urn: string;
  custom: boolean;
  delete: boolean;
  id: string;
  type: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent: string;
  protect: boolean;
  external: boolean;
  dependencies: string[];
  initErrors: string[];
  provider: string;
  propertyDependencies: Record<string, string[]>;
  pendingReplacement: boolean;
  additionalSecretOutputs: string[];
  aliases: string[];
  customTimeouts: CustomTimeouts;
  /** The id under which the program had the resource imported; empty for one that was made. */
  importId: string;
  retainOnDelete: boolean;
  deletedWith: string;
  created?: string;
  modified?: string;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  replacementTrigger?: PropertyValue;
  /** Members this engine has no use for; they are carried along as they are. */
  extra: PropertyMap;
}

/** An operation that was under way when the state was written. */
export interface PendingOperation {
  resource: ResourceState;
  type: string;
}

/** The part of a state file that changes with each update. */
export interface Snapshot {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
}

const KNOWN = new Set([
  ..."urn custom delete id type inputs outputs parent protect external dependencies initErrors provider".split(
    " ",
  ),
  ..."propertyDependencies pendingReplacement additionalSecretOutputs aliases customTimeouts".split(
    " ",
  ),
  ..."importID retainOnDelete deletedWith created modified ignoreChanges replaceOnChanges replacementTrigger".split(
    " ",
  ),
]);

/** The URNs a resource refers to. */
export function referencesOf(resource: ResourceState): Set<string> {
  const provider = parseProviderReference(resource.provider);
  return new Set([
    resource.parent,
    resource.deletedWith,
    ...(provider === undefined ? [] : [provider.urn]),
    ...resource.dependencies,
    ...Object.values(resource.propertyDependencies).flat(),
  ]);
}

/** How secrets look in what is written: as ciphertext, or in the open for `--show-secrets`. */
export type SecretForm = "ciphertext" | "plaintext";

/** A resource as JSON for the state file. */
export function encodeResource(
  state: ResourceState,
  crypter: Crypter,
  form: SecretForm = "ciphertext",
): PropertyMap {
  const place = `${state.urn}|${state.id}`;
  const encode = (value: PropertyValue, at: string): PropertyValue =>
    encodeValue(value, `${place}|${at}`, crypter, form);
  const { sourcePosition, stackTrace, ...rest } = state.extra;
  const full: Record<string, PropertyValue | undefined> = {
    urn: state.urn,
    custom: state.custom,
    delete: state.delete || undefined,
    id: state.id || undefined,
    type: state.type,
    inputs: nonEmpty(sortKeys(encode(state.inputs, "inputs"))),
    outputs: nonEmpty(sortKeys(encode(state.outputs, "outputs"))),
    parent: state.parent || undefined,
    protect: state.protect || undefined,
    external: state.external || undefined,
    dependencies: nonEmpty(state.dependencies),
    initErrors: nonEmpty(state.initErrors),
    provider: state.provider || undefined,
    propertyDependencies: nonEmpty(sortKeys(state.propertyDependencies)),
    pendingReplacement: state.pendingReplacement || undefined,
    additionalSecretOutputs: nonEmpty(state.additionalSecretOutputs),
    aliases: nonEmpty(state.aliases),
    customTimeouts: nonEmpty({ ...state.customTimeouts }),
    importID: state.importId || undefined,
    retainOnDelete: state.retainOnDelete || undefined,
    deletedWith: state.deletedWith || undefined,
    created: state.created,
    modified: state.modified,
    sourcePosition,
    stackTrace,
    ignoreChanges: nonEmpty(state.ignoreChanges),
    replaceOnChanges: nonEmpty(state.replaceOnChanges),
    replacementTrigger:
      state.replacementTrigger === undefined
        ? undefined
        : encode(state.replacementTrigger, "replacementTrigger"),
    ...rest,
  };
  const written: PropertyMap = {};
  for (const [key, value] of Object.entries(full)) {
    if (value !== undefined) {
      written[key] = value;
    }
  }
  return written;
}

/** Reads a resource from the JSON of the state file and opens its secrets. */
export function decodeResource(
  json: PropertyValue,
  crypter: Crypter | undefined,
): ResourceState {
  if (
    !isMap(json) ||
    typeof json.urn !== "string" ||
    typeof json.type !== "string"
  ) {
    throw new EngineError(
      "The state file holds a resource without a URN or a type; it is damaged.",
    );
  }
  const text = (key: string): string =>
    typeof json[key] === "string" ? json[key] : "";
  const place = `${json.urn}|${text("id")}`;
  const decode = (key: string): PropertyValue | undefined =>
    json[key] === undefined
      ? undefined
      : decodeValue(json[key], `${place}|${key}`, crypter);
  const properties = (key: string): PropertyMap => {
    const value = decode(key);
    return isMap(value) ? value : {};
  };
  const trigger = decode("replacementTrigger");
  return {
    urn: json.urn,
    type: json.type,
    custom: json.custom === true,
    delete: json.delete === true,
    id: text("id"),
    inputs: properties("inputs"),
    outputs: properties("outputs"),
    parent: text("parent"),
    protect: json.protect === true,
    external: json.external === true,
    dependencies: strings(json.dependencies),
    initErrors: strings(json.initErrors),
    provider: text("provider"),
    propertyDependencies: Object.fromEntries(
      Object.entries(mapOf(json.propertyDependencies)).map(([key, urns]) => [
        key,
        strings(urns),
      ]),
    ),
    pendingReplacement: json.pendingReplacement === true,
    additionalSecretOutputs: strings(json.additionalSecretOutputs),
    aliases: strings(json.aliases),
    customTimeouts: Object.fromEntries(
      Object.entries(mapOf(json.customTimeouts)).filter(
        ([, seconds]) => typeof seconds === "number",
      ),
    ),
    importId: text("importID"),
    retainOnDelete: json.retainOnDelete === true,
    deletedWith: text("deletedWith"),
    ...(text("created") === "" ? {} : { created: text("created") }),
    ...(text("modified") === "" ? {} : { modified: text("modified") }),
    ignoreChanges: strings(json.ignoreChanges),
    replaceOnChanges: strings(json.replaceOnChanges),
    ...(trigger === undefined ? {} : { replacementTrigger: trigger }),
    extra: Object.fromEntries(
      Object.entries(json).filter(([key]) => !KNOWN.has(key)),
    ),
  };
}

function encodeValue(
  value: PropertyValue,
  place: string,
  crypter: Crypter,
  form: SecretForm,
): PropertyValue {
  if (isSecret(value)) {
    const plaintext = goJson(revealAll(value));
    return form === "ciphertext"
      ? { [SIGNATURE]: SECRET, ciphertext: crypter.encryptAt(place, plaintext) }
      : { [SIGNATURE]: SECRET, plaintext };
  }
  if (Array.isArray(value)) {
    return value.map((element, index) =>
      encodeValue(element, `${place}[${index}]`, crypter, form),
    );
  }
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        encodeValue(inner, `${place}.${key}`, crypter, form),
      ]),
    );
  }
  return value;
}

function decodeValue(
  value: PropertyValue,
  place: string,
  crypter: Crypter | undefined,
): PropertyValue {
  if (Array.isArray(value)) {
    return value.map((element, index) =>
      decodeValue(element, `${place}[${index}]`, crypter),
    );
  }
  if (!isMap(value)) {
    return value;
  }
  if (value[SIGNATURE] === SECRET) {
    return { [SIGNATURE]: SECRET, value: decodeSecret(value, place, crypter) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      decodeValue(inner, `${place}.${key}`, crypter),
    ]),
  );
}

function decodeSecret(
  value: PropertyMap,
  place: string,
  crypter: Crypter | undefined,
): PropertyValue {
  if (typeof value.plaintext === "string") {
    return parse(JSON.parse(value.plaintext));
  }
  if (typeof value.ciphertext !== "string" || crypter === undefined) {
    throw new EngineError(
      "The state holds a secret, but nothing to decrypt it with.",
    );
  }
  const opened = openNested(
    parse(JSON.parse(crypter.decrypt(value.ciphertext))),
    crypter,
  );
  crypter.remember(place, goJson(opened), value.ciphertext);
  return opened;
}

/** Other engines may have encrypted a secret within a secret; the outer one covers both. */
function openNested(value: PropertyValue, crypter: Crypter): PropertyValue {
  if (Array.isArray(value)) {
    return value.map((element) => openNested(element, crypter));
  }
  if (!isMap(value)) {
    return value;
  }
  if (value[SIGNATURE] === SECRET) {
    return typeof value.ciphertext === "string"
      ? openNested(
          parse(JSON.parse(crypter.decrypt(value.ciphertext))),
          crypter,
        )
      : openNested(reveal(value), crypter);
  }
  return mapValues(value, (inner) => openNested(inner, crypter));
}

function nonEmpty(value: PropertyValue): PropertyValue | undefined {
  const size = Array.isArray(value)
    ? value.length
    : isMap(value)
      ? Object.keys(value).length
      : 1;
  return size === 0 ? undefined : value;
}

function strings(value: PropertyValue | undefined): string[] {
  return Array.isArray(value)
    ? value.filter((element) => typeof element === "string")
    : [];
}

function mapOf(value: PropertyValue | undefined): PropertyMap {
  return isMap(value) ? value : {};
}
