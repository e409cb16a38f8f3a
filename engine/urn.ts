const PREFIX = "urn:pulumi:";
const STACK_TYPE = "pulumi:pulumi:Stack";

/** The parts of a URN. */
export interface UrnParts {
  stack: string;
  project: string;
  qualifiedType: string;
  type: string;
  name: string;
}

/** Takes a URN apart; undefined if it is not one. Names may contain `::`. */
export function parseUrn(urn: string): UrnParts | undefined {
  if (!urn.startsWith(PREFIX)) {
    return undefined;
  }
  const [stack, project, qualifiedType, ...rest] = urn
    .slice(PREFIX.length)
    .split("::");
  if (
    stack === undefined ||
    project === undefined ||
    qualifiedType === undefined ||
    rest.length === 0
  ) {
    return undefined;
  }
  return {
    stack,
    project,
    qualifiedType,
    type: qualifiedType.split("$").at(-1) ?? "",
    name: rest.join("::"),
  };
}

/** The name in a URN, or the text itself if it is none. */
export function urnName(urn: string): string {
  return parseUrn(urn)?.name ?? urn;
}

/** The type in a URN, without its parents' types. */
export function urnType(urn: string): string {
  return parseUrn(urn)?.type ?? "";
}

/** Builds a URN. The stack itself is not part of its children's qualified types. */
export function makeUrn(
  stack: string,
  project: string,
  parent: string,
  type: string,
  name: string,
): string {
  const parentType =
    parent === "" ? "" : (parseUrn(parent)?.qualifiedType ?? "");
  const qualified =
    parentType === "" || parentType === STACK_TYPE
      ? type
      : `${parentType}$${type}`;
  return `${PREFIX}${stack}::${project}::${qualified}::${name}`;
}

/** Whether the type is that of the stack itself. */
export function isStackType(type: string): boolean {
  return type === STACK_TYPE;
}

const PROVIDER_PREFIX = "pulumi:providers:";

/** The package a provider resource serves, or undefined if the type is no provider. */
export function providerPackage(type: string): string | undefined {
  return type.startsWith(PROVIDER_PREFIX)
    ? type.slice(PROVIDER_PREFIX.length)
    : undefined;
}

/** The type of a package's provider resources. */
export function providerType(packageName: string): string {
  return PROVIDER_PREFIX + packageName;
}

/** The package in a type or function token. */
export function packageOf(token: string): string {
  return token.split(":", 1)[0] ?? "";
}

/** Takes a provider reference, `urn::id`, apart. */
export function parseProviderReference(
  reference: string,
): { urn: string; id: string } | undefined {
  const at = reference.lastIndexOf("::");
  const urn = reference.slice(0, at);
  return at < 0 || parseUrn(urn) === undefined
    ? undefined
    : { urn, id: reference.slice(at + 2) };
}

/** Whether a resource is a provider nobody asked for by name. */
export function isDefaultProvider(type: string, name: string): boolean {
  return providerPackage(type) !== undefined && /^default(_|$)/.test(name);
}
