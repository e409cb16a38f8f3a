import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readIssuer } from "../pki/authority";
import { joinCertificates } from "../pki/pem";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import {
  applyAcknowledgements,
  activeAcknowledgements,
  checkAcknowledgements,
  formatAcknowledgement,
} from "../rotation/acknowledgement";
import { checkClientStacks } from "../rotation/clientStacks";
import type {
  CertificateFacts,
  GenerationAfter,
  LedgerEvidence,
} from "../rotation/evidence";
import { generationsAfter, recordEvidence } from "../rotation/evidence";
import {
  GenerationState,
  checkGenerations,
  trustBundle,
} from "../rotation/generation";
import { checkCertificateForm } from "../rotation/generationCertificates";
import { readChange } from "../rotation/ledger";
import type { NextStep } from "../rotation/nextStep";
import { nextStep } from "../rotation/nextStep";
import { phaseTable } from "../rotation/phaseTable";
import type { Refusal } from "../rotation/refusal";
import type { Transition } from "../rotation/transition";
import { AuthorityKind } from "../rotation/trustSoak";
import { admit } from "./admission";
import { checkStacksOf } from "./clientStackChecks";
import { attempt, checkResult } from "./checks";
import { datedEvidence, now } from "./clock";
import { inform } from "./engineLog";
import type { LedgerInputs } from "./ledgerInputs";
import {
  evidenceOf,
  ledgerInputs,
  ledgerOutputs,
  kindOf,
  soakOf,
} from "./ledgerInputs";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";

/**
 * `mqtt-pki:index:CertificateAuthority`: the ledger of a CA's generations.
 * States are what the code says; the evidence (when a generation was first
 * published, and as what) is what earlier updates really did.
 */
