// The signatures of Pulumi's wire format, written down here once more: a test that imports the product's own would not
// notice a change there.
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What a preview sends for a value it cannot know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties as they go over the wire. */
export type Properties = Readonly<Record<string, unknown>>;

/** A value as the engine marks a secret. */
export function secret(value: unknown): Properties {
  return { [SIGNATURE]: SECRET, value };
}

/** A value as the engine sends an output, known or not. */
export function output(value?: unknown): Properties {
  return {
    [SIGNATURE]: OUTPUT_VALUE,
    ...(value !== undefined && { value }),
  };
}

/** Is this a value that the engine would encrypt in the state? */
export function isSecret(value: unknown): value is { value: unknown } {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** What the state would show: the properties with every secret taken out. */
export function withoutSecrets(value: unknown): unknown {
  if (isSecret(value)) {
    return "[secret]";
  }
  if (Array.isArray(value)) {
    return value.map(withoutSecrets);
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          withoutSecrets(member),
        ]),
      )
    : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
