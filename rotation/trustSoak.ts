import { parseDate } from "../pki/validity";
import type { LedgerEvidence } from "./evidence";
import { GenerationState } from "./generation";
import type { Refusal } from "./refusal";
import { formatMoment, formatSpan } from "./refusal";
import type { Transition } from "./transition";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** What verifies the certificates below a CA. */
export const AuthorityKind = {
  /** Devices trust it; their bundles come with firmware. */
  ServerRoot: "serverRoot",
  /** Brokers trust it; their bundle is a Secret or ConfigMap. */
  DeviceRoot: "deviceRoot",
  /** Comes with every chain, below a root that is trusted. */
  Intermediate: "intermediate",
} as const;

/** One of {@link AuthorityKind}. */
export type AuthorityKindName =
  (typeof AuthorityKind)[keyof typeof AuthorityKind];

/** How long a generation must have been published before it may sign, in milliseconds, where the code does not say it. */
export const DEFAULT_TRUST_SOAK: Readonly<Record<AuthorityKindName, number>> = {
  serverRoot: 7 * DAY,
  deviceRoot: 10 * MINUTE,
  intermediate: 0,
};

/** What allows a generation to sign. */
export interface TrustSoak {
  /** How long it must have been in the published bundle, in milliseconds; see {@link DEFAULT_TRUST_SOAK}. */
  readonly minimumTrustSoak: number;
  /** SHA-256 of the published bundle that is known to be everywhere, as the earlier update printed it. */
  readonly confirmedBundle?: string;
}

/**
 * The moment from which on a generation may become active, UTC; `undefined`
 * for one that no update has published.
 */
export function activeFrom(
  firstPublished: string | undefined,
  minimumTrustSoak: number,
): Date | undefined {
  const published = parseDate(firstPublished);
  return published && new Date(published.getTime() + minimumTrustSoak);
}

/**
 * Whether what verifies this CA's certificates has had the time to learn of
 * the generation that becomes active (I3). One that was active before has been
 * in the bundle all along, and needs no soak time to be so again.
 *
 * @param now UTC
 */
export function checkTrustSoak(
  { moves }: Transition,
  before: LedgerEvidence,
  { minimumTrustSoak, confirmedBundle }: TrustSoak,
  now: Date,
): Refusal[] {
  const promoted = moves.find(({ to }) => to === GenerationState.Active);
  if (promoted === undefined) {
    return [];
  }
  const { id, renamedFrom = id, from: state } = promoted;
  const { bundleSha256 } = before;
  const generation = before.generations[renamedFrom];
  if (generation?.activeSince !== undefined) {
    return [];
  }
  const published = generation?.firstPublished;
  const from = activeFrom(published, minimumTrustSoak);
  if ((from !== undefined && from <= now) || confirmedBundle === bundleSha256) {
    return [];
  }
  const wrong =
    confirmedBundle === undefined
      ? ""
      : ` confirmedBundle names another bundle than the published one (${bundleSha256});`;
  return [
    {
      rule: "I3",
      path: `generations.${id}.state`,
      message: `was published on ${String(published)}, and what does not have that bundle yet would refuse all that it signs (I3):${wrong} keep ${String(state)} until ${from === undefined ? "an update has published it" : formatMoment(from.getTime())} (${formatSpan(minimumTrustSoak)}), or confirm with confirmedBundle: "${bundleSha256}" that the bundle is everywhere.`,
      ...(from !== undefined && { allowedFrom: from }),
    },
  ];
}
