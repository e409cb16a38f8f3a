import type { LedgerEvidence } from "./evidence";
import { GenerationState, activeGeneration } from "./generation";
import type { LiveCertificates } from "./liveCertificates";
import { issuedBy, unexpired } from "./liveCertificates";
import { counted } from "./refusal";

/** One thing to do after a key became known to others, in the order of the list. */
export interface Replacement {
  /** The resource, or the generation of the CA itself. */
  readonly name: string;
  /** How many certificates; 0 where it is a step of the CA itself. */
  readonly count: number;
  /** What to do, in words for people. */
  readonly step: string;
}

/**
 * What has to be replaced after the key of a generation became known to
 * others, and in which order: a successor first, then everything the key
 * signed from the CAs down to the leaves, and at last the trust in it. Until
 * then it stays trusted, since without it everything it signed would be cut
 * off at once.
 *
 * @param authority name of the CA
 * @param id of the compromised generation
 * @param live everything that was issued below the CA
 * @param now UTC
 */
export function replacements(
  authority: string,
  id: string,
  { generations }: Pick<LedgerEvidence, "generations">,
  live: readonly LiveCertificates[],
  now: Date,
): Replacement[] {
  const generation = generations[id];
  if (generation === undefined) {
    return [];
  }
  const victims = issuedBy(
    unexpired(live, now),
    generation.subjectKeyIdentifier,
  ).sort(topDown);
  return [
    ...successor(authority, id, generations),
    ...victims.map(({ name, count, expiresLast, subjectKeyIdentifier }) => ({
      name,
      count,
      step:
        subjectKeyIdentifier === undefined
          ? `reissue ${counted(count, "certificate")} of ${name} and bring them out (valid until ${expiresLast})`
          : `reissue the CA ${name}, whose key stays as it is`,
    })),
    {
      name: `${authority} ${id}`,
      count: 0,
      step: `make ${id} of ${authority} retired once all of these are out, and bring the bundle out: until then whoever has the key can issue certificates that are trusted`,
    },
  ];
}

/** A CA before what hangs from it; among equals the larger number first, since it takes longest. */
function topDown(one: LiveCertificates, other: LiveCertificates): number {
  const isLeaf = (live: LiveCertificates) =>
    live.subjectKeyIdentifier === undefined ? 1 : 0;
  return (
    isLeaf(one) - isLeaf(other) ||
    one.issuers.length - other.issuers.length ||
    other.count - one.count ||
    (one.name < other.name ? -1 : 1)
  );
}

function successor(
  authority: string,
  id: string,
  generations: LedgerEvidence["generations"],
): Replacement[] {
  const active = activeGeneration(generations);
  if (active !== undefined && active !== id) {
    return [];
  }
  const candidate = [GenerationState.Staged, GenerationState.Retiring]
    .flatMap((state) =>
      Object.keys(generations).filter(
        (other) => other !== id && generations[other]?.state === state,
      ),
    )
    .at(0);
  return [
    {
      name: authority,
      count: 0,
      step:
        candidate === undefined
          ? `stage a successor of ${id} in ${authority} and bring its bundle out; then make it active and ${id} compromised`
          : `make ${candidate} of ${authority} active and ${id} compromised in one update`,
    },
  ];
}
