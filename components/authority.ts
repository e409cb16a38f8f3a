import * as pulumi from "@pulumi/pulumi";
import type {
  AcknowledgementArgs,
  AuthorityArgs,
  BundleTrustArgs,
  GenerationEvidence,
  IssuerGenerationArgs,
} from "../resources";
import {
  Certificate,
  CertificateAuthority,
  GenerationState,
} from "../resources";
import type {
  AuthorityOrder,
  GenerationPlan,
  GenerationResources,
} from "./generation";
import { makeGeneration } from "./generation";
import type { GenerationArgs } from "./generationArgs";
import type { NamedGeneration } from "./namedGenerations";
import { namedGenerations } from "./namedGenerations";
import type { IssuerSigner } from "./issuer";
import { lifetimeOf } from "./validity";

/** What the code says of a CA's rotation. */
export interface RotationArgs {
  readonly generations?: Record<string, GenerationArgs> | undefined;
  readonly acknowledge?:
    pulumi.Input<pulumi.Input<AcknowledgementArgs>[]> | undefined;
  readonly confirmedBundle?: pulumi.Input<string> | undefined;
  readonly minimumTrustSoakDays?: pulumi.Input<number> | undefined;
  readonly clientStacks?: pulumi.Input<pulumi.Input<string>[]> | undefined;
}

/** What a CA is to be. */
export interface AuthorityPlan extends GenerationPlan {
  readonly rotation: RotationArgs;
  /** `serverRoot`, `deviceRoot` or `intermediate`: who verifies what is below it. */
  readonly kind: string;
  readonly signingPolicy:
    pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
}

/** A CA as its component shows it. */
export interface AuthorityOutputs {
  readonly certificatePem: pulumi.Output<string>;
  /** The CA up to, not including, the root. PEM. */
  readonly chainPem: pulumi.Output<string>;
  readonly trustAnchorsPem: pulumi.Output<string>;
  readonly bundleSha256: pulumi.Output<string>;
  readonly fingerprintSha256: pulumi.Output<string>;
  readonly notAfter: pulumi.Output<string>;
  readonly activeGeneration: pulumi.Output<string>;
  readonly generations: pulumi.Output<Record<string, GenerationEvidence>>;
  readonly signer: IssuerSigner;
  /** For a root: how far its bundle has got, as the code says. */
  readonly trust: BundleTrustArgs;
}

interface MadeGeneration extends NamedGeneration {
  readonly made: GenerationResources;
}

/**
 * Makes the generations of a CA below its component, or takes them over, and
 * keeps the ledger of what updates did with them.
 */
export function makeAuthority(
  name: string,
  plan: AuthorityPlan,
  opts: pulumi.CustomResourceOptions,
): AuthorityOutputs {
  const { issuer, rotation } = plan;
  const named = namedGenerations(
    name,
    issuer === undefined,
    rotation.generations,
  );
  // The key of a retired generation is destroyed; its tombstone stands in the ledger.
  const made = named
    .filter(({ args }) => args.state !== GenerationState.Retired)
    .map((generation) => ({
      ...generation,
      made: makeGeneration(
        name,
        generation.resourceName,
        planOf(generation, plan),
        optionsOf(generation, opts),
      ),
    }));
  const active = made.find(
    ({ args }) => args.state === GenerationState.Active,
  ) as MadeGeneration;
  const ledger = makeLedger(name, plan, named, made, opts);
  const { certificatePem, fingerprintSha256, notAfter } = active.made;
  const link = makeLink(active, made, plan, opts);
  return {
    // Not by way of the ledger, of which a preview that changes it knows nothing more.
    certificatePem,
    chainPem:
      issuer === undefined
        ? (link ?? pulumi.output(""))
        : pulumi.concat(certificatePem, issuer.chainPem),
    trustAnchorsPem:
      issuer === undefined
        ? trustAnchors(made, ledger)
        : // What the root's devices trust does not change with this CA.
          pulumi.output(issuer.trustAnchorsPem),
    bundleSha256: ledger.bundleSha256,
    fingerprintSha256,
    notAfter,
    activeGeneration: ledger.urn.apply(() => active.id),
    generations: ledger.evidence,
    signer: signer(name, plan, active, made, ledger),
    trust: trustOf(name, plan, made),
  };
}

/** What a root's bundle holds, and what the code says of how far it has got. */
function trustOf(
  name: string,
  { rotation, kind }: AuthorityPlan,
  made: readonly MadeGeneration[],
): BundleTrustArgs {
  const { acknowledge, confirmedBundle, minimumTrustSoakDays } = rotation;
  return {
    generations: generationsOf(name, made),
    kind,
    ...(acknowledge !== undefined && { acknowledge }),
    ...(confirmedBundle !== undefined && { confirmedBundle }),
    ...(minimumTrustSoakDays !== undefined && { minimumTrustSoakDays }),
  };
}

function generationsOf(
  name: string,
  made: readonly MadeGeneration[],
): IssuerGenerationArgs[] {
  return made.map(({ id, args, made: { certificatePem } }) => ({
    authority: name,
    id,
    state: args.state,
    certificatePem,
  }));
}

function optionsOf(
  { args: { state } }: NamedGeneration,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  switch (state) {
    case GenerationState.Active:
      return opts;
    case GenerationState.Compromised:
      // No new issuer may certify a key that is known to others.
      return { ...unprotected(opts), ignoreChanges: ["signer"] };
    default:
      return unprotected(opts);
  }
}

/**
 * The key that signs and the ledger are protected (I13). The other generations
 * are there to go: an update that retires one could not delete its key.
 */
function unprotected(
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  return { ...opts, protect: false };
}

