import { quote } from "../../pki/problem";
import type { Subject } from "../../pki/subject";
import { checkSubject, readSubject } from "../../pki/subject";
import { x509 } from "../../pki/webcrypto";
import type { LedgerEvidence } from "../../rotation/evidence";
import { GenerationState } from "../../rotation/generation";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import type { NextStep } from "../../rotation/nextStep";
import { newGenerationId, nextStep } from "../../rotation/nextStep";
import { UsageError } from "../options";
import type { AuthorityState } from "./state";

/** The id of a CA's generation until the code names one; see components/namedGenerations.ts. */
export const FIRST_GENERATION = "1";

/** What a pull request writes into a CA's `generations`. */
export interface Change {
  /** States of generations that the code has already, by id. */
  readonly states: Readonly<Record<string, string>>;
  /** New entries, by id. */
  readonly added: Readonly<Record<string, AddedGeneration>>;
}

/** A new entry of `generations`. */
export interface AddedGeneration {
  readonly state: string;
  /** Left out for the key that the CA has had from the beginning: it has the CA's own. */
  readonly subject?: Subject;
}

/** What the user says of names. */
export interface Naming {
  /** Id of the new generation. */
  readonly id?: string;
  /** Id of the generation that the code has not named yet. */
  readonly name?: string;
  /** Common name of the new generation. */
  readonly commonName?: string;
}

/**
 * The next step of a CA, as {@link nextStep} has it. Where the code has named
 * no generation yet, the first one takes the first id of its year, and what is
 * staged beside it another one.
 */
export function plannedStep(
  evidence: LedgerEvidence,
  live: readonly LiveCertificates[],
  minimumTrustSoak: number,
  now: Date,
): NextStep {
  const next = nextStep(evidence, live, minimumTrustSoak, now);
  const { generations } = evidence;
  const [id] = Object.keys(next.change).filter(
    (other) => generations[other] === undefined,
  );
  if (id === undefined || !isUnnamed(evidence)) {
    return next;
  }
  const fresh = freshId(evidence, {}, firstName(evidence, {}, now), now);
  return {
    ...next,
    step: next.step.replace(id, fresh),
    change: { [fresh]: GenerationState.Staged },
  };
}

/** Whether the code has named no generation of a CA, as far as the last update tells. */
export function isUnnamed({
  generations,
}: Pick<LedgerEvidence, "generations">): boolean {
  return Object.keys(generations).join() === FIRST_GENERATION;
}

/**
 * The change that makes a step.
 *
 * @param named whether the code has `generations` for this CA already
 * @param subject of the CA in the code; left out where it is not known, and its certificate says it
 * @throws UsageError for a name that is none, or was used
 */
export function planChange(
  authority: AuthorityState,
  { change }: NextStep,
  named: boolean,
  naming: Naming,
  now: Date,
  subject: Subject = subjectOf(authority),
): Change {
  const { evidence } = authority;
  const first = named ? undefined : firstName(evidence, naming, now);
  const added: Record<string, AddedGeneration> = {};
  const states: Record<string, string> = {};
  if (first !== undefined) {
    added[first] = { state: GenerationState.Active };
  }
  for (const [id, state] of Object.entries(change)) {
    if (evidence.generations[id] === undefined) {
      const fresh = freshId(evidence, naming, first, now);
      added[fresh] = {
        state,
        subject: subjectFor(fresh, evidence, subject, naming),
      };
    } else {
      states[id] = state;
    }
  }
  if (naming.id !== undefined && added[naming.id] === undefined) {
    throw new UsageError(
      `--id ${quote(naming.id)} names a new generation, and the next step stages none.`,
    );
  }
  return { states, added };
}

/** The subject of a CA as its certificate has it: of the generation that signs, else of any. */
export function subjectOf({
  evidence,
  certificates,
}: Pick<AuthorityState, "evidence" | "certificates">): Subject {
  const active = Object.keys(evidence.generations).find(
    (id) => evidence.generations[id]?.state === GenerationState.Active,
  );
  const pem = certificates[active ?? ""] ?? Object.values(certificates)[0];
  return pem === undefined
    ? { commonName: "" }
    : readSubject(new x509.X509Certificate(pem).subjectName);
}

function firstName(
  { generations }: LedgerEvidence,
  { name }: Naming,
  now: Date,
): string {
  if (name !== undefined) {
    return checkedId("--name", name, []);
  }
  const { firstPublished = "" } = generations[FIRST_GENERATION] ?? {};
  const year = /^\d{4}/.exec(firstPublished)?.[0] ?? now.getUTCFullYear();
  return `${year}a`;
}

function freshId(
  { generations, tombstones }: LedgerEvidence,
  { id }: Naming,
  first: string | undefined,
  now: Date,
): string {
  const used = [
    ...Object.keys(generations),
    ...Object.keys(tombstones),
    ...(first === undefined ? [] : [first]),
  ];
  return id === undefined
    ? newGenerationId(used, now)
    : checkedId("--id", id, used);
}

function checkedId(
  option: string,
  id: string,
  used: readonly string[],
): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(id)) {
    throw new UsageError(
      `${option} ${quote(id)} is no id; write 1 to 32 of A-Z a-z 0-9 . _ -, a letter or digit first, such as 2027a.`,
    );
  }
  if (used.includes(id)) {
    throw new UsageError(
      `${option} ${quote(id)} is or was a generation of this CA (${used.join(", ")}), and an id is used once (I9); write another one.`,
    );
  }
  return id;
}

/** Distinct for each generation (I6): the CA's with the generation's id behind it. */
function subjectFor(
  id: string,
  { generations, tombstones }: LedgerEvidence,
  subject: Subject,
  { commonName }: Naming,
): Subject {
  // A CA whose name ends with a generation's id already is not to end with two.
  const known = [...Object.keys(generations), ...Object.keys(tombstones)]
    .filter((other) => other !== FIRST_GENERATION)
    .find((other) => subject.commonName.endsWith(` ${other}`));
  const base =
    known === undefined
      ? subject.commonName
      : subject.commonName.slice(0, -known.length - 1);
  const result = { ...subject, commonName: commonName ?? `${base} ${id}` };
  const [problem] = checkSubject(result);
  if (problem !== undefined) {
    throw new UsageError(
      `the new generation's ${problem.path} ${problem.message} Give one with --common-name.`,
    );
  }
  return result;
}
