import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readSubjectKeyIdentifier } from "../pki/authority";
import { formatDate } from "../pki/validity";
import { x509 } from "../pki/webcrypto";
import type { LiveCertificates } from "../rotation/liveCertificates";
import { addLive, unexpired } from "../rotation/liveCertificates";
import { certificateFacts } from "../rotation/evidence";
import { checkResult } from "./checks";
import { datedEvidence, now } from "./clock";
import {
  issuersOf,
  knownGenerations,
  liveFields,
  refuseLostTrust,
  withoutLost,
} from "./liveCertificates";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

const { certificatePem, chainPem, trustAnchorsPem, generations, acknowledge } =
  schema.signer.shape;
const fields = {
  certificatePem: certificatePem.unwrap(),
  chainPem,
  trustAnchorsPem,
  generations,
  acknowledge,
  longestDays: z.number(),
};

const inputsSchema = z.strictObject({
  ...fields,
  allowClockOverride: z.boolean().exactOptional(),
});
type Inputs = z.infer<typeof inputsSchema>;

const outputsSchema = z.object({
  ...fields,
  ...liveFields,
  issuers: z.array(z.string()),
});
type Outputs = z.infer<typeof outputsSchema>;

const DAY = 86_400_000;

/**
 * `mqtt-pki:index:ExportedAuthority`: what a CA has signed whose key was given
 * to another signer, as far as that can be known: something, until the day on
 * which it had the key for the last time, for as long as that signer issues.
 */
export const exportedAuthority: CustomResource = {
  check(_urn, _oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    const longest = draft?.longestDays ?? 1;
    return Promise.resolve(
      checkResult(news, [
        ...problems,
        ...(longest > 0 || isUnknown(unknown, "longestDays")
          ? []
          : [
              {
                path: "longestDays",
                message: `${longest} is no time; write how many days the certificates of that signer are valid at most.`,
              },
            ]),
      ]),
    );
  },

  async diff(_id, urn, olds, news) {
    const { draft, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (draft === undefined || old === undefined) {
      return { changes: true };
    }
    const { allowClockOverride, ...after } = draft;
    await refuseLostTrust(
      urn,
      [...(old.live ?? []), signedUntil(urn, old, now())],
      old.knownGenerations ?? [],
      after,
    );
    const before = Object.fromEntries(
      Object.keys(fields).flatMap((name) => {
        const value = old[name as keyof Outputs];
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
      outs: outputs(urn, schema.required(inputsSchema, inputs), undefined),
    });
  },

  update(_id, urn, olds, news) {
    return Promise.resolve({
      outs: outputs(
        urn,
        schema.required(inputsSchema, news),
        schema.required(outputsSchema, olds),
      ),
    });
  },

  delete() {
    return Promise.resolve();
  },
};

/** What was signed by the chain of the last update, if the signer has had its key until now. */
function signedUntil(
  urn: string,
  { issuers, longestDays }: Outputs,
  at: Date,
): LiveCertificates {
  return {
    name: nameOf(urn),
    count: 1,
    issuers,
    expiresLast: formatDate(new Date(at.getTime() + longestDays * DAY)),
  };
}

function outputs(
  urn: string,
  { allowClockOverride, ...inputs }: Inputs,
  old: Outputs | undefined,
): Properties {
  const issuers = chainOf(inputs);
  const record = (at: Date): LiveCertificates[] => {
    const before = unexpired(old?.live ?? [], at);
    return old === undefined || isDeepStrictEqual(old.issuers, issuers)
      ? before
      : addLive(before, signedUntil(urn, old, at), at);
  };
  const live = withoutLost(
    datedEvidence(record, allowClockOverride),
    old?.knownGenerations ?? [],
    inputs,
  );
  return {
    ...inputs,
    issuers,
    live: live.map((entry) => ({ ...entry, issuers: [...entry.issuers] })),
    knownGenerations: knownGenerations(inputs),
  };
}

/** The keys above what the CA signs: its own first. */
function chainOf(inputs: Omit<Inputs, "allowClockOverride">): string[] {
  const pem = inputs.certificatePem;
  return issuersOf(
    readSubjectKeyIdentifier(new x509.X509Certificate(pem)) ??
      certificateFacts(pem).subjectKeyIdentifier,
    inputs,
  );
}
