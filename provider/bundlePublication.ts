import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Publication } from "../rotation/publication";
import { checkPublication, recordPublication } from "../rotation/publication";
import { admit } from "./admission";
import { checkResult } from "./checks";
import { datedEvidence, now } from "./clock";
import { soakOf } from "./ledgerInputs";
import { knownGenerations, liveFields } from "./liveCertificates";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";

const fields = {
  place: z.string(),
  trustAnchorsPem: z.string(),
  ...schema.trust,
};

const inputsSchema = z.strictObject({
  ...fields,
  allowClockOverride: z.boolean().exactOptional(),
});
type Inputs = z.infer<typeof inputsSchema>;

const outputsSchema = z.object({
  ...fields,
  bundleSha256: z.string(),
  published: z.record(z.string(), z.string()),
  haveSigned: z.array(z.string()),
  knownGenerations: liveFields.knownGenerations,
});

/**
 * `mqtt-pki:index:BundlePublication`: since when an object has held each
 * generation of a trust bundle. It is registered behind the object, so that it
 * is written when the object has been, and in no update that failed before.
 */
export const bundlePublication: CustomResource = {
  check(_urn, _oldInputs, news) {
    const { problems } = schema.parse(inputsSchema, news);
    return Promise.resolve(checkResult(news, problems));
  },

  async diff(_id, urn, olds, news) {
    const { draft, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (draft === undefined || old === undefined) {
      return { changes: true };
    }
    const { confirmedBundle, acknowledge } = draft;
    const generations = knownGenerations(draft, old.knownGenerations);
    const soak = {
      minimumTrustSoak: soakOf(draft),
      ...(confirmedBundle !== undefined && { confirmedBundle }),
    };
    await admit(
      urn,
      checkPublication(draft.place, old, generations, soak, now()),
      acknowledge,
    );
    const { allowClockOverride, ...after } = draft;
    const before = Object.fromEntries(
      Object.keys(fields).flatMap((name) => {
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
      outs: outputs(schema.required(inputsSchema, inputs), undefined),
    });
  },

  update(_id, _urn, olds, news) {
    return Promise.resolve({
      outs: outputs(
        schema.required(inputsSchema, news),
        schema.required(outputsSchema, olds),
      ),
    });
  },

  delete() {
    return Promise.resolve();
  },
};

function outputs(inputs: Inputs, before: Publication | undefined): Properties {
  const { allowClockOverride, ...rest } = inputs;
  const known = knownGenerations(inputs);
  const sha256 = createHash("sha256")
    .update(inputs.trustAnchorsPem)
    .digest("hex");
  const publication = datedEvidence(
    (at) => recordPublication(before, known, sha256, at),
    allowClockOverride,
  );
  return { ...rest, ...publication, knownGenerations: known };
}