/** A generation is asked for as its CA is, but for what it says itself. */
function planOf(
  generation: NamedGeneration,
  { order, existing, signatureScheme, issuer, defaults }: AuthorityPlan,
): GenerationPlan {
  const { args, original } = generation;
  const shared = {
    signatureScheme: schemeOf(generation, signatureScheme),
    defaults,
    ...(issuer !== undefined && { issuer }),
  };
  if (args.existing !== undefined || (original && existing !== undefined)) {
    const { subject, key, validityDays, validity } = args;
    const given = original ? order : { subject, key, validityDays, validity };
    return {
      ...shared,
      existing: args.existing ?? existing,
      order: given as AuthorityOrder,
    };
  }
  const { subject, key } = args;
  const { validityDays, validity, ...rest } = order;
  return {
    ...shared,
    existing: undefined,
    order: {
      ...rest,
      ...lifetimeOf(args, lifetimeOf(order, {})),
      ...(subject !== undefined && { subject }),
      ...(key !== undefined && { key }),
    },
  };
}

/** How a generation's key signs: as the CA's, unless it is a key of another kind. */
function schemeOf(
  { args }: NamedGeneration,
  ofAuthority: pulumi.Input<string> | undefined,
): pulumi.Input<string> | undefined {
  return (
    args.signatureScheme ?? (args.key === undefined ? ofAuthority : undefined)
  );
}

function makeLedger(
  name: string,
  { issuer, rotation, kind }: AuthorityPlan,
  named: readonly NamedGeneration[],
  made: readonly MadeGeneration[],
  opts: pulumi.CustomResourceOptions,
): CertificateAuthority {
  const resources = new Map(
    made.map((generation) => [generation.id, generation.made]),
  );
  const { acknowledge, confirmedBundle } = rotation;
  const { minimumTrustSoakDays, clientStacks } = rotation;
  return new CertificateAuthority(
    `${name}-authority`,
    {
      kind,
      generations: Object.fromEntries(
        named.map(({ id, args: { state, linkedBy } }) => {
          const { certificatePem, publicKeyPem } = resources.get(id) ?? {};
          return [
            id,
            {
              state,
              ...(certificatePem !== undefined && { certificatePem }),
              ...(publicKeyPem !== undefined && { publicKeyPem }),
              ...(linkedBy !== undefined && { linkedBy }),
            },
          ];
        }),
      ),
      ...(acknowledge !== undefined && { acknowledge }),
      ...(confirmedBundle !== undefined && { confirmedBundle }),
      ...(minimumTrustSoakDays !== undefined && { minimumTrustSoakDays }),
      ...(clientStacks !== undefined && { clientStacks }),
      ...(issuer !== undefined && {
        issuerChainPem: issuer.chainPem,
        rootTrustAnchorsPem: issuer.trustAnchorsPem,
      }),
    },
    opts,
  );
}

/**
 * The bundle as the ledger has it: all that is trusted, in the order of the
 * ids. Put together here, since a preview that changes the ledger knows none of
 * its outputs and would show every bundle as changed, those that stay as well.
 */
function trustAnchors(
  made: readonly MadeGeneration[],
  ledger: CertificateAuthority,
): pulumi.Output<string> {
  const certificates = [...made]
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map((generation) => generation.made.certificatePem);
  return (
    pulumi
      // The ledger first: what it refuses must not get out.
      .all([pulumi.all(certificates), ledger.urn])
      .apply(([pems]) => pems.join(""))
  );
}

/** The active root's key, certified by an older root as long as that is there; see `GenerationArgs.linkedBy`. */
function makeLink(
  active: MadeGeneration,
  made: readonly MadeGeneration[],
  plan: AuthorityPlan,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> | undefined {
  const older = made.find(({ id }) => id === active.args.linkedBy);
  const { own } = active.made;
  if (older === undefined || own === undefined) {
    return undefined;
  }
  const { privateKeyPem, certificatePem, authority } = older.made;
  const signatureScheme = schemeOf(older, plan.signatureScheme);
  return new Certificate(
    `${active.resourceName}-link`,
    {
      profile: "link",
      ...own,
      signer: {
        privateKeyPem,
        certificatePem,
        chainPem: "",
        trustAnchorsPem: certificatePem,
        authorities: [authority],
        ...(signatureScheme !== undefined && { signatureScheme }),
      },
      validityDays: 1825,
      truncate: true,
    },
    unprotected(opts),
  ).certificatePem;
}

function signer(
  name: string,
  { issuer, rotation, signingPolicy, ...plan }: AuthorityPlan,
  active: MadeGeneration,
  made: readonly MadeGeneration[],
  ledger: CertificateAuthority,
): IssuerSigner {
  const above = issuer?.signer;
  const signatureScheme = schemeOf(active, plan.signatureScheme);
  const { acknowledge } = rotation;
  const own = generationsOf(name, made);
  return {
    // The ledger first: what it refuses must not have signed anything.
    privateKeyPem: pulumi
      .all([active.made.privateKeyPem, ledger.urn])
      .apply(([pem]) => pem),
    authorities: pulumi
      .output(above?.authorities ?? [])
      .apply((authorities): pulumi.Input<AuthorityArgs>[] => [
        active.made.authority,
        ...authorities,
      ]),
    generations: pulumi
      .output(above?.generations ?? [])
      .apply((generations): pulumi.Input<IssuerGenerationArgs>[] => [
        ...own,
        ...generations,
      ]),
    ...((acknowledge ?? above?.acknowledge) !== undefined && {
      acknowledge: pulumi
        .all([pulumi.output(acknowledge ?? []), above?.acknowledge ?? []])
        .apply(([mine, others]) => [
          ...mine.map((one) => ({ ...one, authority: name })),
          ...others,
        ]),
    }),
    ...(signatureScheme !== undefined && { signatureScheme }),
    ...(signingPolicy !== undefined && { signingPolicy }),
  };
}
