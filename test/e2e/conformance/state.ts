import { z } from "zod";
import { decrypt } from "./secrets";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
// Times, and where in the program a resource was registered.
const INCIDENTAL = ["created", "modified", "sourcePosition", "stackTrace"];

const resourceSchema = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().default(""),
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z
    .record(z.string(), z.array(z.string()).nullable())
    .nullish(),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

const fileSchema = z.object({
  version: z.literal(3),
  checkpoint: z.object({
    stack: z.string(),
    latest: z
      .object({
        resources: z.array(resourceSchema).nullish(),
        pending_operations: z
          .array(z.object({ type: z.string(), resource: resourceSchema }))
          .nullish(),
      })
      .nullish(),
  }),
});

type Resource = z.infer<typeof resourceSchema>;

/** A state file with its secrets opened and without what two runs of one engine would differ in. */
export interface Normalised {
  resources: Resource[];
  pending: { type: string; resource: Resource }[];
}

/** Reads a state file; no file is an empty state. */
export function normalise(text: string | undefined): Normalised {
  if (text === undefined) {
    return { resources: [], pending: [] };
  }
  const { stack, latest } = fileSchema.parse(JSON.parse(text)).checkpoint;
  const open = (resource: Resource): Resource =>
    normaliseOne(resource, stack.split("/").at(-1) ?? "");
  const byIdentity = (left: Resource, right: Resource): number =>
    `${left.urn} ${left.id}`.localeCompare(`${right.urn} ${right.id}`);
  return {
    resources: (latest?.resources ?? []).map(open).sort(byIdentity),
    pending: (latest?.pending_operations ?? [])
      .map(({ type, resource }) => ({ type, resource: open(resource) }))
      .sort((left, right) => byIdentity(left.resource, right.resource)),
  };
}

/** The outputs of the stack, secrets as `{secret: …}`. */
export function stackOutputs({ resources }: Normalised): object {
  return (
    resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {}
  );
}

/** The names of the resources, but for the stack and default providers; `a (old)` waits to be deleted. */
export function namesOf({ resources }: Normalised): string[] {
  return resources
    .filter(({ urn, type }) => isOwn(urn, type))
    .map(({ urn, ...rest }) =>
      rest.delete === true ? `${nameOf(urn)} (old)` : nameOf(urn),
    )
    .sort();
}

/** Whether a resource is one the program names, and not the stack or a default provider. */
export function isOwn(urn: string, type: string): boolean {
  return (
    type !== "pulumi:pulumi:Stack" &&
    !(type.startsWith("pulumi:providers:") && /::default(_|$)/.test(urn))
  );
}

export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

function normaliseOne(resource: Resource, stack: string): Resource {
  const { dependencies, propertyDependencies, ...rest } = resource;
  const kept = Object.entries(rest).filter(
    ([key, value]) => !INCIDENTAL.includes(key) && !isEmpty(value),
  );
  const properties = Object.entries(propertyDependencies ?? {})
    .map(([key, urns]): [string, string[]] => [key, [...(urns ?? [])].sort()])
    .filter(([, urns]) => urns.length > 0);
  const whole = {
    ...Object.fromEntries(kept),
    dependencies: [...(dependencies ?? [])].sort(),
    propertyDependencies: Object.fromEntries(properties),
  };
  return resourceSchema.parse(openSecrets(whole, stack));
}

/** Whether a member says nothing: engines differ in which of those they write. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

const secretSchema = z.object({
  [SIGNATURE]: z.literal(SECRET),
  ciphertext: z.string(),
});

function openSecrets(value: unknown, stack: string): unknown {
  const open = (inner: unknown): unknown => openSecrets(inner, stack);
  const sealed = secretSchema.safeParse(value);
  if (sealed.success) {
    return { secret: open(JSON.parse(decrypt(stack, sealed.data.ciphertext))) };
  }
  if (typeof value === "string") {
    return value.replace(UUID, "(id)");
  }
  if (Array.isArray(value)) {
    return value.map(open);
  }
  return value !== null && typeof value === "object"
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, open(inner)]),
      )
    : value;
}
