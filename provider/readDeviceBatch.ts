import { z } from "zod";
import { DeviceStatus } from "../pki/batch/inventory";
import { shardOf } from "../pki/batch/shard";
import { InputError, quote } from "../pki/problem";
import { OutputDirectory } from "./outputDirectory";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { secret } from "./wire";

const argumentsSchema = z.strictObject({
  outputDirectory: z.string(),
  /** The digest of the batch, so that the files are read after they were written. */
  digest: z.string(),
  shard: z.number(),
  shards: z.number(),
});

/**
 * `mqtt-pki:index:readDeviceBatch`: chains and keys of a shard of a batch, as
 * the data of a Kubernetes Secret. A device stays in its shard as long as the
 * number of shards is the same.
 */
export function readDeviceBatch(args: Properties): Properties {
  const value = schema.required(argumentsSchema, args);
  const directory = new OutputDirectory(value.outputDirectory);
  const data: Record<string, string> = {};
  for (const { id, status } of directory.inventory() ?? []) {
    if (
      status !== DeviceStatus.Active ||
      shardOf(id, value.shards) !== value.shard
    ) {
      continue;
    }
    const device = directory.read(id);
    if (device === undefined) {
      throw new InputError([
        {
          path: "outputDirectory",
          message: `${quote(value.outputDirectory)} holds no certificate of ${quote(id)}, which its inventory names; run the update again.`,
        },
      ]);
    }
    if (device.keySealed) {
      throw new InputError([
        {
          path: "outputDirectory",
          message: `${quote(value.outputDirectory)} holds the private key of ${quote(id)} sealed, and Secrets need it plain; leave output.kubernetes out, or set reissue to a new text to issue every device a new key.`,
        },
      ]);
    }
    data[`${id}.chain.pem`] = device.chainPem;
    data[`${id}.key.pem`] = device.privateKeyPem;
  }
  return { data: secret(data) };
}
