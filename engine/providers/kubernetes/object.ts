import {
  containsUnknown,
  equal,
  isMap,
  isSecret,
  mapValues,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
  textOf,
} from "../../values";

/** Where an object is. */
export interface Identity {
  /** Empty where the kind has none, or the object names none. */
  namespace: string;
  name: string;
}

/** Namespace and name of an object without secrets. */
export function identityOf(object: PropertyMap): Identity {
  const metadata = object.metadata;
  const text = (key: string): string =>
    isMap(metadata) && typeof metadata[key] === "string" ? metadata[key] : "";
  return { namespace: text("namespace"), name: text("name") };
}

/** The id of a resource: `namespace/name`, or the name. */
export function idOf({ namespace, name }: Identity): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** Reads an id; other than `namespace/name` and `name` there is none. */
export function parseId(id: string): Identity {
  const slash = id.indexOf("/");
  return slash < 0
    ? { namespace: "", name: id }
    : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** An object with every secret in it laid open. */
export function open(object: PropertyMap): PropertyMap {
  return mapValues(object, revealAll);
}

/** The value of an annotation of an object without secrets; empty if there is none. */
export function annotation(object: PropertyMap, name: string): string {
  const metadata = object.metadata;
  const annotations = isMap(metadata) ? metadata.annotations : undefined;
  const value = isMap(annotations) ? annotations[name] : undefined;
  return typeof value === "string" ? value : "";
}

/** The value at a place within an object. */
export function at(
  object: PropertyValue | undefined,
  ...path: string[]
): PropertyValue | undefined {
  return path.reduce<PropertyValue | undefined>(
    (inner, key) => (isMap(inner) ? inner[key] : undefined),
    object,
  );
}

/** A Secret's `stringData` as `data`, once all of it is known; the rest as it is. */
export function withData(inputs: PropertyMap): PropertyMap {
  const { stringData, ...rest } = inputs;
  if (
    stringData === undefined ||
    containsUnknown(stringData) ||
    containsUnknown(rest.data ?? null)
  ) {
    return { ...inputs };
  }
  const encode = (value: PropertyValue): PropertyValue => {
    const encoded = Buffer.from(textOf(revealAll(value))).toString("base64");
    return isSecret(value) ? secret(encoded) : encoded;
  };
  const given = reveal(stringData);
  const existing = reveal(rest.data);
  const data: PropertyMap = {
    ...(isMap(existing) ? existing : {}),
    ...mapValues(isMap(given) ? given : {}, encode),
  };
  const whole = isSecret(stringData) || isSecret(rest.data);
  return { ...rest, data: whole ? secret(revealAll(data)) : data };
}

/** Metadata with a namespace where it names none and one is given, and without an empty map of annotations. */
export function completed(
  metadata: PropertyMap,
  namespace: string,
): PropertyMap {
  const { annotations, ...rest } = metadata;
  const kept =
    annotations === undefined || equal(annotations, {}) ? {} : { annotations };
  const added =
    metadata.namespace === undefined && namespace !== "" ? { namespace } : {};
  return { ...rest, ...kept, ...added };
}
