import { z } from "zod";
import type { LedgerEvidence } from "../rotation/evidence";
import { certificateFacts } from "../rotation/evidence";
import type { AuthorityKindName } from "../rotation/trustSoak";
import { AuthorityKind, DEFAULT_TRUST_SOAK } from "../rotation/trustSoak";
import * as schema from "./schema";

const DAY = 86_400_000;

const ledgerFields = {
  /** One of `AuthorityKind`. */
  kind: z.string().exactOptional(),
  generations: z.record(
    z.string(),
    z.strictObject({
      state: z.string(),
      certificatePem: z.string().exactOptional(),
      publicKeyPem: z.string().exactOptional(),
      linkedBy: z.string().exactOptional(),
    }),
  ),
  acknowledge: schema.acknowledgements.exactOptional(),
  confirmedBundle: z.string().exactOptional(),
  minimumTrustSoakDays: z.number().exactOptional(),
  clientStacks: schema.texts,
  /** For an intermediate: its issuer's chain, without the root. */
  issuerChainPem: z.string().exactOptional(),
  /** For an intermediate: the anchors of the root it hangs from. */
  rootTrustAnchorsPem: z.string().exactOptional(),
};

/** What a `CertificateAuthority` is told. */
export const ledgerInputs = z.strictObject({
  ...ledgerFields,
  allowClockOverride: z.boolean().exactOptional(),
});

const facts = {
  fingerprintSha256: z.string(),
  subjectKeyIdentifier: z.string(),
  notAfter: z.string(),
};

/** What a `CertificateAuthority` has recorded. */
export const ledgerOutputs = z.object({
  ...ledgerFields,
  bundleSha256: z.string(),
  // What follows and may be left out is missing in the ledgers of version 0.1.
  bundlePublished: z.string().exactOptional(),
  evidence: z.record(
    z.string(),
    z.object({
      ...facts,
      subject: z.string().exactOptional(),
      state: z.string(),
      firstPublished: z.string(),
      activeSince: z.string().exactOptional(),
      deactivatedAt: z.string().exactOptional(),
    }),
  ),
  tombstones: z
    .record(
      z.string(),
      z.object({
        ...facts,
        subject: z.string(),
        retiredAt: z.string(),
        compromised: z.literal(true).exactOptional(),
      }),
    )
    .exactOptional(),
});

/** See {@link ledgerInputs}. */
export type LedgerInputs = z.infer<typeof ledgerInputs>;
/** See {@link ledgerOutputs}. */
export type LedgerOutputs = z.infer<typeof ledgerOutputs>;

/** What earlier updates did, whatever version recorded it. */
export function evidenceOf(outputs: LedgerOutputs): LedgerEvidence {
  const { evidence, generations, bundleSha256, tombstones = {} } = outputs;
  const published = Object.values(evidence).map(
    ({ firstPublished }) => firstPublished,
  );
  return {
    bundleSha256,
    bundlePublished: outputs.bundlePublished ?? published.sort().at(-1) ?? "",
    tombstones,
    generations: Object.fromEntries(
      Object.entries(evidence).map(([id, { subject, ...rest }]) => [
        id,
        {
          ...rest,
          subject: subject ?? subjectOf(generations[id]?.certificatePem),
        },
      ]),
    ),
  };
}

function subjectOf(certificatePem: string | undefined): string {
  return certificatePem === undefined
    ? ""
    : certificateFacts(certificatePem).subject;
}

/** Who verifies what is below a CA; by its issuer where the code does not say it. */
export function kindOf({
  kind,
  rootTrustAnchorsPem,
}: Pick<LedgerInputs, "kind" | "rootTrustAnchorsPem">): AuthorityKindName {
  return (
    Object.values(AuthorityKind).find((name) => name === kind) ??
    (rootTrustAnchorsPem === undefined
      ? AuthorityKind.ServerRoot
      : AuthorityKind.Intermediate)
  );
}

/** How long a generation of a CA must have been published before it may sign, in milliseconds. */
export function soakOf(
  ledger: Pick<
    LedgerInputs,
    "kind" | "rootTrustAnchorsPem" | "minimumTrustSoakDays"
  >,
): number {
  const { minimumTrustSoakDays: days } = ledger;
  return days === undefined ? DEFAULT_TRUST_SOAK[kindOf(ledger)] : days * DAY;
}
