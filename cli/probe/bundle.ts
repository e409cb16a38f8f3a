import { splitCertificates } from "../../pki/pem";
import { isTrusted } from "../../rotation/generation";
import { datesOf } from "./chain";
import type { Known, KnownGeneration } from "./known";
import { generationOf, sha256 } from "./known";

/** A trust bundle at some place, and what the state says to it. */
export interface BundleReport {
  /** The key it stands under, `ca.crt` or `ca-bundle.pem`. */
  readonly entry: string;
  readonly sha256: string;
  /** What the annotation says it is. */
  readonly annotatedSha256?: string;
  /** The root it is of; left out where no generation of any is in it. */
  readonly authority?: string;
  /** Whether it is the bundle of the last update, to the byte. */
  readonly published: boolean;
  /** The generations it holds. */
  readonly generations: readonly Pick<KnownGeneration, "id" | "state">[];
  /** Generations that are trusted by the state and missing here. */
  readonly missing: readonly string[];
  /** Subjects of certificates that are of no generation of that root. */
  readonly others: readonly string[];
}

/** Holds a bundle's text against the ledgers. */
export function reportBundle(
  entry: string,
  pem: string,
  annotatedSha256: string | undefined,
  known: Known,
): BundleReport {
  const digest = sha256(pem);
  const blocks = splitCertificates(pem);
  const found = blocks.map((block) => ({
    block,
    generation: generationOf(known, block),
  }));
  const authority =
    known.bundles.find((bundle) => bundle.sha256 === digest)?.authority ??
    mostFrequent(
      found.flatMap(({ generation }) =>
        generation === undefined ? [] : [generation.authority],
      ),
    );
  const own = found.flatMap(({ generation }) =>
    authority !== undefined && generation?.authority === authority
      ? [generation]
      : [],
  );
  return {
    entry,
    sha256: digest,
    ...(annotatedSha256 !== undefined && { annotatedSha256 }),
    ...(authority !== undefined && { authority }),
    published: known.bundles.some((bundle) => bundle.sha256 === digest),
    generations: own.map(({ id, state }) => ({ id, state })),
    missing: known.generations
      .filter(
        (generation) =>
          generation.authority === authority &&
          isTrusted(generation.state) &&
          !own.includes(generation),
      )
      .map(({ id }) => id),
    others: found
      .filter(
        ({ generation }) =>
          generation === undefined || generation.authority !== authority,
      )
      .map(({ block }) => datesOf(block).subject),
  };
}

function mostFrequent(names: readonly string[]): string | undefined {
  const count = (name: string): number =>
    names.filter((other) => other === name).length;
  return [...new Set(names)].sort((one, other) => count(other) - count(one))[0];
}
