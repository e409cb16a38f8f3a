import type { Problem } from "../pki/problem";
import type { DeviceBatchInputs } from "./deviceBatchInputs";

/** A Kubernetes object holds at most 1 MiB, over the raw values (core/v1 MaxSecretSize). */
const MAXIMUM = 1024 * 1024;

/**
 * Refuses, at preview, device Secrets that Kubernetes would refuse: first by
 * an estimate a device, since nothing has been issued yet.
 */
export function checkSecretSize(
  devices: number,
  inputs: DeviceBatchInputs,
): Problem[] {
  const shards = inputs.secretShards;
  if (shards === undefined) {
    return [];
  }
  const path = "output.kubernetes.shards";
  if (!Number.isInteger(shards) || shards < 1 || shards > 32) {
    return [
      {
        path,
        message: `${shards} is no number of Secrets; write 1 to 32, and no Secrets at all for larger batches.`,
      },
    ];
  }
  const each = bytesPerDevice(inputs);
  const needed = Math.ceil((devices * each) / (MAXIMUM * 0.9));
  if (needed <= shards) {
    return [];
  }
  return [
    {
      path,
      message:
        `${devices} devices of about ${each} bytes do not fit ${shards === 1 ? "one Secret" : `${shards} Secrets`} of 1 MiB; ` +
        (needed <= 32
          ? `write ${needed}.`
          : "leave output.kubernetes out and take the files of output.directory."),
    },
  ];
}

function bytesPerDevice(inputs: DeviceBatchInputs): number {
  const rsa = inputs.key.algorithm === "RSA";
  const chain = inputs.signer.chainPem?.length ?? 800;
  const root =
    inputs.includeRoot === true
      ? (inputs.signer.trustAnchorsPem?.length ?? 800)
      : 0;
  const bits = inputs.key.rsaBits ?? 2048;
  // Certificate and key as PEM, and the two names they are kept under.
  const own = rsa ? 900 + bits / 3 + bits : 1_000 + 400;
  return Math.ceil(own + chain + root + 2 * 72);
}
