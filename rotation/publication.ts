import { formatDate } from "../pki/validity";
import { quote } from "../pki/problem";
import { GenerationState, isTrusted } from "./generation";
import type { KnownGeneration } from "./liveCertificates";
import type { Refusal } from "./refusal";
import { formatMoment, formatSpan } from "./refusal";
import type { TrustSoak } from "./trustSoak";
import { activeFrom } from "./trustSoak";

/** What a place that hands a trust bundle out has really held. Keys stand for generations, by their subject key identifiers. */
export interface Publication {
  /** Since when the place has held each key, UTC, such as `2026-11-20T21:46:40Z`. */
  readonly published: Readonly<Record<string, string>>;
  /** Keys that have signed while the place held them. */
  readonly haveSigned: readonly string[];
  /** SHA-256 over the bundle of the last update, lowercase hex. */
  readonly bundleSha256: string;
}

/**
 * What a place holds after an update has written it. A key that leaves the
 * bundle and comes back counts from its return.
 *
 * @param generations of the root, as the update has them
 * @param now when the place had been written, UTC; rounded up to the second
 */
export function recordPublication(
  before: Publication | undefined,
  generations: readonly KnownGeneration[],
  bundleSha256: string,
  now: Date,
): Publication {
  const today = formatDate(new Date(Math.ceil(now.getTime() / 1000) * 1000));
  const trusted = generations.filter(({ state }) => isTrusted(state));
  return {
    published: Object.fromEntries(
      trusted.map(({ subjectKeyIdentifier: key }) => [
        key,
        before?.published[key] ?? today,
      ]),
    ),
    haveSigned: trusted
      .filter(
        ({ state, subjectKeyIdentifier }) =>
          state === GenerationState.Active ||
          before?.haveSigned.includes(subjectKeyIdentifier) === true,
      )
      .map(({ subjectKeyIdentifier }) => subjectKeyIdentifier),
    bundleSha256,
  };
}

/**
 * Whether the generation that signs has been in the bundle of a place for long
 * enough (I3). A ledger is written before the objects that carry its bundle: an
 * update that ends between the two has published nothing, and only the place
 * knows.
 *
 * @param place for messages, such as `tb-mqtts in thingsboard`
 * @param before left out for a place that is new: nobody has an older bundle from there
 * @param now UTC
 *
 * @example
 * ```ts
 * checkPublication("mqtt-ca-bundle", { published: {}, haveSigned: [], bundleSha256 },
 *   [{ authority: "server-root", id: "2027a", state: "active", subjectKeyIdentifier: ski }],
 *   { minimumTrustSoak: DEFAULT_TRUST_SOAK.serverRoot }, now)[0]?.rule; // "I3"
 * ```
 */
export function checkPublication(
  place: string,
  before: Publication | undefined,
  generations: readonly KnownGeneration[],
  { minimumTrustSoak, confirmedBundle }: TrustSoak,
  now: Date,
): Refusal[] {
  if (before === undefined) {
    return [];
  }
  return generations.flatMap((generation): Refusal[] => {
    const { authority, id, state, subjectKeyIdentifier: key } = generation;
    const published = before.published[key];
    const from = activeFrom(published, minimumTrustSoak);
    const isKnown =
      published !== undefined && confirmedBundle === before.bundleSha256;
    if (
      state !== GenerationState.Active ||
      before.haveSigned.includes(key) ||
      isKnown ||
      (from !== undefined && from <= now)
    ) {
      return [];
    }
    const what = `${quote(id)} of ${authority}`;
    return [
      {
        rule: "I3",
        path: `generations.${id}.state`,
        message:
          from === undefined
            ? `${what} is not in the bundle that ${place} holds, since no update that published it came to its end; whoever has that bundle would refuse all that it signs (I3): write staged, run an update to its end, and wait ${formatSpan(minimumTrustSoak)} from there.`
            : `${what} has been in the bundle of ${place} since ${String(published)} only, and what does not have that bundle yet would refuse all that it signs (I3): keep staged until ${formatMoment(from.getTime())} (${formatSpan(minimumTrustSoak)}), or confirm with confirmedBundle: "${before.bundleSha256}" that the bundle is everywhere.`,
        ...(from !== undefined && { allowedFrom: from }),
      },
    ];
  });
}
