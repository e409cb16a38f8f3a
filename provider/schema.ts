import { z } from "zod";
import type { Problem } from "../pki/problem";
import type { Properties } from "./wire";
import { isUnknown, unwrap } from "./wire";

/** A list of texts that may be left out. */
export const texts = z.array(z.string()).readonly().exactOptional();

/** The parts of inputs that several resources share. */
export const subjectFields = {
  country: z.string().exactOptional(),
  province: z.string().exactOptional(),
  locality: z.string().exactOptional(),
  organization: z.string().exactOptional(),
  organizationalUnit: z.string().exactOptional(),
  serialNumber: z.string().exactOptional(),
};

export const subject = z.strictObject({
  ...subjectFields,
  commonName: z.string(),
});

export const keySpec = z.strictObject({
  algorithm: z.string(),
  ecdsaCurve: z.string().exactOptional(),
  rsaBits: z.number().exactOptional(),
});

export const renewal = z.strictObject({
  beforeDays: z.number().exactOptional(),
});

export const nameConstraints = z.strictObject({
  permittedDnsNames: texts,
  excludedDnsNames: texts,
  permittedIpRanges: texts,
  excludedIpRanges: texts,
  critical: z.boolean().exactOptional(),
});

/** A CA as the resource that signs with it sees it. */
export const signer = z.strictObject({
  /** PEM, secret. */
  privateKeyPem: z.string().exactOptional(),
  /** Absent for a certificate that signs itself. */
  certificatePem: z.string().exactOptional(),
  /** The CA up to, not including, the root; empty for a root. */
  chainPem: z.string().exactOptional(),
  trustAnchorsPem: z.string().exactOptional(),
  /** What is known of the CA and those above it before they exist; nearest first. */
  authorities: z
    .array(
      z.strictObject({
        subject,
        validityDays: z.number(),
        pathLength: z.number().exactOptional(),
        nameConstraints: nameConstraints.exactOptional(),
      }),
    )
    .exactOptional(),
});

export type SignerInputs = z.infer<typeof signer>;

/** Inputs that have been read: their value, what is wrong, and what a preview cannot know. */
export interface Parsed<T> {
  /** `undefined` where something is wrong, or so much unknown that nothing can be said. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
  readonly unknown: readonly string[];
}

/** Reads properties from the wire by their schema. */
export function parse<T>(
  schema: z.ZodType<T>,
  properties: Properties,
): Parsed<T> {
  const { value, unknown } = unwrap(properties);
  const result = schema.safeParse(withoutInternal(value));
  if (result.success) {
    return { value: result.data, problems: [], unknown };
  }
  const problems = result.error.issues
    .flatMap(toProblems)
    .filter(({ path }) => !isUnknown(unknown, path));
  return { value: undefined, problems, unknown };
}

function withoutInternal(value: Properties): Properties {
  // The engine puts members of its own among the inputs, all of them with two underscores.
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !name.startsWith("__")),
  );
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : text === ""
          ? String(part)
          : `${text}.${String(part)}`,
    "",
  );
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: path === "" ? key : `${path}.${key}`,
      message: "is no known argument; see the documentation for the names.",
    }));
  }
  if (issue.code === "invalid_type") {
    return [{ path, message: `must be a ${issue.expected} and is not.` }];
  }
  return [{ path, message: issue.message }];
}
