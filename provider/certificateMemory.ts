import { readAuthorityKeyIdentifier } from "../pki/authority";
import type { IssuedCertificate } from "../pki/certificate";
import { PROFILES } from "../pki/profile";
import { formatDate } from "../pki/validity";
import type { LiveCertificates } from "../rotation/liveCertificates";
import { addLive } from "../rotation/liveCertificates";
import type {
  CertificateInputs,
  CertificateOutputs,
} from "./certificateInputs";
import { now } from "./clock";
import {
  activeIssuers,
  issuersOf,
  knownGenerations,
  withWholeChains,
  withoutLost,
} from "./liveCertificates";
import { nameOf } from "./resource";
import type { SignerInputs } from "./schema";
import { isUnknown } from "./wire";

/** What a certificate's outputs keep of all that was issued under its name. */
export type CertificateMemory = Pick<
  CertificateOutputs,
  "live" | "knownGenerations"
>;

/** What was issued and may be in use, whatever version wrote it down. */
export function liveOf(
  urn: string,
  old: CertificateOutputs,
  signer: SignerInputs,
): LiveCertificates[] {
  if (old.live !== undefined) {
    return old.live;
  }
  return old.profile === "root"
    ? []
    : withWholeChains(
        [
          {
            name: nameOf(urn),
            count: 1,
            issuers: issuersOf(old.authorityKeyIdentifier, signer).slice(0, 1),
            expiresLast: old.notAfter,
            ...ownKeyOf(old.profile, old.subjectKeyIdentifier),
          },
        ],
        knownGenerations(signer),
      );
}

/** {@link liveOf}, without what an acknowledged update takes the trust from. */
export function keptLive(
  urn: string,
  old: CertificateOutputs,
  signer: SignerInputs,
): LiveCertificates[] {
  return withoutLost(
    liveOf(urn, old, signer),
    old.knownGenerations ?? [],
    signer,
  );
}

function ownKeyOf(
  profile: string,
  subjectKeyIdentifier: string,
): Pick<LiveCertificates, "subjectKeyIdentifier"> {
  return PROFILES[profile]?.ca === true ? { subjectKeyIdentifier } : {};
}

/** The memory after another certificate was issued. */
export function rememberIssued(
  urn: string,
  inputs: CertificateInputs,
  { certificatePem, validity, subjectKeyIdentifier }: IssuedCertificate,
  live: readonly LiveCertificates[],
  at: Date,
): CertificateMemory {
  const { profile, signer } = inputs;
  return profile === "root"
    ? {}
    : memory(
        addLive(
          live,
          {
            name: nameOf(urn),
            count: 1,
            issuers: issuersOf(
              readAuthorityKeyIdentifier(certificatePem),
              signer,
            ),
            expiresLast: formatDate(validity.notAfter),
            ...ownKeyOf(profile, subjectKeyIdentifier),
          },
          at,
        ),
        signer,
      );
}

/**
 * Whether a leaf hangs from another chain than any it was given before,
 * although it is the same certificate: an intermediate keeps its key when it
 * is issued anew under a new root. From then on the leaf needs both roots,
 * since its holder may show either chain.
 */
export function hasNewChain(
  urn: string,
  old: CertificateOutputs,
  { signer }: CertificateInputs,
  unknown: readonly string[],
): boolean {
  if (
    PROFILES[old.profile]?.ca === true ||
    signer.generations === undefined ||
    new Date(old.notAfter) < now()
  ) {
    return false;
  }
  const issuers = ["certificatePem", "chainPem", "trustAnchorsPem"].some(
    (name) => isUnknown(unknown, `signer.${name}`),
  )
    ? activeIssuers(signer, old.knownGenerations ?? [])
    : presentIssuers(old, signer);
  return (
    issuers !== undefined && !hasIssuers(liveOf(urn, old, signer), issuers)
  );
}

/** The memory after an update that issued nothing: the present chain, where it is a new one. */
export function rememberChain(
  urn: string,
  old: CertificateOutputs,
  { signer }: CertificateInputs,
): CertificateMemory {
  if (signer.generations === undefined) {
    return {};
  }
  const live = keptLive(urn, old, signer);
  const issuers = presentIssuers(old, signer);
  const known = PROFILES[old.profile]?.ca === true || hasIssuers(live, issuers);
  return memory(
    known
      ? live
      : addLive(
          live,
          { name: nameOf(urn), count: 1, issuers, expiresLast: old.notAfter },
          now(),
        ),
    signer,
  );
}

function presentIssuers(
  old: CertificateOutputs,
  signer: SignerInputs,
): string[] {
  return issuersOf(readAuthorityKeyIdentifier(old.certificatePem), signer);
}

function hasIssuers(
  live: readonly LiveCertificates[],
  issuers: readonly string[],
): boolean {
  return live.some((entry) => entry.issuers.join() === issuers.join());
}

function memory(
  live: readonly LiveCertificates[],
  signer: SignerInputs,
): CertificateMemory {
  return {
    live: live.map((entry) => ({ ...entry, issuers: [...entry.issuers] })),
    ...(signer.generations && { knownGenerations: knownGenerations(signer) }),
  };
}