export const certificateAuthority: CustomResource = {
  check(_urn, _oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(ledgerInputs, news);
    if (draft === undefined) {
      return Promise.resolve(checkResult(news, problems));
    }
    const stateUnknown = unknown.some((path) =>
      /^generations(\.[^.]+(\.state)?)?$/.test(path),
    );
    const certificates = Object.entries(draft.generations).flatMap(
      ([id, generation]) =>
        checkCertificate(`generations.${id}.certificatePem`, generation),
    );
    const found = [
      // With a state still unknown, that one may be the active one.
      ...(stateUnknown ? [] : checkGenerations(draft.generations)),
      ...certificates,
      ...checkRules(draft),
      ...(certificates.length > 0 ? [] : refusedStacks(draft)),
    ];
    return Promise.resolve(
      checkResult(news, schema.knownProblems(unknown, found)),
    );
  },

  async diff(_id, urn, olds, news) {
    const { draft, unknown } = schema.parse(ledgerInputs, news);
    const old = schema.parse(ledgerOutputs, olds).value;
    if (draft === undefined || old === undefined) {
      return { changes: true };
    }
    const inputs = withoutUnknown(draft, unknown);
    await reviewChange(urn, evidenceOf(old), inputs);
    const { allowClockOverride, ...after } = inputs;
    const before = Object.fromEntries(
      Object.keys(ledgerInputs.shape).flatMap((name) => {
        const value = old[name as keyof typeof old];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    return {
      changes: unknown.length > 0 || !isDeepStrictEqual(before, after),
    };
  },

  create(urn, inputs) {
    return Promise.resolve({
      id: nameOf(urn),
      outs: outputs(schema.required(ledgerInputs, inputs), undefined),
    });
  },

  update(_id, _urn, olds, news) {
    const before = evidenceOf(schema.required(ledgerOutputs, olds));
    return Promise.resolve({
      outs: outputs(schema.required(ledgerInputs, news), before),
    });
  },

  delete() {
    return Promise.resolve();
  },
};

function checkCertificate(
  path: string,
  { state, certificatePem }: LedgerInputs["generations"][string],
): readonly Problem[] {
  if (certificatePem === undefined) {
    return state === GenerationState.Retired
      ? []
      : [
          {
            path,
            message: `is missing; only a generation that is ${GenerationState.Retired} has none.`,
          },
        ];
  }
  return attempt(() => {
    readIssuer(certificatePem, path);
  });
}

function checkRules({
  kind,
  acknowledge = [],
  minimumTrustSoakDays: days,
  confirmedBundle,
  clientStacks = [],
}: LedgerInputs): Problem[] {
  const kinds: readonly string[] = Object.values(AuthorityKind);
  const problems: Problem[] = [
    ...checkAcknowledgements(acknowledge, now()),
    ...checkClientStacks(clientStacks),
  ];
  if (kind !== undefined && !kinds.includes(kind)) {
    problems.push({
      path: "kind",
      message: `${quote(kind)} is no kind of CA; write one of ${kinds.join(", ")}.`,
    });
  }
  if (days !== undefined && !(days >= 0 && days <= 3650)) {
    problems.push({
      path: "minimumTrustSoakDays",
      message: `${quote(days)} is no time to wait; write days from 0 to 3650.`,
    });
  }
  if (
    confirmedBundle !== undefined &&
    !/^[0-9a-f]{64}$/.test(confirmedBundle)
  ) {
    problems.push({
      path: "confirmedBundle",
      message: `${quote(confirmedBundle)} is no SHA-256; write the 64 lowercase hex digits that the update which published the bundle printed.`,
    });
  }
  return problems;
}

function refusedStacks(inputs: LedgerInputs): readonly Problem[] {
  return applyAcknowledgements(
    checkStacksOf(inputs),
    inputs.acknowledge ?? [],
    now(),
  ).refused;
}

/** Of a generation that this update makes, the state is known and neither certificate nor key is; of one that it renews, the key is. */
function withoutUnknown(
  inputs: LedgerInputs,
  unknown: readonly string[],
): LedgerInputs {
  return {
    ...inputs,
    generations: Object.fromEntries(
      Object.entries(inputs.generations).map(([id, generation]) => {
        const isUnknown = (member: string) =>
          unknown.includes(`generations.${id}.${member}`);
        const { certificatePem, publicKeyPem, ...rest } = generation;
        return [
          id,
          {
            ...rest,
            ...(certificatePem !== undefined &&
              !isUnknown("certificatePem") && { certificatePem }),
            ...(publicKeyPem !== undefined &&
              !isUnknown("publicKeyPem") && { publicKeyPem }),
          },
        ];
      }),
    ),
  };
}

/** Refuses a change that cuts somebody off, and shows what one that does not comes to. */
async function reviewChange(
  urn: string,
  before: LedgerEvidence,
  inputs: LedgerInputs,
): Promise<void> {
  const { acknowledge = [], confirmedBundle } = inputs;
  const at = now();
  const reading = readChange(
    before,
    generationsAfter(inputs.generations),
    {
      minimumTrustSoak: soakOf(inputs),
      ...(confirmedBundle !== undefined && { confirmedBundle }),
    },
    at,
  );
  await admit(
    urn,
    [...reading.refusals, ...checkNewcomers(reading.transition, inputs)],
    acknowledge,
  );
  for (const acknowledgement of activeAcknowledgements(acknowledge, at)) {
    await inform(urn, formatAcknowledgement(acknowledgement), "warning");
  }
  if (reading.transition !== undefined) {
    await inform(urn, tableOf(urn, reading.transition, before, inputs));
  }
}

/** Those of before were taken over as they are; a new one can still be made without its flaws (I7, I11). */
function checkNewcomers(
  transition: Transition | undefined,
  { generations }: LedgerInputs,
): Refusal[] {
  return (transition?.moves ?? [])
    .filter(({ from }) => from === undefined)
    .flatMap(({ id }) => {
      const pem = generations[id]?.certificatePem;
      return pem === undefined
        ? []
        : checkCertificateForm(pem, `generations.${id}.certificatePem`);
    });
}

function tableOf(
  urn: string,
  transition: Transition,
  before: LedgerEvidence,
  inputs: LedgerInputs,
): string {
  const at = now();
  const minimumTrustSoak = soakOf(inputs);
  const { confirmedBundle, generations } = inputs;
  const unmade = unmadeGenerations(before, inputs);
  const after = recordEvidence(
    before,
    { ...generationsAfter(generations), ...unmade },
    Object.keys(unmade).length > 0 ? "" : bundleHash(inputs),
    at,
  );
  const next = nextStep(after, [], minimumTrustSoak, at);
  return phaseTable({
    authority: nameOf(urn).replace(/-authority$/, ""),
    kind: kindOf(inputs),
    transition,
    before,
    after,
    live: [],
    minimumTrustSoak,
    ...(confirmedBundle !== undefined && { confirmedBundle }),
    linkedBy: Object.fromEntries(
      Object.entries(generations).flatMap(([id, { linkedBy }]) =>
        linkedBy === undefined ? [] : [[id, linkedBy]],
      ),
    ),
    next,
    now: at,
  })
    .replace(/^bundle: $/m, "bundle: known after the update")
    .replace(/^next: .*$/m, (line) => retirementOf(next) ?? line);
}

/** Those that this update makes: their states are known in a preview, and their keys are not. */
function unmadeGenerations(
  { generations: known }: LedgerEvidence,
  { generations }: LedgerInputs,
): Record<string, GenerationAfter> {
  return Object.fromEntries(
    Object.entries(generations).flatMap(
      ([id, { state, certificatePem, publicKeyPem }]) =>
        certificatePem !== undefined ||
        publicKeyPem !== undefined ||
        state === GenerationState.Retired ||
        known[id] !== undefined
          ? []
          : [[id, { state, facts: unknownFacts(id) }]],
    ),
  );
}

function unknownFacts(id: string): CertificateFacts {
  return {
    fingerprintSha256: "",
    subjectKeyIdentifier: `of ${id}`,
    subject: "",
    notAfter: "",
  };
}

/** What was issued below is known to the resources that hold it, and not to a ledger: it cannot name the day. */
function retirementOf({ change }: NextStep): string | undefined {
  const ids = Object.keys(change).filter(
    (id) => change[id] === GenerationState.Retired,
  );
  return ids.length === 0
    ? undefined
    : `next: make ${ids.join(", ")} retired once no valid certificate chains to it; until then each resource that issued one refuses that (I4), with the day`;
}

function bundleOf({ rootTrustAnchorsPem, generations }: LedgerInputs): string {
  return rootTrustAnchorsPem ?? trustBundle(generations);
}

function bundleHash(inputs: LedgerInputs): string {
  return createHash("sha256").update(bundleOf(inputs)).digest("hex");
}

function outputs(
  inputs: LedgerInputs,
  before: LedgerEvidence | undefined,
): Properties {
  const { allowClockOverride, ...ledger } = inputs;
  const { generations, issuerChainPem, rootTrustAnchorsPem } = ledger;
  const [activeGeneration, active] = Object.entries(generations).find(
    ([, { state }]) => state === GenerationState.Active,
  ) ?? ["", { certificatePem: "" }];
  const { certificatePem = "" } = active;
  const evidence = datedEvidence(
    (at) =>
      recordEvidence(
        before,
        generationsAfter(generations),
        bundleHash(inputs),
        at,
      ),
    allowClockOverride,
  );
  return {
    ...ledger,
    activeGeneration,
    certificatePem,
    // Clients have the root already, and some refuse a chain that repeats it.
    chainPem:
      rootTrustAnchorsPem === undefined
        ? ""
        : joinCertificates(certificatePem, issuerChainPem ?? ""),
    trustAnchorsPem: bundleOf(inputs),
    bundleSha256: evidence.bundleSha256,
    bundlePublished: evidence.bundlePublished,
    evidence: evidence.generations,
    tombstones: evidence.tombstones,
  };
}
