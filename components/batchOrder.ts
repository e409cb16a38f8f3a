import * as pulumi from "@pulumi/pulumi";
import type { BundlesArgs, DeviceRangeArgs, SealArgs } from "../resources";
import type { DeviceProfileArgs } from "./deviceCertificateBatch";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey } from "./keyAndRequest";
import { defaultLifetime, renewalOf } from "./deviceLifetime";
import { lifetimeOf } from "./validity";

/** What a batch asks for, wherever it is issued. */
export interface BatchOrderArgs {
  /** A `RootCA`, an `IntermediateCA`, or the outputs of a CA made elsewhere. Its key is no part of the order. */
  issuer: Issuer;
  /** Path of the list, CSV or NDJSON, from the order's file on; or `range`. */
  manifest?: pulumi.Input<string>;
  /** Devices that differ by a number. */
  range?: pulumi.Input<DeviceRangeArgs>;
  profile?: DeviceProfileArgs;
  /** Put the root at the end of `chain.pem`. Default false. */
  includeRoot?: pulumi.Input<boolean>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
  /** A text; a new one issues every device a new key and certificate. */
  reissue?: pulumi.Input<string>;
  /** What becomes of a device that the list names no more: `record` or `revoke`. Default `record`. */
  onRemoval?: pulumi.Input<string>;
  /** How bundles are written. Default: NDJSON, zstd; 10,000 devices each, of RSA 500. */
  bundles?: pulumi.Input<BundlesArgs>;
  /** Who alone is to read the private keys: recipients of age. Default: whoever reads the volume. */
  seal?: pulumi.Input<SealArgs>;
}

/**
 * The order of a batch as `mqtt-pki batch issue` takes it: JSON, without any
 * secret. The same arguments give the same text.
 *
 * @param name of the batch
 * @example
 * ```ts
 * const order = batchOrder("gateways", { issuer: deviceCA, range: { id: "gateway-{number}", from: 1, to: 100_000 } });
 * ```
 */
export function batchOrder(
  name: string,
  args: BatchOrderArgs,
): pulumi.Output<string> {
  const { profile = {}, issuer, ...rest } = args;
  const { profileName, key, validity, validityDays, renewal, ...names } =
    profile;
  const { privateKeyPem, acknowledge, generations, ...signer } =
    signerOf(issuer);
  const { activeGeneration } = issuer;
  const order = {
    schema: "mqtt-pki/batch-order/1",
    name,
    ...rest,
    ...names,
    ...(profileName !== undefined && { profile: profileName }),
    key: completeKey(key),
    ...lifetimeOf(
      {
        ...(validity !== undefined && { validity }),
        ...(validityDays !== undefined && { validityDays }),
      },
      defaultLifetime(profileName),
    ),
    ...(renewal !== undefined && renewalOf(renewal)),
    signer: {
      ...signer,
      // Of all generations, only the one that signs: a step of a rotation that changes no certificate starts no run.
      ...(activeGeneration !== undefined && {
        generations: [
          { authority: "issuer", id: activeGeneration, state: "active" },
        ],
      }),
    },
  };
  return pulumi.output(order).apply((value) => `${json(value)}\n`);
}

/** Members by their names, so that the text does not hang on the order in which a program writes them. */
function json(value: unknown): string {
  return JSON.stringify(
    value,
    (_, member: unknown) =>
      typeof member === "object" && member !== null && !Array.isArray(member)
        ? Object.fromEntries(
            Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)),
          )
        : member,
    2,
  );
}
