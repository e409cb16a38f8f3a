import { createHash } from "node:crypto";
import type { Problem } from "./problem";
import { quote } from "./problem";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The span in which a certificate is valid, both ends included (RFC 5280 §4.1.2.5). */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** "No well-defined expiration date" (RFC 5280 §4.1.2.5), as IEEE 802.1AR wants it for IDevIDs. */
export const NO_EXPIRATION = "99991231235959Z";

/** Dates in the place of a number of days. */
export interface ValidityDates {
  /** UTC, such as `2026-12-01T00:00:00Z` or `20261201000000Z`. Default: one hour before now. */
  readonly notBefore?: string;
  /** As {@link notBefore}; {@link NO_EXPIRATION} for no end. */
  readonly notAfter: string;
}

/** How long a certificate is asked to be valid: for a number of days, or until a date. */
export interface ValidityOrder {
  /** Days from now. */
  readonly validityDays?: number;
  /** Dates that stay until the code names others, in the place of `validityDays`. */
  readonly validity?: ValidityDates;
}

/**
 * The span an order asks for: days are of 24 hours, counted from now; the
 * beginning lies one hour before now, since device clocks run late. Whole
 * seconds, UTC. The order has been checked.
 */
export function validityFrom(now: Date, order: ValidityOrder): Validity {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return {
    notBefore: parseDate(order.validity?.notBefore) ?? new Date(start - HOUR),
    notAfter:
      parseDate(order.validity?.notAfter) ??
      new Date(start + (order.validityDays ?? 0) * DAY),
  };
}

const DATE =
  /^(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2}):?(\d{2})(?:(?:\.000)?Z| \+0000 UTC)$/;

/**
 * Reads a date of the forms `2026-12-01T00:00:00Z` and `20261201000000Z`, and
 * `2026-12-01 00:00:00 +0000 UTC`, which is what becomes of the first without
 * quotes in a stack's configuration; `undefined` for all else.
 */
export function parseDate(text: string | undefined): Date | undefined {
  const match = DATE.exec(text ?? "");
  if (match === null) {
    return undefined;
  }
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(iso);
  // JavaScript makes the 2nd of March of a 30th of February; UTCTime begins with 1950 and would take 1949 for 2049.
  return !Number.isNaN(date.getTime()) &&
    date.toISOString() === iso &&
    date.getUTCFullYear() >= 1950
    ? date
    : undefined;
}

/** Every mistake in the days or dates of an order; empty where they are good. */
export function checkValidity(order: ValidityOrder): Problem[] {
  const { validityDays, validity } = order;
  if (validity === undefined) {
    return checkValidityDays(validityDays);
  }
  const problems = checkDates(validity);
  if (validityDays !== undefined) {
    problems.push({
      path: "validityDays",
      message: `${quote(validityDays)} stands beside validity; write days or dates, not both.`,
    });
  }
  return problems;
}

function checkDates({ notBefore, notAfter }: ValidityDates): Problem[] {
  const problems: Problem[] = [];
  for (const [name, text] of Object.entries({ notBefore, notAfter })) {
    if (text !== undefined && parseDate(text) === undefined) {
      problems.push({
        path: `validity.${name}`,
        message: `${quote(text)} is no date; write UTC such as "2026-12-01T00:00:00Z"${name === "notAfter" ? `, or "${NO_EXPIRATION}" for no end` : ""}.`,
      });
    }
  }
  const [from, to] = [parseDate(notBefore), parseDate(notAfter)];
  if (from !== undefined && to !== undefined && from >= to) {
    problems.push({
      path: "validity.notAfter",
      message: `${quote(notAfter)} is not after notBefore, ${quote(notBefore)}; write a later date.`,
    });
  }
  return problems;
}

/** An end that lies in the past already; empty where there is time left, or days are counted. */
export function checkEnd({ validity }: ValidityOrder, now: Date): Problem[] {
  const end = parseDate(validity?.notAfter);
  return end === undefined || end > now
    ? []
    : [
        {
          path: "validity.notAfter",
          message: `${quote(validity?.notAfter)} is past; write a later date.`,
        },
      ];
}

/**
 * Whether a certificate ends as late as its order can make it end: one with a
 * date of its own does, unless it was cut at its issuer's end.
 */
export function isSettled(
  notAfter: Date,
  { validity }: ValidityOrder,
): boolean {
  const end = parseDate(validity?.notAfter);
  return end !== undefined && notAfter >= end;
}

/** Every mistake in a number of days; empty where it is good. */
export function checkValidityDays(days: unknown): Problem[] {
  const path = "validityDays";
  if (typeof days !== "number" || !Number.isInteger(days) || days < 1) {
    return [
      {
        path,
        message: `${quote(days)} is no validity; write a whole number of days, 1 at least.`,
      },
    ];
  }
  return days > 36_500
    ? [
        {
          path,
          message: `${days} days are more than a century; write 36500 at most, or a date as validity.notAfter.`,
        },
      ]
    : [];
}

/** How many whole days are left until `notAfter`. */
export function daysLeft(notAfter: Date, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / DAY);
}

/** When a certificate is to be renewed. */
export interface Renewal {
  /**
   * Days before the end of the validity. Default: a third of the validity,
   * and up to a twentieth more by a jitter made from the name.
   */
  readonly beforeDays?: number;
}

/** Every mistake in a renewal point; empty where it is good. */
export function checkRenewal(
  renewal: Renewal,
  { validityDays, validity }: ValidityOrder,
): Problem[] {
  const { beforeDays } = renewal;
  if (beforeDays === undefined) {
    return [];
  }
  if (validity !== undefined) {
    return [
      {
        path: "beforeDays",
        message: `${quote(beforeDays)} says nothing beside validity.notAfter: that date stays until the code names a later one; leave it out.`,
      },
    ];
  }
  return !Number.isInteger(beforeDays) ||
    beforeDays < 1 ||
    beforeDays >= (validityDays ?? Infinity)
    ? [
        {
          path: "beforeDays",
          message: `${quote(beforeDays)} is no renewal point; write whole days, at least 1 and fewer than the validity of ${String(validityDays)}.`,
        },
      ]
    : [];
}

/**
 * The moment from which on a certificate is due. Two certificates of the same
 * minute get different moments, and a name always the same one, so that a
 * fleet neither expires nor renews in one second.
 */
export function renewalPoint(
  name: string,
  validity: Validity,
  renewal: Renewal = {},
): Date {
  const end = validity.notAfter.getTime();
  if (renewal.beforeDays !== undefined) {
    return new Date(end - renewal.beforeDays * DAY);
  }
  const life = end - validity.notBefore.getTime();
  const fraction =
    createHash("sha256").update(name).digest().readUInt32BE(0) / 2 ** 32;
  const point = end - life / 3 - (life / 20) * fraction;
  return new Date(Math.floor(point / 1000) * 1000);
}

/**
 * Whether a renewal could move the end of a certificate at all: one that was
 * cut at its issuer's end cannot, until the issuer is renewed.
 */
export function canMove(notAfter: Date, issuerNotAfter?: Date): boolean {
  return issuerNotAfter === undefined || notAfter < issuerNotAfter;
}

/** Whether a certificate that waits for its issuer has waited long enough: only a sixth of its life is left. */
export function isInLastSixth(validity: Validity, now: Date): boolean {
  const end = validity.notAfter.getTime();
  const life = end - validity.notBefore.getTime();
  return now.getTime() > end - life / 6;
}

/** A date as it stands in outputs and files: `2026-11-20T21:46:40Z`. */
export function formatDate(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}
