import { joinCertificates } from "../pki/pem";
import { quote } from "../pki/problem";
import type { Refusal } from "./refusal";

/** Where a generation of a CA stands. The code says it. */
export const GenerationState = {
  /** Key and certificate exist and are trusted; it signs nothing yet. */
  Staged: "staged",
  /** It signs. Exactly one generation of a CA is active. */
  Active: "active",
  /** Trusted still, signs nothing but CRLs any more. */
  Retiring: "retiring",
  /** Out of the trust bundle; its key is destroyed. */
  Retired: "retired",
  /** Its key is known to others: trusted only until its successor is out. */
  Compromised: "compromised",
} as const;

const STATES: readonly string[] = Object.values(GenerationState);

/** One key of a CA over the years. */
export interface Generation {
  /** One of {@link GenerationState}. */
  readonly state: string;
  /** Left out where it is retired. */
  readonly certificatePem?: string;
  /** SubjectPublicKeyInfo in PEM, where it is known. */
  readonly publicKeyPem?: string;
}

/** Whether the trust bundle holds a generation of this state. */
export function isTrusted(state: string | undefined): boolean {
  return state !== undefined && state !== GenerationState.Retired;
}

/** The generation that signs, where there is one. */
export function activeGeneration(
  generations: Readonly<Record<string, Pick<Generation, "state">>>,
): string | undefined {
  return Object.keys(generations).find(
    (id) => generations[id]?.state === GenerationState.Active,
  );
}

/** Every mistake in a CA's list of generations (I1); empty where it is good. */
export function checkGenerations(
  generations: Readonly<Record<string, Pick<Generation, "state">>>,
): Refusal[] {
  const problems: Refusal[] = [];
  for (const [id, { state }] of Object.entries(generations)) {
    if (!STATES.includes(state)) {
      problems.push({
        rule: "I1",
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
      rule: "I1",
      path:
        ids[0] === undefined ? "generations" : `generations.${ids[0]}.state`,
      message: "no generation is active, and exactly one must be (I1).",
    });
  }
  for (const id of others) {
    problems.push({
      rule: "I1",
      path: `generations.${id}.state`,
      message: `${quote(id)} is active beside ${quote(first)}, and exactly one generation must be (I1).`,
    });
  }
  return problems;
}

/**
 * The trust bundle of a root CA: the certificates of all generations that are
 * to be trusted, in the order of their ids, so that equal code makes equal
 * bytes. A generation without a certificate adds nothing.
 */
export function trustBundle(
  generations: Readonly<Record<string, Generation>>,
): string {
  return joinCertificates(
    ...Object.entries(generations)
      .filter(([, { state }]) => isTrusted(state))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { certificatePem }]) => certificatePem ?? ""),
  );
}
