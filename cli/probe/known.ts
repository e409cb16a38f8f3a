import { createHash } from "node:crypto";
import { readSubjectKeyIdentifier } from "../../pki/authority";
import { splitCertificates } from "../../pki/pem";
import { x509 } from "../../pki/webcrypto";
import { certificateFacts } from "../../rotation/evidence";
import { GenerationState, trustBundle } from "../../rotation/generation";
import type { AuthorityKindName } from "../../rotation/trustSoak";
import { AuthorityKind } from "../../rotation/trustSoak";
import type { AuthorityState, StackState } from "../rotation/state";

/** A generation of a CA that the ledgers know, retired ones included. */
export interface KnownGeneration {
  readonly authority: string;
  readonly kind: AuthorityKindName;
  readonly id: string;
  readonly state: string;
  /** What certificates call its key: its SHA-1, and for a CA made elsewhere perhaps something else as well. */
  readonly keys: readonly string[];
  /** Left out once it is retired. */
  readonly certificatePem?: string;
}

/** The trust bundle of a root as the last update published it. */
export interface PublishedBundle {
  readonly authority: string;
  readonly kind: AuthorityKindName;
  readonly sha256: string;
  readonly pem: string;
}

/** What a stack's state says that places are held against. */
export interface Known {
  readonly state: StackState;
  readonly generations: readonly KnownGeneration[];
  readonly bundles: readonly PublishedBundle[];
}

/** Reads from a stack's state what places are held against. */
export function knownOf(state: StackState): Known {
  return {
    state,
    generations: state.authorities.flatMap(generationsOf),
    bundles: state.authorities
      .filter(({ kind }) => kind !== AuthorityKind.Intermediate)
      .map(publishedBundle),
  };
}

function generationsOf({
  name: authority,
  kind,
  evidence,
  certificates,
}: AuthorityState): KnownGeneration[] {
  const { tombstones, generations } = evidence;
  const gone = Object.entries(tombstones).filter(
    ([id]) => generations[id] === undefined,
  );
  return [
    ...Object.entries(generations).map(([id, generation]) => {
      const certificatePem = certificates[id];
      return {
        authority,
        kind,
        id,
        state: generation.state,
        keys: keysOf(generation.subjectKeyIdentifier, certificatePem),
        ...(certificatePem !== undefined && { certificatePem }),
      };
    }),
    ...gone.map(([id, { subjectKeyIdentifier }]) => ({
      authority,
      kind,
      id,
      state: GenerationState.Retired,
      keys: [subjectKeyIdentifier],
    })),
  ];
}

function keysOf(key: string, certificatePem: string | undefined): string[] {
  const own =
    certificatePem === undefined
      ? undefined
      : readSubjectKeyIdentifier(new x509.X509Certificate(certificatePem));
  return own === undefined || own === key ? [key] : [key, own];
}

function publishedBundle({
  name,
  kind,
  evidence,
  certificates,
}: AuthorityState): PublishedBundle {
  return {
    authority: name,
    kind,
    sha256: evidence.bundleSha256,
    pem: trustBundle(
      Object.fromEntries(
        Object.entries(evidence.generations).map(([id, { state }]) => [
          id,
          {
            state,
            ...(certificates[id] !== undefined && {
              certificatePem: certificates[id],
            }),
          },
        ]),
      ),
    ),
  };
}

/** The generation that has a key, whatever certificates call it. */
export function generationOfKey(
  { generations }: Known,
  key: string | undefined,
): KnownGeneration | undefined {
  return key === undefined
    ? undefined
    : generations.find(({ keys }) => keys.includes(key));
}

/** The generation that a certificate is of, by its key. */
export function generationOf(
  known: Known,
  certificatePem: string,
): KnownGeneration | undefined {
  return generationOfKey(
    known,
    certificateFacts(certificatePem).subjectKeyIdentifier,
  );
}

/** A generation as people call it: `2026a of server-root (retiring)`. */
export function nameGeneration({
  authority,
  id,
  state,
}: Pick<KnownGeneration, "authority" | "id" | "state">): string {
  return `${id} of ${authority} (${state})`;
}

/** The certificates that belong between a leaf and its root by the state, PEM. */
export function chainAbove(
  { state, generations }: Known,
  issuerKey: string | undefined,
): string[] {
  const issuer = generations.find(
    ({ keys }) => issuerKey !== undefined && keys.includes(issuerKey),
  );
  if (
    issuer?.certificatePem === undefined ||
    issuer.kind !== AuthorityKind.Intermediate
  ) {
    return [];
  }
  const above =
    state.authorities.find(({ name }) => name === issuer.authority)
      ?.issuerChainPem ?? "";
  return splitCertificates(issuer.certificatePem + above);
}

/** SHA-256 over a text, lowercase hex: what a trust bundle is known by. */
export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
