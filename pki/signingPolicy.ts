import type { Problem } from "./problem";
import { quote } from "./problem";
import type { Subject } from "./subject";
import { SUBJECT_ATTRIBUTES, foldName, subjectValues } from "./subject";

/** What a CA asks of one attribute of the subjects it signs, as in the policy sections of OpenSSL's `ca`. */
export const PolicyRule = {
  /** Must be there, and be the CA's own. */
  Match: "match",
  /** Must be there. */
  Supplied: "supplied",
  /** May be there. */
  Optional: "optional",
} as const;

/**
 * A rule for each attribute that may stand in a subject, by its name in
 * `Subject`. OpenSSL drops attributes without a rule in silence; here they are
 * refused.
 */
export type SigningPolicy = Readonly<Record<string, string>>;

/** Every mistake in a policy itself; empty where it is good. */
export function checkSigningPolicy(policy: SigningPolicy): Problem[] {
  const rules: readonly string[] = Object.values(PolicyRule);
  return Object.entries(policy).flatMap(([attribute, rule]) => {
    if (!SUBJECT_ATTRIBUTES.includes(attribute)) {
      return [
        {
          path: attribute,
          message: `is no attribute of a subject; known are ${SUBJECT_ATTRIBUTES.join(", ")}.`,
        },
      ];
    }
    return rules.includes(rule)
      ? []
      : [
          {
            path: attribute,
            message: `${quote(rule)} is no rule; write "match", "supplied" or "optional".`,
          },
        ];
  });
}

/**
 * Every way in which a subject breaks the policy of the CA that is to sign it.
 *
 * @param issuer the CA's own subject, for `match`
 * @returns problems on the paths of the subject's attributes
 *
 * @example
 * ```ts
 * policyViolations({ commonName: "a" }, { organization: "My IoT Cloud", commonName: "CA" }, { organization: "match" });
 * // organization: is missing; …
 * ```
 */
export function policyViolations(
  subject: Subject,
  issuer: Subject,
  policy: SigningPolicy,
): Problem[] {
  return SUBJECT_ATTRIBUTES.flatMap((attribute) => {
    const rule = Object.hasOwn(policy, attribute)
      ? policy[attribute]
      : undefined;
    const values = subjectValues(subject, attribute);
    const message = violation(values, subjectValues(issuer, attribute), rule);
    return message === undefined ? [] : [{ path: attribute, message }];
  });
}

function violation(
  values: readonly string[],
  wanted: readonly string[],
  rule: string | undefined,
): string | undefined {
  const written = values.map(quote).join(", ");
  switch (rule) {
    case PolicyRule.Optional:
      return undefined;
    case PolicyRule.Supplied:
      return values.length > 0
        ? undefined
        : "is missing; the issuer's signing policy wants it supplied.";
    case PolicyRule.Match: {
      const own = wanted.map(quote).join(", ");
      const same =
        values.map(foldName).join("\n") === wanted.map(foldName).join("\n");
      if (wanted.length === 0) {
        return `cannot match: the issuer's signing policy wants the issuer's own value, and the issuer has none; change the policy.`;
      }
      return same
        ? undefined
        : `${values.length === 0 ? "is missing" : `${written} is not the issuer's`}; its signing policy wants ${own}.`;
    }
    default:
      return values.length === 0
        ? undefined
        : `${written} is not allowed: the issuer's signing policy has no rule for it; leave it out, or add it to the policy as "optional".`;
  }
}
