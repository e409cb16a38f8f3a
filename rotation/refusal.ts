import type { Problem } from "../pki/problem";
import { formatDate } from "../pki/validity";

/** The rules of a rotation, by number. */
export const RULES = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I9",
  "I10",
  "I11",
  "I12",
  "I13",
] as const;

/** One of {@link RULES}. */
export type Rule = (typeof RULES)[number];

/** A change that a rule forbids: what would break, for whom, until when, and what is allowed today. */
export interface Refusal extends Problem {
  readonly rule: Rule;
  /** From when on the same change is allowed, UTC; left out where waiting does not help. */
  readonly allowedFrom?: Date;
}

/** `2 certificates`, `1 certificate`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A few names of many: `a, b, c and 4 more`. */
export function fewOf(names: readonly string[], limit = 5): string {
  return names.length <= limit
    ? names.join(", ")
    : `${names.slice(0, limit).join(", ")} and ${names.length - limit} more`;
}

/** A span of time for people: `7 days`, `10 minutes`. */
export function formatSpan(milliseconds: number): string {
  for (const [unit, length] of [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ] as const) {
    if (milliseconds >= length && milliseconds % length === 0) {
      return counted(milliseconds / length, unit);
    }
  }
  return counted(Math.ceil(milliseconds / 1000), "second");
}

/** The first whole second at or after a moment, the way outputs hold dates. */
export function formatMoment(milliseconds: number): string {
  return formatDate(new Date(Math.ceil(milliseconds / 1000) * 1000));
}
