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

/**
 * From one hour before now, since device clocks run late, to `days` days of
 * 24 hours after now. Whole seconds, UTC.
 */
export function validityFrom(now: Date, days: number): Validity {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return {
    notBefore: new Date(start - HOUR),
    notAfter: new Date(start + days * DAY),
  };
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
          message: `${days} days are more than a century; write 36500 at most.`,
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
  validityDays: number,
): Problem[] {
  const { beforeDays } = renewal;
  if (beforeDays === undefined) {
    return [];
  }
  return !Number.isInteger(beforeDays) ||
    beforeDays < 1 ||
    beforeDays >= validityDays
    ? [
        {
          path: "beforeDays",
          message: `${quote(beforeDays)} is no renewal point; write whole days, at least 1 and fewer than the validity of ${validityDays}.`,
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
