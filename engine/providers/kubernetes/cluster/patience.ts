import { failureKind } from "../../../../cluster/failure";
import { ApiError, NoAnswer } from "./apiError";

/** Answers of an API that is busy, starting or going down. */
const PASSING_CODES = [429, 502, 503, 504];

/** Failures of a connection that no waiting mends. */
const LASTING = ["credentials", "not-kubernetes", "certificate"];

/** How long somebody who starts from nothing waits for a server; it may as well be the wrong address. */
const FIRST_CONTACT = 10_000;

/** How long a server that did answer before is waited for: longer than it takes to start again. */
const RESTART = 120_000;

/** How often an error within the API is asked about again; a webhook that is gone stays gone. */
const INTERNAL_ERRORS = 5;

/** For how long after it was away the API may refuse what it allows, because it has not read its roles and kinds yet. */
const WARMING_UP = 15_000;

const [SHORTEST, LONGEST] = [200, 5000];

/** What is known of a server over all requests to it. */
export interface Contact {
  /** Whether it has answered before. */
  reached: boolean;
  /** When it was last seen to be away, in milliseconds; 0 for never. */
  away: number;
  /** Whether somebody waited for it as long as that goes, and it has not answered since. */
  givenUp: boolean;
}

/** Decides whether a request that failed is made again, and when. */
export class Patience {
  private attempts = 0;
  /** When this request failed first. */
  private since: number | undefined;

  constructor(private readonly contact: Contact) {}

  /** Milliseconds since the first failure. */
  get waited(): number {
    return this.since === undefined ? 0 : Date.now() - this.since;
  }

  /** Milliseconds until the next attempt; `undefined` to give up. */
  after(error: unknown): number | undefined {
    const now = Date.now();
    if (!this.isPassing(error, now)) {
      return undefined;
    }
    if (error instanceof NoAnswer) {
      this.contact.away = now;
    }
    this.since ??= now;
    this.attempts += 1;
    const limit = this.contact.reached ? RESTART : FIRST_CONTACT;
    const wait = this.wait(error);
    const isLate = this.waited + wait > limit;
    const isHopeless =
      error instanceof ApiError &&
      error.code === 500 &&
      this.attempts > INTERNAL_ERRORS;
    if (error instanceof NoAnswer && (isLate || this.contact.givenUp)) {
      // Those who come later need not wait as long again.
      this.contact.givenUp = true;
      return undefined;
    }
    return isLate || isHopeless ? undefined : wait;
  }

  private isPassing(error: unknown, now: number): boolean {
    if (error instanceof NoAnswer) {
      const kind = failureKind(error.cause);
      // A name that was known is so again.
      return (
        !LASTING.includes(kind) &&
        (kind !== "name-unknown" || this.contact.reached)
      );
    }
    if (!(error instanceof ApiError)) {
      return false;
    }
    const { code, isUnknownKind } = error;
    const isWarmingUp = now - this.contact.away < WARMING_UP;
    return (
      PASSING_CODES.includes(code) ||
      code === 500 ||
      (isWarmingUp && (code === 401 || code === 403 || isUnknownKind))
    );
  }

  private wait(error: unknown): number {
    const doubling = Math.min(LONGEST, SHORTEST * 2 ** (this.attempts - 1));
    const asked =
      error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    // Not all who wait come back at the same moment.
    return Math.max(asked, doubling * (0.75 + Math.random() / 2));
  }
}
