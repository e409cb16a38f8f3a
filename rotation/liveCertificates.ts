import { quote } from "../pki/problem";
import { parseDate } from "../pki/validity";
import { isTrusted } from "./generation";
import type { Refusal } from "./refusal";
import { counted, fewOf } from "./refusal";

/**
 * Certificates that one resource has issued and nobody has revoked: how many,
 * and how long the last one is valid. Replaced ones count until they expire,
 * since nothing says that whoever holds them has the new ones.
 */
export interface LiveCertificates {
  /** The resource, such as `sensors` or `broker`. */
  readonly name: string;
  readonly count: number;
  /** Subject key identifiers of all CAs above, the issuer first. Lowercase hex. */
  readonly issuers: readonly string[];
  /** UTC, such as `2027-05-04T00:00:00Z`. */
  readonly expiresLast: string;
  /** For a CA: its own subject key identifier. */
  readonly subjectKeyIdentifier?: string;
}

/** A generation of a CA, as those below it see it. */
export interface KnownGeneration {
  /** The CA, such as `server-root`. */
  readonly authority: string;
  readonly id: string;
  /** One of `GenerationState`. */
  readonly state: string;
  readonly subjectKeyIdentifier: string;
}

/** Why a generation must stay in a bundle. */
export interface LostTrust extends Refusal {
  /** The CA whose generation it is; left out where nothing is known of it. */
  readonly authority?: string;
}

/** Those that are still valid; an end that cannot be read counts as one that has not come. */
export function unexpired(
  live: readonly LiveCertificates[],
  now: Date,
): LiveCertificates[] {
  return live.filter(
    ({ count, expiresLast }) =>
      count > 0 && (parseDate(expiresLast) ?? now) >= now,
  );
}

/** Those that a key has signed, itself or by way of CAs below it. */
export function issuedBy(
  live: readonly LiveCertificates[],
  subjectKeyIdentifier: string,
): LiveCertificates[] {
  return live.filter(({ issuers }) => issuers.includes(subjectKeyIdentifier));
}

/** The latest end of validity among them, UTC; `undefined` where there are none. */
export function lastExpiry(
  live: readonly LiveCertificates[],
): string | undefined {
  return live
    .map(({ expiresLast }) => expiresLast)
    .sort()
    .at(-1);
}

/** `sensors (1000, until 2027-05-04T00:00:00Z), broker (1, until …)`: the last to expire first. */
export function formatLive(live: readonly LiveCertificates[]): string {
  return fewOf(
    [...live]
      .sort((one, other) => (one.expiresLast > other.expiresLast ? -1 : 1))
      .map(
        ({ name, count, expiresLast }) =>
          `${name} (${count}, until ${expiresLast})`,
      ),
  );
}

/** How many certificates they are. */
export function countLive(live: readonly LiveCertificates[]): number {
  return live.reduce((sum, { count }) => sum + count, 0);
}

/** `1001 certificates chain to it: sensors (1000, until …), broker (1, until …)`. */
export function formatChains(live: readonly LiveCertificates[]): string {
  const count = countLive(live);
  return `${counted(count, "certificate")} ${count === 1 ? "chains" : "chain"} to it: ${formatLive(live)}`;
}

/**
 * Adds what was issued now to what is live already: one entry for each
 * resource and chain of issuers, expired ones left out. What an output keeps,
 * whatever the number of devices.
 */
export function addLive(
  live: readonly LiveCertificates[],
  issued: LiveCertificates,
  now: Date,
): LiveCertificates[] {
  const merged = new Map<string, LiveCertificates>();
  for (const entry of unexpired([...live, issued], now)) {
    const key = JSON.stringify([entry.name, entry.issuers]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? entry
        : {
            ...entry,
            count: known.count + entry.count,
            expiresLast: lastExpiry([known, entry]) ?? entry.expiresLast,
          },
    );
  }
  return [...merged.values()];
}

/**
 * Whether a trust bundle still holds every generation that live certificates
 * chain to (I4). Called by those that hold the certificates, with the
 * generations of all CAs above them as the update would leave them.
 *
 * @param now UTC
 *
 * @example
 * ```ts
 * checkStillTrusted(
 *   [{ name: "broker", count: 1, issuers: [ski], expiresLast: "2027-05-04T00:00:00Z" }],
 *   [{ authority: "server-root", id: "2026a", state: "retired", subjectKeyIdentifier: ski }],
 *   new Date("2027-01-01"),
 * )[0]?.rule; // "I4"
 * ```
 */
export function checkStillTrusted(
  live: readonly LiveCertificates[],
  generations: readonly KnownGeneration[],
  now: Date,
): LostTrust[] {
  const valid = unexpired(live, now);
  const trusted = new Set(
    generations
      .filter(({ state }) => isTrusted(state))
      .map(({ subjectKeyIdentifier }) => subjectKeyIdentifier),
  );
  const lost = new Set(
    valid.flatMap(({ issuers }) => issuers.filter((ski) => !trusted.has(ski))),
  );
  return [...lost].map((ski): LostTrust => {
    const victims = issuedBy(valid, ski);
    const end = lastExpiry(victims) ?? "";
    const known = generations.find(
      ({ subjectKeyIdentifier }) => subjectKeyIdentifier === ski,
    );
    const from = parseDate(end);
    return {
      rule: "I4",
      ...(known !== undefined && { authority: known.authority }),
      path: known === undefined ? "issuer" : `generations.${known.id}.state`,
      message: `${known === undefined ? `the generation with the key ${ski}` : `${quote(known.id)} of ${known.authority}`} would leave the trust bundle, and ${formatChains(victims)} (I4); all who hold one would be cut off. Write retiring until ${end} has passed, or acknowledge I4 once they are known to be replaced.`,
      // The last second of the validity is part of it (RFC 5280 §4.1.2.5).
      ...(from !== undefined && {
        allowedFrom: new Date(from.getTime() + 1000),
      }),
    };
  });
}
