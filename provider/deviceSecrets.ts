import type { Device } from "../pki/batch/device";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import type { DeviceBatchInputs } from "./deviceBatchInputs";

/** A Kubernetes object holds at most 1 MiB, over the raw values (core/v1 MaxSecretSize). */
const MAXIMUM = 1024 * 1024;

const SECRET_KEY = /^(?!\.\.)[-._A-Za-z0-9]+$/;

/**
 * Refuses, at preview, device Secrets that Kubernetes would refuse: by their
 * keys, and by an estimate of their size, since nothing has been issued yet.
 */
export function checkSecrets(
  devices: readonly Device[],
  inputs: DeviceBatchInputs,
): Problem[] {
  const shards = inputs.secretShards;
  if (shards === undefined) {
    return [];
  }
  if (inputs.seal !== undefined) {
    return [
      {
        path: "seal",
        message:
          "and output.kubernetes exclude each other: a Secret needs the plain key, which then stands in the stack's state and the cluster; keep one of them.",
      },
    ];
  }
  if (inputs.requests !== undefined) {
    return [
      {
        path: "output.kubernetes",
        message:
          "makes Secrets with private keys, and those of requests stay with their devices; leave it out.",
      },
    ];
  }
  return [
    ...devices
      .filter(({ id }) => !SECRET_KEY.test(id))
      .map(({ id, source }) => ({
        path: `${source}.id`,
        message: `${quote(id)} cannot be a key of a Kubernetes Secret (A-Z a-z 0-9 . _ -, and not ".." at the beginning); leave output.kubernetes out and take the files of output.directory.`,
      })),
    ...checkSize(devices, shards, inputs),
  ];
}

function checkSize(
  devices: readonly Device[],
  shards: number,
  inputs: DeviceBatchInputs,
): Problem[] {
  const path = "output.kubernetes.shards";
  if (!Number.isInteger(shards) || shards < 1 || shards > 32) {
    return [
      {
        path,
        message: `${shards} is no number of Secrets; write 1 to 32, and no Secrets at all for larger batches.`,
      },
    ];
  }
  const bytes = devices.reduce(
    (sum, device) => sum + bytesOf(device, inputs),
    0,
  );
  // A tenth is left for devices not spreading evenly.
  const needed = Math.ceil(bytes / (MAXIMUM * 0.9));
  if (needed <= shards) {
    return [];
  }
  return [
    {
      path,
      message:
        `${devices.length} devices with about ${Math.ceil(bytes / devices.length)} bytes each do not fit ${shards === 1 ? "one Secret" : `${shards} Secrets`} of 1 MiB; ` +
        (needed <= 32
          ? `write ${needed}.`
          : "leave output.kubernetes out and take the files of output.directory."),
    },
  ];
}

function bytesOf(device: Device, inputs: DeviceBatchInputs): number {
  const chain = inputs.signer.chainPem?.length ?? 800;
  const root =
    inputs.includeRoot === true
      ? (inputs.signer.trustAnchorsPem?.length ?? 800)
      : 0;
  const names = [...(device.dnsNames ?? []), ...(device.uris ?? [])];
  // Names stand in the certificate as base64, a third longer.
  const nameBytes =
    names.reduce((sum, { length }) => sum + length + 4, 0) * 1.4;
  const bits = inputs.key.rsaBits ?? 2048;
  // Certificate and key as PEM, and the two names they are kept under.
  const own =
    inputs.key.algorithm === "RSA" ? 900 + bits / 3 + bits : 1_000 + 400;
  return Math.ceil(own + nameBytes + chain + root + 2 * 72);
}
