// The signatures of Pulumi's wire format (sdk/proto). They are part of the
// protocol; importing them from the SDK would load its whole runtime.
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties as they come from the engine and go back to it. */
export type Properties = Readonly<Record<string, unknown>>;

/** Properties without their wire format, and where something is not known yet. */
export interface Unwrapped {
  readonly value: Properties;
  /** Property paths whose value a preview cannot know. */
  readonly unknown: readonly string[];
}

/** Marks a value as secret, as the engine wants it on the way out. */
export function secret(value: unknown): Properties {
  return { [SIGNATURE]: SECRET, value };
}

/**
 * Takes secrets and outputs out of their wrapping. What is unknown is left
 * out; in an array `undefined` stands in its place, so that the other elements
 * keep theirs.
 */
export function unwrap(properties: Properties): Unwrapped {
  const unknown: string[] = [];
  const value = unwrapValue(properties, "", unknown);
  return { value: isObject(value) ? value : {}, unknown };
}

function unwrapValue(value: unknown, path: string, unknown: string[]): unknown {
  if (value === UNKNOWN) {
    unknown.push(path);
    return undefined;
  }
  if (Array.isArray(value)) {
    return value.map((element, index) =>
      unwrapValue(element, `${path}[${index}]`, unknown),
    );
  }
  if (!isObject(value)) {
    return value ?? undefined;
  }
  const signature = value[SIGNATURE];
  if (signature === SECRET) {
    return unwrapValue(value.value, path, unknown);
  }
  if (signature === OUTPUT_VALUE) {
    return unwrapValue("value" in value ? value.value : UNKNOWN, path, unknown);
  }
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const inner = unwrapValue(
      member,
      path === "" ? name : `${path}.${name}`,
      unknown,
    );
    if (inner !== undefined) {
      result[name] = inner;
    }
  }
  return result;
}

/**
 * Wraps again what came in as a secret: the engine keeps what a plugin answers
 * as it is, and would write it to the state in plain text.
 */
export function keepSecrets(
  outputs: Properties,
  inputs: Properties,
): Properties {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      holdsSecret(inputs[name]) && !isSecret(value) ? secret(value) : value,
    ]),
  );
}

function isSecret(value: unknown): boolean {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Is a value a secret, or is there one in it? */
export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.some(holdsSecret);
  }
  return (
    isObject(value) &&
    (value[SIGNATURE] === SECRET ||
      (value[SIGNATURE] === OUTPUT_VALUE && value.secret === true) ||
      Object.values(value).some(holdsSecret))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Is the value at this path, or one below it, not known yet? */
export function isUnknown(unknown: readonly string[], path: string): boolean {
  return unknown.some(
    (other) =>
      other === path ||
      other.startsWith(`${path}.`) ||
      other.startsWith(`${path}[`) ||
      path.startsWith(`${other}.`) ||
      path.startsWith(`${other}[`),
  );
}
