import {
  readAuthorityKeyIdentifier,
  readSubjectKeyIdentifier,
} from "../pki/authority";
import { splitCertificates } from "../pki/pem";
import { x509 } from "../pki/webcrypto";
import { certificateFacts } from "../rotation/evidence";
import type {
  KnownGeneration,
  LiveCertificates,
  LostTrust,
} from "../rotation/liveCertificates";
import { checkStillTrusted } from "../rotation/liveCertificates";
import { admit } from "./admission";
import { now } from "./clock";
import type { SignerInputs } from "./schema";

export { liveFields } from "./liveFields";

/**
 * The generations of the CAs above, by their keys. One whose certificate a
 * preview does not know yet is known by its key of before, or left out.
 */
export function knownGenerations(
  { generations = [] }: SignerInputs,
  before: readonly KnownGeneration[] = [],
): KnownGeneration[] {
  return generations.flatMap(({ authority, id, state, certificatePem }) => {
    const subjectKeyIdentifier =
      certificatePem === undefined
        ? before.find(
            (other) => other.authority === authority && other.id === id,
          )?.subjectKeyIdentifier
        : certificateFacts(certificatePem).subjectKeyIdentifier;
    return subjectKeyIdentifier === undefined
      ? []
      : [{ authority, id, state, subjectKeyIdentifier }];
  });
}

/** A CA certificate on the way up: its key, and what it calls itself and its issuer. */
interface Step {
  readonly key: string;
  readonly anchor: boolean;
  readonly issuerKeyIdentifier: string | undefined;
}

/** The CAs of a signer by what their certificates call them, which for a CA made elsewhere need not be the hash of its key. */
function stepsAbove({
  certificatePem = "",
  chainPem = "",
  trustAnchorsPem = "",
}: SignerInputs): Map<string, Step> {
  const steps = new Map<string, Step>();
  const read = (text: string, anchor: boolean): void => {
    for (const pem of splitCertificates(text)) {
      const { subjectKeyIdentifier: key } = certificateFacts(pem);
      const named = readSubjectKeyIdentifier(new x509.X509Certificate(pem));
      steps.set(named ?? key, {
        key,
        anchor,
        issuerKeyIdentifier: readAuthorityKeyIdentifier(pem),
      });
    }
  };
  read(certificatePem, false);
  read(chainPem, false);
  // Last, since a chain ends where it meets one of these.
  read(trustAnchorsPem, true);
  return steps;
}

/**
 * The keys above a certificate, the issuer's first: along the chain, up to a trust anchor.
 *
 * @param issuerKeyIdentifier what the certificate calls its issuer's key
 */
export function issuersOf(
  issuerKeyIdentifier: string | undefined,
  signer: SignerInputs,
): string[] {
  const above = stepsAbove(signer);
  const issuers: string[] = [];
  let next = issuerKeyIdentifier;
  while (next !== undefined) {
    const step = above.get(next);
    const key = step?.key ?? next;
    if (issuers.includes(key)) {
      break;
    }
    issuers.push(key);
    next =
      step === undefined || step.anchor ? undefined : step.issuerKeyIdentifier;
  }
  return issuers;
}

/**
 * What was issued, with the whole chain where a version that kept none has
 * written down the issuer only: that version knew one generation of each CA,
 * the one that is active, or that ceases to be in this very update.
 */
export function withWholeChains(
  live: readonly LiveCertificates[],
  generations: readonly KnownGeneration[],
): LiveCertificates[] {
  const authorities = [...new Set(generations.map((one) => one.authority))];
  const states = ["retiring", "compromised", "active"];
  return live.map((entry) => {
    const last = generations.find(
      (one) => one.subjectKeyIdentifier === entry.issuers.at(-1),
    );
    const above =
      last === undefined
        ? []
        : authorities.slice(authorities.indexOf(last.authority) + 1);
    return {
      ...entry,
      issuers: [
        ...entry.issuers,
        ...above.flatMap((authority) => {
          const own = generations.filter((one) => one.authority === authority);
          const first = states
            .map((state) => own.find((one) => one.state === state))
            .find((one) => one !== undefined);
          return first === undefined ? [] : [first.subjectKeyIdentifier];
        }),
      ],
    };
  });
}

