import { readIssuer } from "../pki/authority";
import type { Device } from "../pki/batch/device";
import { DeviceListing } from "../pki/batch/issuance/listing";
import { ProblemList, readDeviceList } from "../pki/batch/manifest";
import { compileTemplates } from "../pki/batch/nameTemplates";
import type { InventoryDatabase } from "../pki/batch/inventory/database";
import { readNameConstraints } from "../pki/nameConstraints";
import type { Problem } from "../pki/problem";
import { InputError } from "../pki/problem";
import type { x509 } from "../pki/webcrypto";
import { checkUnderSigner } from "./deviceBatchChecks";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { profileOf, sourceOf } from "./deviceBatchInputs";
import { inShard } from "../pki/batch/shard";

/** The devices of a large batch beside its inventory, and the digest of their list. */
export interface ListedBatch {
  readonly listing: DeviceListing;
  /** See `digestOfSource`. */
  readonly sha256: string;
}

/** Looks at one device; nothing where all is well. */
type DeviceCheck = (device: Device) => readonly Problem[];

const NONE: readonly Problem[] = [];

/**
 * Reads the list of a large batch to its end, into a table beside the
 * inventory. Nothing is issued before that.
 *
 * @param check of each device beside its own form
 * @throws InputError with all that is wrong
 */
export async function listBatch(
  inputs: DeviceBatchInputs,
  inventory: InventoryDatabase,
  check: DeviceCheck = () => NONE,
): Promise<ListedBatch> {
  const profile = profileOf(inputs);
  const problems = new ProblemList();
  const list = readDeviceList(sourceOf(inputs), {
    templates: compileTemplates(profile),
    problems,
  });
  const listing = new DeviceListing(inventory, profile);
  for await (const all of list) {
    const devices = inShard(all, inputs.shard);
    for (const device of devices) {
      problems.addAll(check(device));
    }
    listing.add(devices);
  }
  problems.addAll(listing.finish());
  problems.refuse();
  return { listing, sha256: list.digest() };
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

/** Refuses a list that is not the one that was checked. */
export function refuseChanged(
  inputs: DeviceBatchInputs,
  { sha256 }: ListedBatch,
): void {
  if (inputs.listSha256 !== undefined && inputs.listSha256 !== sha256) {
    throw new InputError([
      {
        path: inputs.requests === undefined ? "manifest" : "requests",
        message:
          "changed while the update ran; nothing was issued from it. Run the update again, with its preview.",
      },
    ]);
  }
}
