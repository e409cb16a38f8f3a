import { z } from "zod";
import { BundleFormat, Compression } from "../pki/batch/bundles/layout";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";

/** How the devices of a batch are written. */
export const OutputFormat = {
  /** A folder for each device. */
  Files: "files",
  /** Many devices in a file, and an inventory in SQLite. */
  Bundles: "bundles",
} as const;

/** What becomes of a device that the list names no more. */
export const OnRemoval = { Record: "record", Revoke: "revoke" } as const;

/** What a `DeviceBatch` is asked for that only a large one needs. */
export const largeBatchFields = {
  /** One of {@link OutputFormat}; by the number of devices where left out. */
  format: z.string().exactOptional(),
  bundles: z
    .strictObject({
      format: z.string().exactOptional(),
      compression: z.string().exactOptional(),
      devices: z.number().exactOptional(),
    })
    .exactOptional(),
  seal: z.strictObject({ recipients: z.array(z.string()) }).exactOptional(),
  keystore: z.strictObject({ password: z.string() }).exactOptional(),
  onRemoval: z.string().exactOptional(),
  newKeyOnRenewal: z.boolean().exactOptional(),
  shard: z.strictObject({ index: z.number(), of: z.number() }).exactOptional(),
  postgresql: z.string().exactOptional(),
  /** SHA-256 of the list, which the plugin adds when it checks it. */
  listSha256: z.string().exactOptional(),
};

/** See {@link largeBatchFields}. */
export type LargeBatchFields = z.infer<
  z.ZodObject<typeof largeBatchFields, z.core.$strict>
>;

/** Every mistake in them that shows without the devices. */
export function checkLargeBatch(inputs: LargeBatchFields): Problem[] {
  const { format, bundles = {}, onRemoval, shard } = inputs;
  return [
    ...oneOf("output.format", format, Object.values(OutputFormat)),
    ...oneOf(
      "output.bundles.format",
      bundles.format,
      Object.values(BundleFormat),
    ),
    ...oneOf(
      "output.bundles.compression",
      bundles.compression,
      Object.values(Compression),
    ),
    ...wholeNumber("output.bundles.devices", bundles.devices, 100, 50_000),
    ...oneOf("onRemoval", onRemoval, Object.values(OnRemoval)),
    ...(shard === undefined
      ? []
      : [
          ...wholeNumber("shard.of", shard.of, 1, 100_000),
          ...(shard.of < 1
            ? []
            : wholeNumber("shard.index", shard.index, 0, shard.of - 1)),
        ]),
  ];
}

/** What a small batch cannot do, since it has no inventory in SQLite. */
export function checkSmallBatch(inputs: LargeBatchFields): Problem[] {
  const needs =
    'needs the inventory of bundles; set output.format to "bundles" for a new batch, or leave it out.';
  return [
    ...(inputs.postgresql === undefined
      ? []
      : [{ path: "output.postgresql", message: needs }]),
    ...(inputs.onRemoval === OnRemoval.Revoke
      ? [{ path: "onRemoval", message: `"${OnRemoval.Revoke}" ${needs}` }]
      : []),
  ];
}

function oneOf(
  path: string,
  value: string | undefined,
  allowed: readonly string[],
): Problem[] {
  return value === undefined || allowed.includes(value)
    ? []
    : [
        {
          path,
          message: `${quote(value)} is not known; write one of ${allowed.map(quote).join(", ")}.`,
        },
      ];
}

function wholeNumber(
  path: string,
  value: number | undefined,
  least: number,
  most: number,
): Problem[] {
  return value === undefined ||
    (Number.isInteger(value) && value >= least && value <= most)
    ? []
    : [
        {
          path,
          message: `${value} is out of range; write a whole number from ${least} to ${most}.`,
        },
      ];
}
