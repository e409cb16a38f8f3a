import { X509Certificate, createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readIssuer } from "../pki/authority";
import { keyIdentifier, publicKeyDer } from "../pki/key";
import { joinCertificates } from "../pki/pem";
import type { Problem } from "../pki/problem";
import { formatDate } from "../pki/validity";
import {
  GenerationState,
  checkGenerations,
  trustBundle,
} from "../rotation/generation";
import { attempt, checkResult } from "./checks";
import { signingTime } from "./clock";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";

const ledgerFields = {
  generations: z.record(
    z.string(),
    z.strictObject({ state: z.string(), certificatePem: z.string() }),
  ),
  /** For an intermediate: its issuer's chain, without the root. */
  issuerChainPem: z.string().exactOptional(),
  /** For an intermediate: the anchors of the root it hangs from. */
  rootTrustAnchorsPem: z.string().exactOptional(),
};

const inputsSchema = z.strictObject({
  ...ledgerFields,
  allowClockOverride: z.boolean().exactOptional(),
});

const evidenceSchema = z.record(
  z.string(),
  z.object({
    state: z.string(),
    firstPublished: z.string(),
    fingerprintSha256: z.string(),
    subjectKeyIdentifier: z.string(),
    notAfter: z.string(),
  }),
);

const outputsSchema = z.object({
  ...ledgerFields,
  evidence: evidenceSchema,
});

type Inputs = z.infer<typeof inputsSchema>;
type Evidence = z.infer<typeof evidenceSchema>;

/**
 * `mqtt-pki:index:CertificateAuthority`: the ledger of a CA's generations.
 * States are what the code says; the evidence (when a generation was first
 * published, and as what) is what earlier updates really did.
 */
export const certificateAuthority: CustomResource = {
  check(_urn, _oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return Promise.resolve(checkResult(news, problems));
    }
    const stateUnknown = unknown.some((path) =>
      /^generations(\.[^.]+(\.state)?)?$/.test(path),
    );
    const found = [
      // With a state still unknown, that one may be the active one.
      ...(stateUnknown ? [] : checkGenerations(draft.generations)),
      ...Object.entries(draft.generations).flatMap(([id, generation]) =>
        checkCertificate(`generations.${id}.certificatePem`, generation),
      ),
    ];
    return Promise.resolve(
      checkResult(news, schema.knownProblems(unknown, found)),
    );
  },

  diff(_id, _urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      return Promise.resolve({ changes: true });
    }
    const { evidence, ...before } = old;
    const { allowClockOverride, ...after } = inputs;
    return Promise.resolve({ changes: !isDeepStrictEqual(before, after) });
  },

  create(urn, inputs) {
    return Promise.resolve({
      id: nameOf(urn),
      outs: outputs(schema.required(inputsSchema, inputs), {}),
    });
  },

  update(_id, _urn, olds, news) {
    const { evidence } = schema.required(outputsSchema, olds);
    return Promise.resolve({
      outs: outputs(schema.required(inputsSchema, news), evidence),
    });
  },

  delete() {
    return Promise.resolve();
  },
};

function checkCertificate(
  path: string,
  { certificatePem }: { certificatePem: string },
): readonly Problem[] {
  return attempt(() => {
    readIssuer(certificatePem, path);
  });
}

function outputs(inputs: Inputs, before: Evidence): Properties {
  const { allowClockOverride, ...ledger } = inputs;
  const { generations, issuerChainPem, rootTrustAnchorsPem } = ledger;
  const [activeGeneration, active] = Object.entries(generations).find(
    ([, { state }]) => state === GenerationState.Active,
  ) ?? ["", { certificatePem: "" }];
  const trustAnchorsPem = rootTrustAnchorsPem ?? trustBundle(generations);
  return {
    ...ledger,
    activeGeneration,
    certificatePem: active.certificatePem,
    // Clients have the root already, and some refuse a chain that repeats it.
    chainPem:
      rootTrustAnchorsPem === undefined
        ? ""
        : joinCertificates(active.certificatePem, issuerChainPem ?? ""),
    trustAnchorsPem,
    bundleSha256: createHash("sha256").update(trustAnchorsPem).digest("hex"),
    evidence: collectEvidence(inputs, before),
  };
}

function collectEvidence(inputs: Inputs, before: Evidence): Evidence {
  return Object.fromEntries(
    Object.entries(inputs.generations).map(
      ([id, { state, certificatePem }]) => {
        const certificate = new X509Certificate(certificatePem);
        return [
          id,
          {
            state,
            firstPublished:
              before[id]?.firstPublished ??
              // Evidence for the soak time: no foreign clock may date it.
              formatDate(signingTime(inputs.allowClockOverride)),
            fingerprintSha256: createHash("sha256")
              .update(certificate.raw)
              .digest("hex"),
            subjectKeyIdentifier: keyIdentifier(
              publicKeyDer(certificate.publicKey),
            ),
            notAfter: formatDate(new Date(certificate.validTo)),
          },
        ];
      },
    ),
  );
}
