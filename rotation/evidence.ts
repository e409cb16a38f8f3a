import { X509Certificate, createHash } from "node:crypto";
import { keyIdentifier, publicKeyDer, readPublicKey } from "../pki/key";
import { formatSubject, readSubject } from "../pki/subject";
import { formatDate } from "../pki/validity";
import { x509 } from "../pki/webcrypto";
import type { Generation } from "./generation";
import { GenerationState, isTrusted } from "./generation";

/** What a generation's certificate says of it. */
export interface CertificateFacts {
  /** SHA-256 over the certificate's DER, lowercase hex. */
  readonly fingerprintSha256: string;
  /** SHA-1 of the public key (RFC 5280 §4.2.1.2, method 1), lowercase hex: what a generation is known by. */
  readonly subjectKeyIdentifier: string;
  /** As text, such as `CN=My IoT Cloud Root CA 2026a, O=My IoT Cloud`. */
  readonly subject: string;
  /** UTC, such as `2036-11-17T21:46:40Z`. */
  readonly notAfter: string;
}

/** What updates really did with one generation. All dates are UTC, such as `2026-11-20T21:46:40Z`. */
export interface GenerationEvidence extends CertificateFacts {
  /** The state after the last update. */
  readonly state: string;
  /** When an update first put it into the trust bundle. */
  readonly firstPublished: string;
  /** Since when it has been active, or when it last became so. */
  readonly activeSince?: string;
  /** When it last stopped being active. */
  readonly deactivatedAt?: string;
}

/** What stays of a generation that has left the trust bundle, for ever. */
export interface Tombstone extends CertificateFacts {
  /** When it left the trust bundle, UTC. */
  readonly retiredAt: string;
  /** Its key was known to others; it is never trusted again. */
  readonly compromised?: true;
}

/** What updates really did with a CA. */
export interface LedgerEvidence {
  /** By id. */
  readonly generations: Readonly<Record<string, GenerationEvidence>>;
  /** SHA-256 over the trust bundle of the last update, lowercase hex. */
  readonly bundleSha256: string;
  /** When an update first published that bundle, UTC. */
  readonly bundlePublished: string;
  /** By id. */
  readonly tombstones: Readonly<Record<string, Tombstone>>;
}

/** Reads what a generation's certificate says of it. */
export function certificateFacts(certificatePem: string): CertificateFacts {
  const certificate = new X509Certificate(certificatePem);
  const { subjectName } = new x509.X509Certificate(certificatePem);
  return {
    fingerprintSha256: createHash("sha256")
      .update(certificate.raw)
      .digest("hex"),
    subjectKeyIdentifier: keyIdentifier(publicKeyDer(certificate.publicKey)),
    subject: formatSubject(readSubject(subjectName)),
    notAfter: formatDate(new Date(certificate.validTo)),
  };
}

/** A generation as an update leaves it: its state, and what its certificate says where there is one. */
export interface GenerationAfter {
  readonly state: string;
  /** Left out where it is retired, or where a preview does not know the certificate yet. */
  readonly facts?: CertificateFacts;
  /** Of its key, where a preview that renews the certificate knows that already. */
  readonly subjectKeyIdentifier?: string;
}

/** What a generation is known by, as far as that is known. */
export function keyIdentifierOf({
  facts,
  subjectKeyIdentifier,
}: GenerationAfter): string | undefined {
  return facts?.subjectKeyIdentifier ?? subjectKeyIdentifier;
}

/** The generations of the code as {@link recordEvidence} takes them. */
export function generationsAfter(
  generations: Readonly<Record<string, Generation>>,
): Record<string, GenerationAfter> {
  return Object.fromEntries(
    Object.entries(generations).map(([id, generation]) => [
      id,
      { state: generation.state, ...known(generation) },
    ]),
  );
}

function known({
  certificatePem = "",
  publicKeyPem,
}: Generation): Omit<GenerationAfter, "state"> {
  if (certificatePem !== "") {
    return { facts: certificateFacts(certificatePem) };
  }
  return publicKeyPem === undefined
    ? {}
    : {
        subjectKeyIdentifier: keyIdentifier(
          readPublicKey(publicKeyPem, "publicKeyPem"),
        ),
      };
}

