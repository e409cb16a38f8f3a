import type { Problem } from "../pki/problem";
import { joinCertificates } from "../pki/pem";
import { quote } from "../pki/problem";

/** Where a generation of a CA stands. The code says it. */
export const GenerationState = {
  /** Key and certificate exist and are trusted; it signs nothing yet. */
  Staged: "staged",
  /** It signs. Exactly one generation of a CA is active. */
  Active: "active",
  /** Trusted still, signs nothing any more. */
  Retiring: "retiring",
  /** Out of the trust bundle. */
  Retired: "retired",
  /** Its key is known to others: trusted only until its successor is out. */
  Compromised: "compromised",
} as const;

const STATES: readonly string[] = Object.values(GenerationState);

/** One key of a CA over the years. */
export interface Generation {
  /** One of {@link GenerationState}. */
  readonly state: string;
  readonly certificatePem: string;
}

/** Every mistake in a CA's list of generations; empty where it is good. */
export function checkGenerations(
  generations: Readonly<Record<string, Pick<Generation, "state">>>,
): Problem[] {
  const problems: Problem[] = [];
  for (const [id, { state }] of Object.entries(generations)) {
    if (!STATES.includes(state)) {
      problems.push({
        path: `generations.${id}.state`,
        message: `${quote(state)} is no state of a generation; write one of ${STATES.join(", ")}.`,
      });
    }
  }
  const ids = Object.keys(generations);
  const [first, ...others] = ids.filter(
    (id) => generations[id]?.state === GenerationState.Active,
  );
  if (first === undefined) {
    problems.push({
      path:
        ids[0] === undefined ? "generations" : `generations.${ids[0]}.state`,
      message: "no generation is active, and exactly one must be (I1).",
    });
  }
  for (const id of others) {
    problems.push({
      path: `generations.${id}.state`,
      message: `${quote(id)} is active beside ${quote(first)}, and exactly one generation must be (I1).`,
    });
  }
  return problems;
}

/**
 * The trust bundle of a root CA: the certificates of all generations that are
 * to be trusted, in the order of their ids, so that equal code makes equal
 * bytes.
 */
export function trustBundle(
  generations: Readonly<Record<string, Generation>>,
): string {
  return joinCertificates(
    ...Object.entries(generations)
      .filter(([, { state }]) => state !== GenerationState.Retired)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { certificatePem }]) => certificatePem),
  );
}