/**
 * The keys above what a signer signs, as the code has them: of each CA the
 * active generation, the issuer first. For a preview, in which chains are not
 * known yet; `undefined` where even the keys are not.
 */
export function activeIssuers(
  signer: SignerInputs,
  before: readonly KnownGeneration[],
): string[] | undefined {
  const active = (signer.generations ?? []).filter(
    ({ state }) => state === "active",
  );
  const known = knownGenerations({ ...signer, generations: active }, before);
  return known.length > 0 && known.length === active.length
    ? known.map(({ subjectKeyIdentifier }) => subjectKeyIdentifier)
    : undefined;
}

/** A certificate of a CA is not shown to anybody but below a leaf, and each leaf counts with every chain it was ever given. */
function isLeaf({ subjectKeyIdentifier }: LiveCertificates): boolean {
  return subjectKeyIdentifier === undefined;
}

/**
 * What takes a CA away from above a certificate (I4). One that went from one
 * intermediate to another has lost nothing as long as its root stays. The
 * certificates of CAs do not count here: the old certificate of an
 * intermediate would else keep a retiring root in every bundle for years.
 */
function lostTrust(
  live: readonly LiveCertificates[],
  before: readonly KnownGeneration[],
  signer: SignerInputs,
): LostTrust[] {
  if (signer.generations === undefined) {
    return [];
  }
  const after = knownGenerations(signer, before);
  const incomplete = after.length < signer.generations.length;
  const counted = withWholeChains(live.filter(isLeaf), after).map((entry) => ({
    ...entry,
    issuers: entry.issuers.filter((ski, index) => {
      const known = [...after, ...before].find(
        ({ subjectKeyIdentifier }) => subjectKeyIdentifier === ski,
      );
      // One of which nothing is known may be the one whose certificate is still to come.
      return known === undefined
        ? index === entry.issuers.length - 1 && !incomplete
        : index === entry.issuers.length - 1 ||
            after.some(({ authority }) => authority === known.authority);
    }),
  }));
  // A generation that is retired has no certificate any more; its name is known from before.
  const generations = [
    ...after,
    ...before
      .filter(
        ({ subjectKeyIdentifier }) =>
          !after.some(
            (other) => other.subjectKeyIdentifier === subjectKeyIdentifier,
          ),
      )
      .map((generation) => ({ ...generation, state: "retired" })),
  ];
  return checkStillTrusted(counted, generations, now());
}

/**
 * Refuses, in a preview, a program in which certificates that may be in use
 * lose a CA above them (I4).
 *
 * @returns whether some do, which the code has acknowledged
 */
export async function refuseLostTrust(
  urn: string,
  live: readonly LiveCertificates[],
  before: readonly KnownGeneration[],
  signer: SignerInputs,
): Promise<boolean> {
  const lost = lostTrust(live, before, signer);
  const authorities = (signer.generations ?? []).map(
    ({ authority }) => authority,
  );
  await admit(urn, lost, signer.acknowledge, (refusal, { authority }) =>
    // The nearest CA stands first; an acknowledgement holds for its own CA and all below it.
    authority === undefined || refusal.authority === undefined
      ? true
      : authorities.lastIndexOf(authority) >=
        authorities.indexOf(refusal.authority),
  );
  return lost.length > 0;
}

/**
 * Those that still have all CAs above them. What {@link refuseLostTrust} let
 * go was acknowledged once, and is not asked about again when the
 * acknowledgement has ended.
 */
export function withoutLost(
  live: readonly LiveCertificates[],
  before: readonly KnownGeneration[],
  signer: SignerInputs,
): LiveCertificates[] {
  return live.filter(
    (entry) => lostTrust([entry], before, signer).length === 0,
  );
}