/**
 * The evidence after an update, made from the evidence before it. A renamed
 * generation takes its evidence along; one that leaves the trust bundle
 * becomes a tombstone.
 *
 * @param bundleSha256 of the trust bundle that this update publishes
 * @param now when the update runs, UTC; rounded up to the second, so that no
 * soak time is counted that has not passed
 *
 * @example
 * ```ts
 * recordEvidence(undefined, { "2026a": { state: "active", facts } }, sha256, now)
 *   .generations["2026a"]?.firstPublished; // "2026-11-20T21:46:40Z"
 * ```
 */
export function recordEvidence(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, GenerationAfter>>,
  bundleSha256: string,
  now: Date,
): LedgerEvidence {
  const today = formatDate(new Date(Math.ceil(now.getTime() / 1000) * 1000));
  const old = before?.generations ?? {};
  const tombstones: Record<string, Tombstone> = { ...before?.tombstones };
  const generations: Record<string, GenerationEvidence> = {};
  const carried = new Set<string>();
  for (const [id, generation] of Object.entries(after)) {
    const source = evidenceOf(old, id, generation);
    if (source !== undefined) {
      carried.add(source);
    }
    const known = source === undefined ? undefined : old[source];
    const next = recordGeneration(known, generation, today);
    if (next === undefined) {
      // Retired before it was ever made here: there is nothing to remember.
      continue;
    }
    generations[id] = next;
    if (isTrusted(next.state)) {
      Reflect.deleteProperty(tombstones, id);
    } else {
      tombstones[id] ??= tombstone(known ?? next, today);
    }
  }
  for (const [id, generation] of Object.entries(old)) {
    if (!carried.has(id)) {
      tombstones[id] ??= tombstone(generation, today);
    }
  }
  return {
    generations,
    bundleSha256,
    bundlePublished:
      before?.bundleSha256 === bundleSha256 ? before.bundlePublished : today,
    tombstones,
  };
}

/** The id under which the evidence knows a generation of the code: its own, or the one it had before it was renamed. */
function evidenceOf(
  old: LedgerEvidence["generations"],
  id: string,
  generation: GenerationAfter,
): string | undefined {
  if (old[id] !== undefined) {
    return id;
  }
  const key = keyIdentifierOf(generation);
  return key === undefined
    ? undefined
    : Object.keys(old).find(
        (other) => old[other]?.subjectKeyIdentifier === key,
      );
}

/** Of a certificate that a preview does not know yet. */
const UNKNOWN: CertificateFacts = {
  fingerprintSha256: "",
  subjectKeyIdentifier: "",
  subject: "",
  notAfter: "",
};

function recordGeneration(
  before: GenerationEvidence | undefined,
  { state, facts }: GenerationAfter,
  today: string,
): GenerationEvidence | undefined {
  // Between the two, bundles got out that do not hold it: it starts anew.
  const isRestored =
    before?.state === GenerationState.Retired && isTrusted(state);
  const known = isRestored ? undefined : before;
  const from = facts ?? known ?? (isTrusted(state) ? UNKNOWN : undefined);
  if (from === undefined) {
    return undefined;
  }
  const { fingerprintSha256, subjectKeyIdentifier, subject, notAfter } = from;
  const wasActive = known?.state === GenerationState.Active;
  const isActive = state === GenerationState.Active;
  const activeSince =
    isActive && !wasActive
      ? today
      : // Ledgers of the first release did not say it, and their generations were active from the start.
        (known?.activeSince ?? (wasActive ? known.firstPublished : undefined));
  const deactivatedAt = wasActive && !isActive ? today : known?.deactivatedAt;
  return {
    state,
    firstPublished: known?.firstPublished ?? today,
    ...(activeSince !== undefined && { activeSince }),
    ...(deactivatedAt !== undefined && { deactivatedAt }),
    fingerprintSha256,
    subjectKeyIdentifier,
    subject,
    notAfter,
  };
}

function tombstone(
  {
    fingerprintSha256,
    subjectKeyIdentifier,
    subject,
    notAfter,
    state,
  }: GenerationEvidence,
  retiredAt: string,
): Tombstone {
  return {
    fingerprintSha256,
    subjectKeyIdentifier,
    subject,
    notAfter,
    retiredAt,
    ...(state === GenerationState.Compromised && { compromised: true }),
  };
}
