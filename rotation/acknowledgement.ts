import { below, quote } from "../pki/problem";
import type { Problem } from "../pki/problem";
import type { Refusal, Rule } from "./refusal";
import { RULES } from "./refusal";

const DAY = 86_400_000;

/** How far away the end of an acknowledgement may be, in days. */
export const LONGEST_ACKNOWLEDGEMENT = 90;

/** A refusal that the code takes upon itself, for a while. */
export interface Acknowledgement {
  /** Such as `I4`; one that can be acknowledged. */
  readonly rule: string;
  /** For those who review, and for every preview until it ends. */
  readonly reason: string;
  /** The last day on which it holds, UTC, such as `2027-01-31`; at most {@link LONGEST_ACKNOWLEDGEMENT} days away. */
  readonly until: string;
  /** The CA that it stands on, where several CAs' stand in one list. */
  readonly authority?: string;
}

/** Why a rule cannot be acknowledged, and what there is in its place. */
const FIRM: Readonly<Record<Exclude<Rule, "I3" | "I4" | "I8">, string>> = {
  I1: "with none or two active nobody could say who signs; make exactly one active",
  I2: "several updates, one after the other, come to the same end",
  I5: "the certificate would fail with its issuer anyway; set truncate: true",
  I6: "it keeps the records straight; choose another subject or key",
  I7: "it keeps the records straight; have the certificate issued again",
  I9: "it keeps the records straight; keep the entry, or choose another id",
  I10: "a new generation does the same without cutting anyone off",
  I11: "a new generation may have another subject",
  I12: "what does not verify here verifies nowhere",
  I13: "the option protect: false on the CA allows it",
};

function isFirm(rule: string): rule is keyof typeof FIRM {
  return Object.hasOwn(FIRM, rule);
}

/** Whether a rule can be acknowledged at all. */
export function canBeAcknowledged(rule: string): boolean {
  return (RULES as readonly string[]).includes(rule) && !isFirm(rule);
}

/** The day alone: what stands without quotes in a stack's configuration comes as `2027-01-31 00:00:00 +0000 UTC`. */
function dayOf({ until }: Acknowledgement): string {
  return until.replace(/ 00:00:00 \+0000 UTC$/, "");
}

/** The end of the last day on which it holds; `undefined` where `until` is no date. */
function endOf(acknowledgement: Acknowledgement): Date | undefined {
  const text = dayOf(acknowledgement);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    return undefined;
  }
  const day = new Date(`${text}T00:00:00.000Z`);
  // JavaScript makes the 2nd of March of a 30th of February.
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text
    ? undefined
    : new Date(day.getTime() + DAY);
}

/**
 * Every mistake in a list of acknowledgements; empty where it is good. One
 * that has ended is no mistake: it has no effect any more.
 *
 * @param now UTC
 *
 * @example
 * ```ts
 * checkAcknowledgements([{ rule: "I9", reason: "…", until: "2027-01-31" }], now)[0]?.message;
 * // '"I9" cannot be acknowledged: …'
 * ```
 */
export function checkAcknowledgements(
  acknowledgements: readonly Acknowledgement[],
  now: Date,
): Problem[] {
  return acknowledgements.flatMap((acknowledgement, index) =>
    below(
      `acknowledge[${index}]`,
      [
        checkRule(acknowledgement.rule),
        checkReason(acknowledgement.reason),
        checkUntil(acknowledgement, now),
      ].flat(),
    ),
  );
}

function checkRule(rule: string): Problem[] {
  if (canBeAcknowledged(rule)) {
    return [];
  }
  const possible = RULES.filter(canBeAcknowledged).join(", ");
  return [
    {
      path: "rule",
      message: isFirm(rule)
        ? `${quote(rule)} cannot be acknowledged: ${FIRM[rule]}. Only ${possible} can.`
        : `${quote(rule)} is no rule that can be acknowledged; write one of ${possible}.`,
    },
  ];
}

function checkReason(reason: string): Problem[] {
  return reason.trim() === ""
    ? [
        {
          path: "reason",
          message:
            "is empty; say why the refusal does no harm here, for those who review it.",
        },
      ]
    : [];
}

function checkUntil(acknowledgement: Acknowledgement, now: Date): Problem[] {
  const end = endOf(acknowledgement);
  const latest = new Date(now.getTime() + LONGEST_ACKNOWLEDGEMENT * DAY);
  const written = quote(acknowledgement.until);
  if (end === undefined) {
    return [
      {
        path: "until",
        message: `${written} is no day; write UTC such as "${latest.toISOString().slice(0, 10)}".`,
      },
    ];
  }
  return end.getTime() - DAY > latest.getTime()
    ? [
        {
          path: "until",
          message: `${written} is more than ${LONGEST_ACKNOWLEDGEMENT} days away; write ${latest.toISOString().slice(0, 10)} at most.`,
        },
      ]
    : [];
}

/** What acknowledgements make of a list of refusals. */
export interface AcknowledgedRefusals {
  /** What stays refused. */
  readonly refused: readonly Refusal[];
  /** What is allowed for a while, for every preview to print. */
  readonly acknowledged: readonly {
    readonly refusal: Refusal;
    readonly acknowledgement: Acknowledgement;
  }[];
}

/** Those that hold today: without a mistake, and not ended. */
export function activeAcknowledgements(
  acknowledgements: readonly Acknowledgement[],
  now: Date,
): Acknowledgement[] {
  return acknowledgements.filter((acknowledgement) => {
    const end = endOf(acknowledgement);
    return (
      checkAcknowledgements([acknowledgement], now).length === 0 &&
      end !== undefined &&
      now < end
    );
  });
}

/**
 * Takes the acknowledged refusals out of a list. An acknowledgement that has
 * ended takes none out, and the refusal says so.
 *
 * @param now UTC
 */
export function applyAcknowledgements(
  refusals: readonly Refusal[],
  acknowledgements: readonly Acknowledgement[],
  now: Date,
): AcknowledgedRefusals {
  const active = activeAcknowledgements(acknowledgements, now);
  const refused: Refusal[] = [];
  const acknowledged: AcknowledgedRefusals["acknowledged"][number][] = [];
  for (const refusal of refusals) {
    const matches = ({ rule }: Acknowledgement) => rule === refusal.rule;
    const acknowledgement = active.find(matches);
    const ended = acknowledgements.find(
      (other) => matches(other) && (endOf(other) ?? now) <= now,
    );
    if (acknowledgement !== undefined) {
      acknowledged.push({ refusal, acknowledgement });
    } else if (ended !== undefined) {
      refused.push({
        ...refusal,
        message: `${refusal.message} The acknowledgement of ${ended.rule} ended on ${dayOf(ended)}.`,
      });
    } else {
      refused.push(refusal);
    }
  }
  return { refused, acknowledged };
}

/** `I4 is acknowledged until 2027-01-31: all brokers were restarted`. */
export function formatAcknowledgement(
  acknowledgement: Acknowledgement,
): string {
  const { rule, reason } = acknowledgement;
  return `${rule} is acknowledged until ${dayOf(acknowledgement)}: ${reason.trim()}`;
}
