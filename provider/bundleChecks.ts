import { tmpdir } from "node:os";
import { readIssuer } from "../pki/authority";
import type { Device } from "../pki/batch/device";
import type { ListedDevices } from "../pki/batch/issuance/deviceList";
import { listDevices } from "../pki/batch/issuance/deviceList";
import { readNameConstraints } from "../pki/nameConstraints";
import type { Problem } from "../pki/problem";
import { InputError, quote } from "../pki/problem";
import type { x509 } from "../pki/webcrypto";
import { checkUnderSigner } from "./deviceBatchChecks";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { profileOf, sourceOf } from "./deviceBatchInputs";
import { ReadingProgress } from "./progress";
import { isDiskFull } from "./diskFull";

/** Looks at one device; nothing where all is well. */
type DeviceCheck = (device: Device) => readonly Problem[];

const NONE: readonly Problem[] = [];

/**
 * Reads the list of a large batch to its end.
 *
 * @param check of each device beside its own form
 * @throws InputError with all that is wrong
 */
export async function listBatch(
  urn: string,
  inputs: DeviceBatchInputs,
  check?: DeviceCheck,
): Promise<ListedDevices> {
  const progress = new ReadingProgress(urn);
  try {
    return await listDevices(sourceOf(inputs), profileOf(inputs), {
      shard: inputs.shard,
      check,
      read: (devices) => progress.advance(devices),
    });
  } catch (error) {
    if (!isDiskFull(error)) {
      throw error;
    }
    throw new InputError([
      {
        path: "",
        message: `The list of devices does not fit into ${quote(tmpdir())}, the folder for temporary files, where it takes about 50 MB for a million devices that say no more than their ids. Make room there, or name another folder by TMPDIR; nothing was issued.`,
      },
    ]);
  }
}

/**
 * What the CAs above have to say about each device. Where they constrain no
 * names it hangs on the validity alone, and is found out once for each.
 *
 * @param isNew whether nothing was issued yet, so that each device is signed in this update
 */
export function deviceCheck(
  inputs: DeviceBatchInputs,
  unknown: readonly string[],
  isNew: boolean,
): DeviceCheck {
  const pem = inputs.signer.certificatePem;
  const issuer =
    pem === undefined ? undefined : readIssuer(pem, "signer.certificatePem");
  const check: DeviceCheck = (device) =>
    checkUnderSigner(inputs, device, issuer, unknown, isNew);
  if (looksAtNames(inputs, issuer)) {
    return check;
  }
  const good = new Set<number | undefined>();
  return (device) => {
    if (good.has(device.validityDays)) {
      return NONE;
    }
    const problems = check(device);
    if (problems.length === 0) {
      good.add(device.validityDays);
    }
    return problems;
  };
}

function looksAtNames(
  { signer }: DeviceBatchInputs,
  issuer: x509.X509Certificate | undefined,
): boolean {
  return (
    Object.keys(signer.signingPolicy ?? {}).length > 0 ||
    (signer.authorities ?? []).some(
      ({ nameConstraints }) => nameConstraints !== undefined,
    ) ||
    (issuer !== undefined && readNameConstraints(issuer) !== undefined)
  );
}
