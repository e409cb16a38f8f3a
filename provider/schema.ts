import { z } from "zod";
import type { Problem } from "../pki/problem";
import { InputError } from "../pki/problem";
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
  organizations: texts,
  organizationalUnit: z.string().exactOptional(),
  organizationalUnits: texts,
  emailAddress: z.string().exactOptional(),
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

/** Days or dates; which of them is checked with the rest of the order. */
export const validityFields = {
  validityDays: z.number().exactOptional(),
  validity: z
    .strictObject({
      notBefore: z.string().exactOptional(),
      notAfter: z.string(),
    })
    .exactOptional(),
};

export const extensions = z.strictObject({
  keyUsage: texts,
  extendedKeyUsage: texts,
  crlDistributionPoints: texts,
  ocspUrls: texts,
  issuerUrls: texts,
  policies: z
    .array(
      z.strictObject({
        oid: z.string(),
        practiceStatementUrl: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
  custom: z
    .array(
      z.strictObject({
        oid: z.string(),
        critical: z.boolean().exactOptional(),
        valueBase64: z.string(),
      }),
    )
    .exactOptional(),
});

export const acknowledgements = z.array(
  z.strictObject({
    rule: z.string(),
    reason: z.string(),
    until: z.string(),
    authority: z.string().exactOptional(),
  }),
);

/** All generations in a trust bundle, or in several. */
const generations = z.array(
  z.strictObject({
    authority: z.string(),
    id: z.string(),
    state: z.string(),
    // A preview that makes or renews a generation does not know it yet.
    certificatePem: z.string().exactOptional(),
  }),
);

/** How far a CA's bundle has got, as the code says; see `BundlePublication`. */
export const trust = {
  generations,
  acknowledge: acknowledgements.exactOptional(),
  /** One of `AuthorityKind`. */
  kind: z.string().exactOptional(),
  minimumTrustSoakDays: z.number().exactOptional(),
  confirmedBundle: z.string().exactOptional(),
};

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
        ...validityFields,
        pathLength: z.number().exactOptional(),
        nameConstraints: nameConstraints.exactOptional(),
      }),
    )
    .exactOptional(),
  /** All generations in the trust bundles above. */
  generations: generations.exactOptional(),
  acknowledge: acknowledgements.exactOptional(),
  /** How an RSA key signs. */
  signatureScheme: z.string().exactOptional(),
  /** Rules for the subjects below, by attribute. */
  signingPolicy: z.record(z.string(), z.string()).exactOptional(),
});

export type SignerInputs = z.infer<typeof signer>;

/** Inputs that have been read: their value, what is wrong, and what a preview cannot know. */
export interface Parsed<T> {
  /** `undefined` where something is wrong, or something required is not known yet. */
  readonly value: T | undefined;
  /**
   * As `value`, but with something of the right type in the place of what is
   * required and not known yet, so that all the rest can be checked. What a
   * check then says of such a place must be dropped: see {@link knownProblems}.
   */
  readonly draft: T | undefined;
  readonly problems: readonly Problem[];
  readonly unknown: readonly string[];
}

/** Reads properties from the wire by their schema. */
export function parse<T>(
  schema: z.ZodType<T>,
  properties: Properties,
): Parsed<T> {
  const { value, unknown } = unwrap(properties);
  const members = withoutInternal(value);
  const result = schema.safeParse(members);
  if (result.success) {
    return { value: result.data, draft: result.data, problems: [], unknown };
  }
  const draft = structuredClone(members);
  fillUnknown(schema, draft, unknown);
  const filled = schema.safeParse(draft);
  return {
    value: undefined,
    draft: filled.success ? filled.data : undefined,
    problems: knownProblems(
      unknown,
      filled.success ? [] : filled.error.issues.flatMap(toProblems),
    ),
    unknown,
  };
}

/**
 * Reads properties of which everything required must be there: in a create, an
 * update or a function, and outputs of ours.
 *
 * @throws InputError with all that is wrong
 */
export function required<T>(schema: z.ZodType<T>, properties: Properties): T {
  const { value, problems } = parse(schema, properties);
  if (value === undefined) {
    throw new InputError(problems);
  }
  return value;
}

/** The problems that are not about something a preview cannot know. */
export function knownProblems(
  unknown: readonly string[],
  problems: readonly Problem[],
): Problem[] {
  return problems.filter(({ path }) => !isUnknown(unknown, path));
}

const PLACEHOLDERS: Readonly<Record<string, () => unknown>> = {
  string: () => "unknown.invalid",
  number: () => 1,
  boolean: () => true,
  array: () => [],
  object: () => ({}),
  record: () => ({}),
};

/** Puts placeholders where the schema wants something that is not known yet; an object's members come in the next round. */
function fillUnknown(
  schema: z.ZodType,
  draft: Record<string, unknown>,
  unknown: readonly string[],
): void {
  for (let round = 0; round < 5; round += 1) {
    const result = schema.safeParse(draft);
    const missing = (result.error?.issues ?? []).filter(
      (issue) =>
        issue.code === "invalid_type" && isUnknown(unknown, pathOf(issue)),
    );
    for (const issue of missing) {
      const placeholder =
        issue.code === "invalid_type"
          ? PLACEHOLDERS[issue.expected]
          : undefined;
      if (placeholder !== undefined) {
        place(draft, issue.path, placeholder());
      }
    }
    if (missing.length === 0) {
      return;
    }
  }
}

function place(
  target: Record<PropertyKey, unknown>,
  path: readonly PropertyKey[],
  value: unknown,
): void {
  const [first, ...rest] = path;
  if (first === undefined) {
    return;
  }
  const next = target[first];
  if (rest.length === 0) {
    target[first] = value;
  } else if (typeof next === "object" && next !== null) {
    place(next as Record<PropertyKey, unknown>, rest, value);
  }
}

function withoutInternal(value: Properties): Record<string, unknown> {
  // The engine puts members of its own among the inputs, all of them with two underscores.
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !name.startsWith("__")),
  );
}

function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : text === ""
          ? String(part)
          : `${text}.${String(part)}`,
    "",
  );
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = pathOf(issue);
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
