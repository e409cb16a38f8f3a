import { readFileSync } from "node:fs";
import { z } from "zod";
import {
  readAuthorityKeyIdentifier,
  readSubjectKeyIdentifier,
} from "../../pki/authority";
import { PROFILES } from "../../pki/profile";
import { formatDate } from "../../pki/validity";
import { x509 } from "../../pki/webcrypto";
import type { LedgerOutputs } from "../../provider/ledgerInputs";
import {
  evidenceOf,
  kindOf,
  ledgerOutputs,
  soakOf,
} from "../../provider/ledgerInputs";
import { liveFields } from "../../provider/liveFields";
import { nameOf, typeOf } from "../../provider/resource";
import type { LedgerEvidence } from "../../rotation/evidence";
import { certificateFacts } from "../../rotation/evidence";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import type { AuthorityKindName } from "../../rotation/trustSoak";
import { reason } from "../files";
import { UsageError } from "../options";

/** A CA as the last update left it. */
export interface AuthorityState {
  /** As its component is called, such as `server-root`. */
  readonly name: string;
  readonly kind: AuthorityKindName;
  readonly evidence: LedgerEvidence;
  /** In milliseconds; 0 where the published bundle is confirmed to be everywhere. */
  readonly minimumTrustSoak: number;
  /** By id, PEM; retired generations have none. */
  readonly certificates: Readonly<Record<string, string>>;
  /** What follows the certificate of an intermediate in a chain, PEM; empty below a root. */
  readonly issuerChainPem: string;
}

/** A certificate of the stack that is no CA's: a broker's, or a single device's. */
export interface LeafState {
  readonly name: string;
  readonly certificatePem: string;
}

/** Another signer with the key of a CA, such as cert-manager; what it has issued, nobody here knows. */
export interface OtherSigner {
  readonly name: string;
  /** The keys above what it signs. */
  readonly issuers: readonly string[];
  /** How long what it issues is valid at most. */
  readonly longestDays: number;
}

/** What a stack's state says of its CAs. */
export interface StackState {
  readonly project: string;
  readonly authorities: readonly AuthorityState[];
  /** Everything that was issued below them and may be in use. */
  readonly live: readonly LiveCertificates[];
  readonly otherSigners: readonly OtherSigner[];
  /** Those that stand in the state one by one; those of batches do not. */
  readonly leaves: readonly LeafState[];
}

