import { parseDate } from "../pki/validity";
import type { GenerationEvidence, LedgerEvidence } from "./evidence";
import { GenerationState } from "./generation";
import type { LiveCertificates } from "./liveCertificates";
import {
  formatChains,
  issuedBy,
  lastExpiry,
  unexpired,
} from "./liveCertificates";
import { formatMoment } from "./refusal";
import { activeFrom } from "./trustSoak";

/** Where a CA stands, and what its next pull request is. */
export interface NextStep {
  /** Such as `2026a active, 2027a staged`. */
  readonly stands: string;
  /** What to do, in words for people. */
  readonly step: string;
  /** From when on it is allowed, UTC; left out where it is allowed now. */
  readonly from?: Date;
  /** The states to write, by id; those that stay are left out. A new id is a new generation. */
  readonly change: Readonly<Record<string, string>>;
}

const { Staged, Active, Retiring, Retired, Compromised } = GenerationState;

/**
 * The next legal step of a CA: the one that can be taken first. Where no
 * rotation is under way, it is to stage a new generation.
 *
 * @param minimumTrustSoak in milliseconds
 * @param live what was issued below this CA; `undefined` where it is not known
 * @param now UTC
 *
 * @example
 * ```ts
 * nextStep(evidence, [], DEFAULT_TRUST_SOAK.serverRoot, now);
 * // { stands: "2026a active, 2027a staged", step: "make 2027a active and 2026a retiring",
 * //   from: 2026-11-28T…, change: { "2026a": "retiring", "2027a": "active" } }
 * ```
 */
export function nextStep(
  evidence: LedgerEvidence,
  live: readonly LiveCertificates[] | undefined,
  minimumTrustSoak: number,
  now: Date,
): NextStep {
  const { generations } = evidence;
  const stands = Object.keys(generations)
    .sort()
    .map((id) => `${id} ${String(generations[id]?.state)}`)
    .join(", ");
  const possible = [
    ...(live === undefined
      ? []
      : retirements(generations, unexpired(live, now))),
    ...activations(generations, minimumTrustSoak),
  ];
  const [first] = possible.sort(
    (one, other) => (one.from?.getTime() ?? 0) - (other.from?.getTime() ?? 0),
  );
  const [unknown] = live === undefined ? undatedRetirements(generations) : [];
  const { from, ...step } = first ?? unknown ?? staging(evidence, now);
  return {
    stands,
    ...step,
    ...(from !== undefined && from > now && { from }),
  };
}

type Step = Omit<NextStep, "stands">;

function entries(
  generations: LedgerEvidence["generations"],
  ...states: readonly string[]
): [string, GenerationEvidence][] {
  return Object.entries(generations)
    .filter(([, { state }]) => states.includes(state))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Where nobody says what is live: those who hold the certificates refuse a step that comes too early. */
function undatedRetirements(
  generations: LedgerEvidence["generations"],
): Step[] {
  return entries(generations, Compromised, Retiring).map(([id]) => ({
    step: `make ${id} retired, once everything that it signed has expired or is replaced (I4)`,
    change: { [id]: Retired },
  }));
}

/** Compromised ones first: the sort that follows keeps the order of equals. */
function retirements(
  generations: LedgerEvidence["generations"],
  live: readonly LiveCertificates[],
): Step[] {
  return [
    ...entries(generations, Compromised),
    ...entries(generations, Retiring),
  ].map(([id, { state, subjectKeyIdentifier }]) => {
    const left = issuedBy(live, subjectKeyIdentifier);
    const end = parseDate(lastExpiry(left));
    const waiting =
      left.length === 0
        ? "nothing that it signed is valid any more"
        : formatChains(left);
    return {
      step: `make ${id} retired: ${waiting}${state === Compromised && left.length > 0 ? "; replace them now, and acknowledge I4 once they are" : ""}`,
      ...(end !== undefined && { from: new Date(end.getTime() + 1000) }),
      change: { [id]: Retired },
    };
  });
}

function activations(
  generations: LedgerEvidence["generations"],
  minimumTrustSoak: number,
): Step[] {
  const [active] = entries(generations, Active);
  return entries(generations, Staged).map(([id, { firstPublished }]) => {
    const from = activeFrom(firstPublished, minimumTrustSoak);
    return {
      step: `make ${id} active${active === undefined ? "" : ` and ${active[0]} retiring`}: it was published on ${firstPublished}`,
      ...(from !== undefined && { from }),
      change: {
        ...(active !== undefined && { [active[0]]: Retiring }),
        [id]: Active,
      },
    };
  });
}

function staging({ generations, tombstones }: LedgerEvidence, now: Date): Step {
  const id = newGenerationId(
    [...Object.keys(generations), ...Object.keys(tombstones)],
    now,
  );
  const [active] = entries(generations, Active);
  return {
    step: `nothing is under way; a rotation begins with a staged generation, such as ${id}${active === undefined ? "" : `, in good time before ${active[0]} ends on ${active[1].notAfter}`}`,
    change: { [id]: Staged },
  };
}

/** An id that was never used: the year and a letter, `2027a`. */
export function newGenerationId(used: readonly string[], now: Date): string {
  const year = now.getUTCFullYear();
  for (const letter of "abcdefghijklmnopqrstuvwxyz") {
    if (!used.includes(`${year}${letter}`)) {
      return `${year}${letter}`;
    }
  }
  return `${year}-${used.length + 1}`;
}

/** The step, and `not before` its date where it has to wait. */
export function formatNextStep({
  step,
  from,
}: Pick<NextStep, "step" | "from">): string {
  return from === undefined
    ? step
    : `${step}; not before ${formatMoment(from.getTime())}`;
}
