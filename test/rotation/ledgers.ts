import { formatDate } from "../../pki/validity";
import type {
  CertificateFacts,
  GenerationAfter,
  LedgerEvidence,
  Tombstone,
} from "../../rotation/evidence";
import { isTrusted } from "../../rotation/generation";

const DAY = 86_400_000;

/** When these tests take place. */
export const NOW = new Date("2027-01-01T00:00:00Z");

/** So many days after {@link NOW}; before it with a minus. */
export function inDays(days: number): Date {
  return new Date(NOW.getTime() + days * DAY);
}

/** As outputs have it. */
export function dateIn(days: number): string {
  return formatDate(inDays(days));
}

/** What a certificate would say that stands for a generation. */
export function facts(
  id: string,
  overrides: Partial<CertificateFacts> = {},
): CertificateFacts {
  return {
    fingerprintSha256: `fingerprint of ${id}`,
    subjectKeyIdentifier: `key of ${id}`,
    subject: `CN=Root CA ${id}`,
    notAfter: dateIn(3650),
    ...overrides,
  };
}

/** Generations in these states, as the code wants them. */
export function code(
  states: Readonly<Record<string, string>>,
): Record<string, GenerationAfter> {
  return Object.fromEntries(
    Object.entries(states).map(([id, state]) => [
      id,
      { state, ...(isTrusted(state) && { facts: facts(id) }) },
    ]),
  );
}

/**
 * What updates left behind that brought generations into these states, thirty
 * days ago: all but staged ones have been active.
 */
export function ledger(
  states: Readonly<Record<string, string>>,
  {
    published = -30,
    tombstones = {},
  }: {
    readonly published?: number;
    readonly tombstones?: Readonly<Record<string, Tombstone>>;
  } = {},
): LedgerEvidence {
  const retired = Object.entries(states)
    .filter(([, state]) => state === "retired")
    .map(([id]) => [id, { ...facts(id), retiredAt: dateIn(published) }]);
  return {
    generations: Object.fromEntries(
      Object.entries(states).map(([id, state]) => [
        id,
        {
          state,
          firstPublished: dateIn(published),
          ...(state !== "staged" && { activeSince: dateIn(published) }),
          ...facts(id),
        },
      ]),
    ),
    bundleSha256: "sha256 of the bundle",
    bundlePublished: dateIn(published),
    tombstones: {
      ...(Object.fromEntries(retired) as Record<string, Tombstone>),
      ...tombstones,
    },
  };
}
