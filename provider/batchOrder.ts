import { hash } from "node:crypto";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import type { Device } from "../pki/batch/device";
import type { LargeBatchOrder } from "../pki/batch/issuance/issueLargeBatch";
import type { Shard } from "../pki/batch/shard";
import type { Problem } from "../pki/problem";
import { InputError, quote, uniqueProblems } from "../pki/problem";
import { deviceCheck } from "./bundleChecks";
import { bundleOrderOf } from "./bundleOrder";
import { checkBatch } from "./deviceBatchChecks";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { deviceBatchInputs } from "./deviceBatchInputs";
import { OutputFormat } from "./largeBatchInputs";
import { required, signer } from "./schema";
import { readSigner } from "./signer";

/** Marks the JSON of a batch's order. */
export const ORDER_SCHEMA = "mqtt-pki/batch-order/1";

/**
 * A batch's order: what a stack asks for in a `DeviceBatch`, but for what is
 * secret and what each machine has of its own.
 */
const orderSchema = deviceBatchInputs
  .omit({
    signer: true,
    outputDirectory: true,
    format: true,
    keystore: true,
    postgresql: true,
    secretShards: true,
    shard: true,
    allowClockOverride: true,
  })
  .extend({
    schema: z.literal(ORDER_SCHEMA),
    /** Of the batch; each folder of a shard is marked with it. */
    name: z
      .string()
      .regex(
        /^[\w.@/-]{1,200}$/,
        "is no name of a batch; write 1 to 200 letters, digits and ._@/-",
      ),
    signer: signer
      .omit({ privateKeyPem: true })
      .required({ certificatePem: true, trustAnchorsPem: true }),
  });

/** See {@link orderSchema}. */
export type BatchOrder = z.infer<typeof orderSchema>;

/** An order as it was read from its file. */
export interface ReadOrder {
  readonly order: BatchOrder;
  /** Over the file, lowercase hex. */
  readonly sha256: string;
}

/**
 * Reads an order. A list that it names is looked for from the folder of the
 * order's file on.
 *
 * @param path of the file, for messages and the list
 * @throws InputError with all that is wrong
 */
export function readOrder(text: string, path: string): ReadOrder {
  const refuse = (problems: readonly Problem[]): never => {
    throw new InputError(
      problems.map(({ path: member, message }) => ({
        path: member === "" ? path : `${path}: ${member}`,
        message,
      })),
    );
  };
  if (text.includes("PRIVATE KEY")) {
    refuse([
      {
        path: "",
        message:
          "holds a private key, and an order is no place for one; name the key's file with --signer-key.",
      },
    ]);
  }
  let order: BatchOrder;
  try {
    order = required(orderSchema, parsed(text));
  } catch (error) {
    return refuse(
      error instanceof InputError
        ? error.problems
        : [
            {
              path: "",
              message: "is no JSON; give the order that the stack wrote.",
            },
          ],
    );
  }
  return {
    order: {
      ...order,
      ...(order.manifest !== undefined && {
        manifest: from(path, order.manifest),
      }),
      ...(order.requests !== undefined && {
        requests: from(path, order.requests),
      }),
    },
    sha256: hash("sha256", text),
  };
}

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (
    typeof value !== "object" ||
    value === null ||
    !("schema" in value) ||
    value.schema !== ORDER_SCHEMA
  ) {
    throw new InputError([
      {
        path: "schema",
        message: `is not ${quote(ORDER_SCHEMA)}: this is no order of a batch, or one for another version of this program; give the order that the stack wrote.`,
      },
    ]);
  }
  return value;
}

function from(order: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(order), path);
}

/** What one machine adds to an order. */
export interface ShardSurroundings {
  readonly shard: Shard;
  readonly outputDirectory: string;
  /** The CA's key; PEM. */
  readonly privateKeyPem: string;
  /** Of a PKCS#12 store for each device; left out for none. */
  readonly keystorePassword?: string;
  /** When the certificates are signed, UTC. */
  readonly at: Date;
  /** Whether nothing was issued here yet: then each device is held against its issuer. */
  readonly isNew: boolean;
}

/** A shard that is ready to be issued. */
export interface OrderedShard {
  readonly batch: LargeBatchOrder;
  /** What is wrong with a device; see `LargeBatchHooks`. */
  readonly check: (device: Device) => readonly Problem[];
}

/**
 * Makes an order and a machine's own a run of `issueLargeBatch`, by the same
 * checks as in the preview of a stack.
 *
 * @throws InputError with all that is wrong: also for a key that is not the issuer's
 */
export async function orderShard(
  order: BatchOrder,
  surroundings: ShardSurroundings,
): Promise<OrderedShard> {
  const { at, isNew } = surroundings;
  const inputs = inputsOf(order, surroundings);
  const signer = await readSigner(inputs.signer).catch(otherwise);
  const { problems } = await checkBatch(inputs, []);
  if (problems.length > 0) {
    throw new InputError(uniqueProblems(problems));
  }
  return {
    batch: bundleOrderOf(inputs, signer, at),
    check: deviceCheck(inputs, [], isNew),
  };
}

const KEY = "--signer-key";

/** The key is named by an option here, and its certificate by the order. */
function otherwise(error: unknown): never {
  if (error instanceof InputError) {
    throw new InputError(
      error.problems.map(({ path, message }) => ({
        path: path === "signer.privateKeyPem" ? KEY : path,
        message: message.replace(
          "is not the key of signer.certificatePem; give certificate and key of the same CA.",
          "is not the key of the order's signer.certificatePem; name the file with the key of that CA.",
        ),
      })),
    );
  }
  throw error;
}

function inputsOf(
  { name, schema, signer: issuer, ...order }: BatchOrder,
  {
    shard,
    outputDirectory,
    privateKeyPem,
    keystorePassword,
  }: ShardSurroundings,
): DeviceBatchInputs {
  return {
    ...order,
    format: OutputFormat.Bundles,
    outputDirectory,
    shard: { ...shard },
    ...(keystorePassword !== undefined && {
      keystore: { password: keystorePassword },
    }),
    signer: { ...issuer, privateKeyPem },
  };
}
