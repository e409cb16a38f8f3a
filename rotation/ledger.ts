import type { GenerationAfter, LedgerEvidence } from "./evidence";
import { keyIdentifierOf } from "./evidence";
import { checkGenerations } from "./generation";
import { checkSubjectsAndKeys } from "./generationCertificates";
import type { Refusal } from "./refusal";
import type { Transition } from "./transition";
import { readTransition } from "./transition";
import type { TrustSoak } from "./trustSoak";
import { checkTrustSoak } from "./trustSoak";

/** What a CA's rules make of a change of its generations. */
export interface ChangeReading {
  /** The one step it is; left out where nothing moves or the step is none. */
  readonly transition?: Transition;
  /** Empty where the change is allowed as it is. */
  readonly refusals: readonly Refusal[];
}

/**
 * Reads a change of a CA's generations against what earlier updates did, and
 * says all that forbids it: I1, I2, I3, I6, I9, I10 and I11. Whether live
 * certificates lose their trust (I4) is for those who hold them:
 * `checkStillTrusted`.
 *
 * @param before what earlier updates did; left out for a CA that has no evidence
 * @param after as the code wants it
 * @param now UTC
 *
 * @example
 * ```ts
 * readChange(evidence, { "2026a": { state: "retiring", facts }, "2027a": { state: "active", facts: others } },
 *   { minimumTrustSoak: DEFAULT_TRUST_SOAK.serverRoot }, now).refusals;
 * // [{ rule: "I3", path: "generations.2027a.state", message: "was published on …", allowedFrom }]
 * ```
 */
export function readChange(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, GenerationAfter>>,
  soak: TrustSoak,
  now: Date,
): ChangeReading {
  const { transition, refusals } = readTransition(
    before,
    Object.fromEntries(
      Object.entries(after).map(([id, generation]) => {
        const subjectKeyIdentifier = keyIdentifierOf(generation);
        return [
          id,
          {
            state: generation.state,
            ...(subjectKeyIdentifier !== undefined && { subjectKeyIdentifier }),
          },
        ];
      }),
    ),
  );
  return {
    ...(transition !== undefined && { transition }),
    refusals: [
      ...checkGenerations(after),
      ...refusals,
      ...checkSubjectsAndKeys(before, after),
      ...(transition === undefined || before === undefined
        ? []
        : checkTrustSoak(transition, before, soak, now)),
    ],
  };
}