const resource = z.object({
  urn: z.string(),
  delete: z.boolean().optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
type Resource = z.infer<typeof resource>;

const deployment = z.object({ resources: z.array(resource).nullish() });

/** As `stack export` writes it, and as a backend's file has it. */
const stateFile = z.union([
  z.object({ deployment }),
  z.object({ checkpoint: z.object({ latest: deployment.nullish() }) }),
]);

const { live } = liveFields;

const DAY = 86_400_000;

/** The part of a `Certificate` that says who may have what of it. */
const certificateOutputs = z.object({
  profile: z.string(),
  notAfter: z.string(),
  subjectKeyIdentifier: z.string(),
  authorityKeyIdentifier: z.string(),
  certificatePem: z.string().exactOptional(),
  live,
});

/** The part of a `DeviceBatch` that says who may have what of it. */
const batchOutputs = z.object({
  count: z.number(),
  issuerKeyIdentifier: z.string(),
  expiresLast: z.string().exactOptional(),
  live,
});

/** The part of an `ExportedAuthority` that says who may have what of it. */
const exportedOutputs = z.object({
  issuers: z.array(z.string()),
  longestDays: z.number(),
  live,
});

/** The part of a `BundlePublication` that says since when its place has held each key. */
const publicationOutputs = z.object({
  published: z.record(z.string(), z.string()),
});
type Publication = z.infer<typeof publicationOutputs>;

/**
 * Reads a file that `stack export` wrote.
 *
 * @throws UsageError where it is none
 */
export function readStateFile(path: string): StackState {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (problem) {
    throw new UsageError(
      problem instanceof SyntaxError
        ? `--state ${path} holds no JSON; write one with \`stack export --file ${path}\`.`
        : `--state ${path} ${reason(problem)}`,
    );
  }
  const result = stateFile.safeParse(json);
  if (!result.success) {
    throw new UsageError(
      `--state ${path} is no exported stack; write one with \`stack export --file ${path}\`.`,
    );
  }
  const found =
    "deployment" in result.data
      ? result.data.deployment
      : result.data.checkpoint.latest;
  return readResources(found?.resources ?? []);
}

function readResources(all: readonly Resource[]): StackState {
  // What waits to be deleted has been replaced, and its successor stands beside it.
  const resources = all.filter((one) => one.delete !== true);
  const ledgers = ofType(resources, "CertificateAuthority").map((one) => ({
    urn: one.urn,
    outputs: parseOutputs(ledgerOutputs, one),
  }));
  const publications = ofType(resources, "BundlePublication").map((one) =>
    parseOutputs(publicationOutputs, one),
  );
  const keys = keysAbove(ledgers.map(({ outputs }) => outputs));
  const certificates = ofType(resources, "Certificate").map((one) => ({
    urn: one.urn,
    outputs: parseOutputs(certificateOutputs, one),
  }));
  const exported = ofType(resources, "ExportedAuthority").map((one) => ({
    name: nameOf(one.urn),
    outputs: parseOutputs(exportedOutputs, one),
  }));
  const issued = [
    ...certificates.flatMap(({ urn, outputs }) =>
      liveOfCertificate(urn, outputs),
    ),
    ...ofType(resources, "DeviceBatch").flatMap((one) =>
      liveOfBatch(one.urn, parseOutputs(batchOutputs, one)),
    ),
    ...exported.flatMap(({ outputs }) => outputs.live ?? []),
  ];
  return {
    project: resources[0]?.urn.split("::")[1] ?? "",
    authorities: ledgers.map(({ urn, outputs }) =>
      readAuthority(
        nameOf(urn).replace(/-authority$/, ""),
        outputs,
        publications,
      ),
    ),
    live: issued.map((entry) => ({
      ...entry,
      issuers: wholeChain(entry.issuers, keys),
    })),
    otherSigners: exported.map(({ name, outputs }) => ({ name, ...outputs })),
    leaves: certificates.flatMap(({ urn, outputs }) =>
      leafOf(nameOf(urn).replace(/-certificate$/, ""), outputs),
    ),
  };
}

/** What may be in use at a moment: until it has lost the key, another signer may just have signed something. */
export function liveAt(
  { live: issued, otherSigners }: Pick<StackState, "live" | "otherSigners">,
  at: Date,
): readonly LiveCertificates[] {
  return [
    ...issued,
    ...otherSigners.map(({ name, issuers, longestDays }) => ({
      name,
      count: 1,
      issuers,
      expiresLast: formatDate(new Date(at.getTime() + longestDays * DAY)),
    })),
  ];
}

function leafOf(
  name: string,
  { profile, certificatePem }: z.infer<typeof certificateOutputs>,
): LeafState[] {
  return certificatePem === undefined || PROFILES[profile]?.ca === true
    ? []
    : [{ name, certificatePem }];
}

function ofType(resources: readonly Resource[], type: string): Resource[] {
  return resources.filter(
    ({ urn }) => typeOf(urn) === `mqtt-pki:index:${type}`,
  );
}

function parseOutputs<T>(
  shape: z.ZodType<T>,
  { urn, outputs = {} }: Resource,
): T {
  const result = shape.safeParse(outputs);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UsageError(
      `${nameOf(urn)} (${typeOf(urn)}) is in the state in a form that cannot be read: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`,
    );
  }
  return result.data;
}

function readAuthority(
  name: string,
  outputs: LedgerOutputs,
  publications: readonly Publication[],
): AuthorityState {
  const { generations, confirmedBundle, bundleSha256 } = outputs;
  const kind = kindOf(outputs);
  return {
    name,
    kind,
    evidence: publishedEverywhere(evidenceOf(outputs), publications),
    minimumTrustSoak: confirmedBundle === bundleSha256 ? 0 : soakOf(outputs),
    certificates: Object.fromEntries(
      Object.entries(generations).flatMap(([id, { certificatePem }]) =>
        certificatePem === undefined ? [] : [[id, certificatePem]],
      ),
    ),
    issuerChainPem: outputs.issuerChainPem ?? "",
  };
}

/** Published is what the last of the places has: its waiting time ends last. */
function publishedEverywhere(
  evidence: LedgerEvidence,
  publications: readonly Publication[],
): LedgerEvidence {
  return {
    ...evidence,
    generations: Object.fromEntries(
      Object.entries(evidence.generations).map(([id, generation]) => [
        id,
        {
          ...generation,
          firstPublished: publications.reduce((latest, { published }) => {
            const here = published[generation.subjectKeyIdentifier] ?? "";
            return here > latest ? here : latest;
          }, generation.firstPublished),
        },
      ]),
    ),
  };
}

function liveOfCertificate(
  urn: string,
  outputs: z.infer<typeof certificateOutputs>,
): readonly LiveCertificates[] {
  const { profile, notAfter, authorityKeyIdentifier } = outputs;
  const { subjectKeyIdentifier } = outputs;
  if (outputs.live !== undefined || profile === "root") {
    return outputs.live ?? [];
  }
  // Version 0.1 kept no list; the present certificate is all it knew.
  return [
    {
      name: nameOf(urn),
      count: 1,
      issuers: [authorityKeyIdentifier],
      expiresLast: notAfter,
      ...(PROFILES[profile]?.ca === true && { subjectKeyIdentifier }),
    },
  ];
}

function liveOfBatch(
  urn: string,
  outputs: z.infer<typeof batchOutputs>,
): readonly LiveCertificates[] {
  const { count, issuerKeyIdentifier, expiresLast = "" } = outputs;
  if (outputs.live !== undefined || count === 0 || expiresLast === "") {
    return outputs.live ?? [];
  }
  return [
    { name: nameOf(urn), count, issuers: [issuerKeyIdentifier], expiresLast },
  ];
}

/** A CA's key, and what its certificate calls its issuer's. */
interface KeyAbove {
  readonly key: string;
  readonly issuer: string | undefined;
}

/** By what certificates call them and by the keys themselves: for a CA made elsewhere these need not be the same. */
function keysAbove(ledgers: readonly LedgerOutputs[]): Map<string, KeyAbove> {
  const keys = new Map<string, KeyAbove>();
  for (const { generations } of ledgers) {
    for (const { certificatePem } of Object.values(generations)) {
      if (certificatePem !== undefined) {
        const { subjectKeyIdentifier: key } = certificateFacts(certificatePem);
        const step = {
          key,
          issuer: readAuthorityKeyIdentifier(certificatePem),
        };
        const certificate = new x509.X509Certificate(certificatePem);
        keys.set(key, step);
        keys.set(readSubjectKeyIdentifier(certificate) ?? key, step);
      }
    }
  }
  return keys;
}

/** Version 0.1 wrote down the issuer only; the CAs above it are in their ledgers. */
function wholeChain(
  issuers: readonly string[],
  keys: ReadonlyMap<string, KeyAbove>,
): string[] {
  const chain = issuers.map((issuer) => keys.get(issuer)?.key ?? issuer);
  let next = keys.get(chain.at(-1) ?? "")?.issuer;
  while (next !== undefined) {
    const step = keys.get(next);
    const key = step?.key ?? next;
    if (chain.includes(key)) {
      break;
    }
    chain.push(key);
    next = step?.issuer;
  }
  return chain;
}
