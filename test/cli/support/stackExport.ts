import { createHash } from "node:crypto";
import type {
  GenerationAfter,
  LedgerEvidence,
} from "../../../rotation/evidence";
import { generationsAfter, recordEvidence } from "../../../rotation/evidence";
import type { Generation } from "../../../rotation/generation";
import { trustBundle } from "../../../rotation/generation";
import type { LiveCertificates } from "../../../rotation/liveCertificates";

/** What a resource looks like in an export. */
export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly delete?: boolean;
}

/** One update of a CA: the code at that time, and when it ran. */
export interface Update {
  readonly generations: Readonly<Record<string, Generation>>;
  readonly at: string;
}

function exported(
  type: string,
  name: string,
  outputs: Readonly<Record<string, unknown>>,
): ExportedResource {
  return {
    urn: `urn:pulumi:dev::demo::mqtt-pki:index:${type}::${name}`,
    type: `mqtt-pki:index:${type}`,
    outputs,
  };
}

/** The ledger of a CA as these updates leave it, one after the other. */
export function ledger(
  name: string,
  updates: readonly Update[],
  more: Readonly<Record<string, unknown>> = {},
): ExportedResource {
  let evidence: LedgerEvidence | undefined;
  for (const { generations, at } of updates) {
    const after: Record<string, GenerationAfter> =
      generationsAfter(generations);
    const hash = createHash("sha256").update(trustBundle(generations));
    evidence = recordEvidence(
      evidence,
      after,
      hash.digest("hex"),
      new Date(at),
    );
  }
  return exported("CertificateAuthority", `${name}-authority`, {
    generations: updates.at(-1)?.generations,
    bundleSha256: evidence?.bundleSha256,
    bundlePublished: evidence?.bundlePublished,
    evidence: evidence?.generations,
    tombstones: evidence?.tombstones,
    ...more,
  });
}

/** A batch of devices that remembers what it issued. */
export function batch(
  name: string,
  live: readonly Omit<LiveCertificates, "name">[],
): ExportedResource {
  return exported("DeviceBatch", name, {
    count: 1,
    issuerKeyIdentifier: live[0]?.issuers[0],
    live: live.map((entry) => ({ name, ...entry })),
  });
}

/** A CA whose key another signer has, as cert-manager does. */
export function exportedAuthority(
  name: string,
  outputs: {
    readonly issuers: readonly string[];
    readonly longestDays: number;
    readonly live?: readonly LiveCertificates[];
  },
): ExportedResource {
  return exported("ExportedAuthority", name, outputs);
}

/** A place that has held these keys since then. */
export function publication(
  name: string,
  published: Readonly<Record<string, string>>,
): ExportedResource {
  return exported("BundlePublication", name, { published });
}

/** A certificate as a version before 0.2 left it, without any memory. */
export function oldCertificate(
  name: string,
  outputs: Readonly<Record<string, string>>,
): ExportedResource {
  return exported("Certificate", name, outputs);
}

/** The text of `stack export`. */
export function stackExport(...resources: readonly ExportedResource[]): string {
  const stack = {
    urn: "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev",
    type: "pulumi:pulumi:Stack",
  };
  return `${JSON.stringify({ version: 3, deployment: { resources: [stack, ...resources] } })}\n`;
}
