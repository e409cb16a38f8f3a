import { z } from "zod";
import type { CombinedResult } from "../pki/batch/issuance/shardResult";
import { combineShards } from "../pki/batch/issuance/shardResult";
import { InputError } from "../pki/problem";
import { checkResult } from "./checks";
import { readJobResults } from "./jobResults";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";

/** Which run of which Job is meant: a change of any of them is another result. */
const identity = {
  job: z.string(),
  namespace: z.string(),
  jobUid: z.string(),
  orderSha256: z.string(),
};

const inputsSchema = z.strictObject({
  ...identity,
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
});

const outputsSchema = z.object(identity);

/**
 * `mqtt-pki:index:BatchJobResult`: what the pods of an Indexed Job issued, read
 * once when the Job is complete. It is kept in the state, since the pods are
 * not kept for ever.
 */
export const batchJobResult: CustomResource = {
  check(_urn, _oldInputs, news) {
    const { problems } = schema.parse(inputsSchema, news);
    return Promise.resolve(checkResult(news, problems));
  },

  diff(_id, _urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    const changes =
      inputs === undefined ||
      old === undefined ||
      unknown.length > 0 ||
      Object.keys(identity).some(
        (name) =>
          inputs[name as keyof typeof identity] !==
          old[name as keyof typeof identity],
      );
    return Promise.resolve({ changes });
  },

  async create(urn, inputs) {
    return { id: nameOf(urn), outs: await collected(inputs) };
  },

  async update(_id, _urn, _olds, news) {
    return { outs: await collected(news) };
  },

  delete() {
    // What was issued stays where it is; there is nothing here to undo.
    return Promise.resolve();
  },
};

async function collected(properties: Properties): Promise<Properties> {
  const { kubeconfig, context, ...asked } = schema.required(
    inputsSchema,
    properties,
  );
  const result = combineShards(
    await readJobResults({
      job: asked.job,
      namespace: asked.namespace,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    }),
  );
  refuseOtherOrder(result, asked.orderSha256);
  return { ...result, ...asked };
}

function refuseOtherOrder(
  { orderSha256 }: CombinedResult,
  asked: string,
): void {
  if (orderSha256 !== asked) {
    throw new InputError([
      {
        path: "job",
        message: `issued by the order ${orderSha256.slice(0, 12)}…, and ${asked.slice(0, 12)}… was asked for; let its pods mount the present one.`,
      },
    ]);
  }
}
