import { BundleFormat, Compression } from "../pki/batch/bundles/layout";
import type { LargeBatchOrder } from "../pki/batch/issuance/issueLargeBatch";
import type { Signer } from "../pki/certificate";
import { readPrivateKey } from "../pki/key";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { profileOf, sourceOf } from "./deviceBatchInputs";
import { chainSuffix } from "./deviceIssuance";
import { OnRemoval } from "./largeBatchInputs";
import { issuerKeyIdentifier } from "./signer";

/**
 * What the inputs of a batch come to for the run that issues it.
 *
 * @param signer as `readSigner` made it ready
 * @param at when the certificates are signed, UTC
 */
export function bundleOrderOf(
  inputs: DeviceBatchInputs,
  signer: Signer,
  at: Date,
): LargeBatchOrder {
  const { bundles = {}, keystore, listSha256, shard } = inputs;
  const { chainPem = "", trustAnchorsPem = "", generations } = inputs.signer;
  return {
    directory: inputs.outputDirectory,
    profile: profileOf(inputs),
    source: sourceOf(inputs),
    ...(shard !== undefined && { shard }),
    ...(listSha256 !== undefined && { listSha256 }),
    signer,
    signingKey: readPrivateKey(
      inputs.signer.privateKeyPem ?? "",
      "signer.privateKeyPem",
    ),
    issuer: issuerKeyIdentifier(inputs.signer),
    generation: generations?.find(({ state }) => state === "active")?.id ?? "",
    issuerChainPem: chainPem,
    trustAnchorsPem,
    chainPem: chainSuffix(inputs),
    options: {
      format: bundles.format ?? BundleFormat.Ndjson,
      compression: bundles.compression ?? Compression.Zstd,
    },
    ...devicesPerBundle(inputs),
    recipients: inputs.seal?.recipients ?? [],
    ...(keystore !== undefined && { keystorePassword: keystore.password }),
    newKeyOnRenewal: inputs.newKeyOnRenewal === true,
    reissue: inputs.reissue ?? "",
    revokeRemoved: inputs.onRemoval === OnRemoval.Revoke,
    at,
  };
}

/**
 * RSA keys take so long that a bundle of the usual size would keep one core
 * busy for minutes, the others idle, and all of it would be lost in a kill.
 */
const RSA_DEVICES_PER_BUNDLE = 500;

function devicesPerBundle({
  key,
  bundles,
}: DeviceBatchInputs): Pick<LargeBatchOrder, "devicesPerBundle"> {
  const devices =
    bundles?.devices ??
    (key.algorithm === "RSA" ? RSA_DEVICES_PER_BUNDLE : undefined);
  return devices === undefined ? {} : { devicesPerBundle: devices };
}
