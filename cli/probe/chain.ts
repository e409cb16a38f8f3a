import { readAuthorityKeyIdentifier } from "../../pki/authority";
import { verifyChain } from "../../pki/chain";
import { splitCertificates } from "../../pki/pem";
import { formatProblem } from "../../pki/problem";
import { formatDate } from "../../pki/validity";
import { x509 } from "../../pki/webcrypto";
import { certificateFacts } from "../../rotation/evidence";
import { AuthorityKind } from "../../rotation/trustSoak";
import type { LeafState } from "../rotation/state";
import type { Known, KnownGeneration } from "./known";
import { chainAbove, generationOf, generationOfKey } from "./known";

/** A generation in a chain. */
export type Rung = Pick<KnownGeneration, "authority" | "id" | "state">;

/** Whether a chain verifies with one anchor or with a bundle of them. */
export interface Verdict {
  readonly authority: string;
  /** Left out for the bundle that is published now. */
  readonly id?: string;
  readonly verifies: boolean;
  /** Why not. */
  readonly problem?: string;
}

/** How a leaf stands to the one in the stack's state. */
export const Standing = {
  /** The same certificate under the same chain. */
  Current: "current",
  /** The same certificate, under the chain of before. */
  OldChain: "oldChain",
  Older: "older",
  /** The state that was read is not the last one. */
  Newer: "newer",
  /** The state has none for this key or subject. */
  Unknown: "unknown",
} as const;

/** A chain, and what the state says to it. */
export interface ChainReport {
  readonly subject: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly fingerprintSha256: string;
  /** How many certificates there are. */
  readonly length: number;
  /** The CAs above the leaf that the ledgers know, nearest first. */
  readonly chainsTo: readonly Rung[];
  readonly anchors: readonly Verdict[];
  readonly bundles: readonly Verdict[];
  /** One of {@link Standing}. */
  readonly standing: string;
  /** The certificate of the state, where there is one for this key or subject. */
  readonly expected?: {
    readonly name: string;
    readonly notBefore: string;
    readonly fingerprintSha256: string;
  };
}

/**
 * Holds a chain against the state.
 *
 * @param chainPem leaf first
 * @throws whatever reading a certificate throws
 */
export function reportChain(
  chainPem: string,
  known: Known,
  now: Date,
): ChainReport {
  const chain = splitCertificates(chainPem);
  const leaf = chain[0] ?? "";
  const expected = expectedLeaf(leaf, known.state.leaves);
  const rungs = rungsOf(chain, known);
  const roots = rootsFor(rungs, known);
  return {
    ...datesOf(leaf),
    length: chain.length,
    chainsTo: rungs.map(({ authority, id, state }) => ({
      authority,
      id,
      state,
    })),
    anchors: known.generations
      .filter(({ authority }) => roots.includes(authority))
      .flatMap(({ authority, id, certificatePem }) =>
        certificatePem === undefined
          ? []
          : [{ authority, id, ...verdictOf(chain, certificatePem, now) }],
      ),
    bundles: known.bundles
      .filter(({ authority }) => roots.includes(authority))
      .map(({ authority, pem }) => ({
        authority,
        ...verdictOf(chain, pem, now),
      })),
    standing: standingOf(chain, expected, known),
    ...(expected !== undefined && {
      expected: {
        name: expected.name,
        notBefore: datesOf(expected.certificatePem).notBefore,
        fingerprintSha256: certificateFacts(expected.certificatePem)
          .fingerprintSha256,
      },
    }),
  };
}

/** Subject, dates and fingerprint of a certificate. */
export function datesOf(
  certificatePem: string,
): Pick<
  ChainReport,
  "subject" | "notBefore" | "notAfter" | "fingerprintSha256"
> {
  const { subject, notAfter, fingerprintSha256 } =
    certificateFacts(certificatePem);
  const { notBefore } = new x509.X509Certificate(certificatePem);
  return {
    subject,
    notBefore: formatDate(notBefore),
    notAfter,
    fingerprintSha256,
  };
}

/** The CAs of a chain, and the one above its end, which is not sent as a rule. */
export function rungsOf(
  chain: readonly string[],
  known: Known,
): KnownGeneration[] {
  const last = chain.at(-1);
  const found = [
    ...chain.slice(1).map((pem) => generationOf(known, pem)),
    last === undefined
      ? undefined
      : generationOfKey(known, readAuthorityKeyIdentifier(last)),
  ].filter((rung) => rung !== undefined);
  return [...new Set(found)];
}

/** The roots a chain may verify with: its own, or those of brokers where it has none. */
function rootsFor(
  rungs: readonly KnownGeneration[],
  { bundles }: Known,
): string[] {
  const own = bundles.filter(({ authority }) =>
    rungs.some((rung) => rung.authority === authority),
  );
  return (
    own.length > 0
      ? own
      : bundles.filter(({ kind }) => kind === AuthorityKind.ServerRoot)
  ).map(({ authority }) => authority);
}

/** A client needs no more of a chain than what leads to an anchor; a link certificate at its end may lead to another. */
export function verdictOf(
  chain: readonly string[],
  anchorsPem: string,
  now: Date,
): Pick<Verdict, "verifies" | "problem"> {
  const attempts = chain.map((_pem, index) =>
    verifyChain(chain.slice(0, index + 1).join(""), anchorsPem, now, {
      strict: false,
    }),
  );
  if (attempts.some((problems) => problems.length === 0)) {
    return { verifies: true };
  }
  // The path that came furthest says more than one that found no anchor.
  const found = attempts.find((problems) =>
    problems.every(({ path }) => path !== "chain"),
  );
  return {
    verifies: false,
    problem: (found ?? attempts.at(-1) ?? []).map(formatProblem).join(" "),
  };
}

function expectedLeaf(
  leaf: string,
  leaves: readonly LeafState[],
): LeafState | undefined {
  const facts = certificateFacts(leaf);
  const candidates = leaves.map((one) => ({
    one,
    facts: certificateFacts(one.certificatePem),
  }));
  const found = (
    ["fingerprintSha256", "subjectKeyIdentifier", "subject"] as const
  ).map((name) =>
    candidates.find((candidate) => candidate.facts[name] === facts[name]),
  );
  return found.find((candidate) => candidate !== undefined)?.one;
}

function standingOf(
  chain: readonly string[],
  expected: LeafState | undefined,
  known: Known,
): string {
  const [leaf = "", ...above] = chain;
  if (expected === undefined) {
    return Standing.Unknown;
  }
  const is = datesOf(leaf);
  const should = datesOf(expected.certificatePem);
  if (is.fingerprintSha256 !== should.fingerprintSha256) {
    return is.notBefore > should.notBefore ? Standing.Newer : Standing.Older;
  }
  const wanted = chainAbove(
    known,
    readAuthorityKeyIdentifier(expected.certificatePem),
  ).map(fingerprint);
  const sent = above.map(fingerprint);
  const isWanted = wanted.every((print, index) => sent[index] === print);
  // A root at the end does no harm, and neither does a link certificate, which has the root's key.
  const rest = above.slice(wanted.length);
  return isWanted && rest.every((pem) => isRoot(generationOf(known, pem)))
    ? Standing.Current
    : Standing.OldChain;
}

function isRoot(generation: KnownGeneration | undefined): boolean {
  return (
    generation !== undefined && generation.kind !== AuthorityKind.Intermediate
  );
}

function fingerprint(pem: string): string {
  return certificateFacts(pem).fingerprintSha256;
}
