import type { KeyObject } from "node:crypto";
import { X509Certificate, createHash } from "node:crypto";
import { checkAgainstCertificate, readIssuer } from "../pki/authority";
import type { Device } from "../pki/batch/device";
import type { InventoryEntry } from "../pki/batch/inventory";
import {
  DeviceStatus,
  formatInventory,
  inventoryEntry,
} from "../pki/batch/inventory";
import { DeviceAction, planDevice } from "../pki/batch/plan";
import type { Signer } from "../pki/certificate";
import { issueCertificate } from "../pki/certificate";
import { verifyChain } from "../pki/chain";
import {
  describeKey,
  exportPkcs8,
  formatKeySpec,
  generateKey,
  publicKeyDer,
  readPrivateKey,
} from "../pki/key";
import type { CertificateOrder } from "../pki/order";
import { joinCertificates } from "../pki/pem";
import type { Problem } from "../pki/problem";
import { InputError, below } from "../pki/problem";
import { isInLastSixth } from "../pki/validity";
import { x509 } from "../pki/webcrypto";
import { rootOfChain } from "./chainRoot";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { orderFor, readDevices } from "./deviceBatchInputs";
import type { ProtectionInputs } from "./deviceProtection";
import { outdatedKeystores, secretFilesOf } from "./deviceProtection";
import { keepUp } from "./deviceUpkeep";
import type { StoredDevice } from "./outputDirectory";
import { inform } from "./engineLog";
import { leftOutOfRequests } from "./leftOutOfRequests";
import { OutputDirectory } from "./outputDirectory";
import { Progress } from "./progress";
import { nameOf } from "./resource";
import { issuerKeyIdentifier, readSigner } from "./signer";

/** One device, what it is to have, and what is to be done for it. */
export interface PlannedDevice {
  readonly device: Device;
  readonly order: CertificateOrder;
  /** One of {@link DeviceAction}. */
  readonly action: string;
  /** The key it has and keeps: it may sit where nobody can write a new one, or have made it itself. */
  readonly keptKey: DeviceKey | undefined;
  /** It is due, but its issuer ends too soon to sign it now; it is kept as long as it has time. */
  readonly waits: boolean;
  /** It had a certificate for this key before. */
  readonly had: boolean;
  /** Its key lies in a plain file, or did, and is to be sealed: see `seal`. */
  readonly unsealed: boolean;
}

/** A device's key as far as it is here. */
export interface DeviceKey {
  readonly publicKey: Buffer;
  /** PKCS#8; left out where the device made the key and keeps it, or it is sealed. */
  readonly privateKeyPem?: string;
  /** It is here and stays, and nobody can read it here. */
  readonly sealed?: boolean;
}

/**
 * What is to be done for each device, in the order of the manifest.
 *
 * @param reissue issue a new certificate and key to those that have one, too
 */
export async function planBatch(
  inputs: DeviceBatchInputs,
  at: Date,
  reissue: boolean,
): Promise<PlannedDevice[]> {
  const directory = new OutputDirectory(inputs.outputDirectory);
  const { certificatePem } = inputs.signer;
  const certificate =
    certificatePem === undefined
      ? undefined
      : readIssuer(certificatePem, "signer.certificatePem");
  const issuer = {
    keyIdentifier: issuerKeyIdentifier(inputs.signer),
    ...(certificate && { notAfter: certificate.notAfter }),
  };
  const devices = await readDevices(inputs);
  return devices.map((device) => {
    const order = orderFor(device, inputs);
    const stored = directory.read(device.id, device.request?.publicKey);
    const action =
      reissue && stored !== undefined
        ? DeviceAction.Reissue
        : planDevice(order, stored, issuer, at);
    const waits =
      action === DeviceAction.Renew &&
      stored !== undefined &&
      certificate !== undefined &&
      mayWait(order, stored, certificate, at);
    const newKey =
      reissue ||
      (inputs.newKeyOnRenewal === true && action === DeviceAction.Renew);
    const ownKey =
      newKey || device.request !== undefined
        ? undefined
        : usableKey(stored, order);
    return {
      device,
      order,
      action: waits ? DeviceAction.Keep : action,
      keptKey: device.request ?? ownKey,
      waits,
      had:
        device.request === undefined
          ? ownKey !== undefined
          : stored?.keyMatches === true,
      unsealed:
        inputs.seal !== undefined &&
        device.request === undefined &&
        directory.hasPlainSecrets(device.id),
    };
  });
}

/**
 * As for a single certificate: until its last sixth, one that is due waits for
 * an issuer that ends too soon, and is refused after that.
 */
function mayWait(
  order: CertificateOrder,
  stored: StoredDevice,
  issuer: x509.X509Certificate,
  at: Date,
): boolean {
  return (
    !isInLastSixth(new x509.X509Certificate(stored.certificatePem), at) &&
    checkAgainstCertificate(order, issuer, at).length > 0
  );
}

function usableKey(
  stored: StoredDevice | undefined,
  order: CertificateOrder,
): DeviceKey | undefined {
  if (stored?.keyMatches !== true) {
    return undefined;
  }
  const { publicKey } = new X509Certificate(stored.certificatePem);
  const kind = describeKey(publicKey);
  if (kind === undefined || formatKeySpec(kind) !== formatKeySpec(order.key)) {
    return undefined;
  }
  return stored.keySealed
    ? { publicKey: publicKeyDer(publicKey), sealed: true }
    : keyToWrite(readPrivateKey(stored.privateKeyPem, "key"));
}

function keyToWrite(key: KeyObject): DeviceKey & { privateKeyPem: string } {
  return { publicKey: publicKeyDer(key), privateKeyPem: exportPkcs8(key) };
}

/** `+12 new, 3 changed, 40 due, 9,945 unchanged` */
export function summary(
  plan: readonly PlannedDevice[],
  inputs: DeviceBatchInputs,
): string {
  const count = (action: string): string =>
    plan
      .filter((planned) => planned.action === action)
      .length.toLocaleString("en-US");
  const removed = removedEntries(inputs, plan).filter(
    ({ status }) => status === DeviceStatus.Active,
  ).length;
  const toSeal = plan.filter(
    ({ action, unsealed }) => unsealed && action === DeviceAction.Keep,
  ).length;
  return [
    `+${count(DeviceAction.Issue)} new`,
    `${count(DeviceAction.Reissue)} changed`,
    `${count(DeviceAction.Renew)} due`,
    `${count(DeviceAction.Keep)} unchanged`,
    ...(toSeal > 0 ? [`${toSeal.toLocaleString("en-US")} to be sealed`] : []),
    ...(removed > 0 ? [`${removed.toLocaleString("en-US")} removed`] : []),
  ].join(", ");
}

/** Devices the inventory knows and the manifest no longer names. */
function removedEntries(
  inputs: DeviceBatchInputs,
  plan: readonly PlannedDevice[],
): InventoryEntry[] {
  const named = new Set(plan.map(({ device }) => device.id));
  const inventory = new OutputDirectory(inputs.outputDirectory).inventory();
  return (inventory ?? []).filter(({ id }) => !named.has(id));
}

/** The inventory that the devices' folders make, with what the manifest no longer names as removed. */
function entriesOf(
  inputs: DeviceBatchInputs,
  plan: readonly PlannedDevice[],
): InventoryEntry[] {
  const directory = new OutputDirectory(inputs.outputDirectory);
  return [
    ...plan.flatMap(({ device }) => {
      const stored = directory.read(device.id, device.request?.publicKey);
      return stored === undefined
        ? []
        : [inventoryEntry(device.id, stored.certificatePem)];
    }),
    ...removedEntries(inputs, plan).map((entry) => ({
      ...entry,
      status: DeviceStatus.Removed,
    })),
  ];
}

/** What comes after a device's own certificate in its chain file. */
export function chainSuffix(inputs: DeviceBatchInputs): string {
  return joinCertificates(
    inputs.signer.chainPem ?? "",
    inputs.includeRoot === true ? rootOfChain(inputs.signer) : "",
  );
}

/** What stands in the output now; changes with every certificate, every removal and every chain. */
export function currentDigest(
  inputs: DeviceBatchInputs,
  plan: readonly PlannedDevice[],
): string {
  return digestOf(entriesOf(inputs, plan), inputs);
}

function digestOf(
  entries: readonly InventoryEntry[],
  inputs: DeviceBatchInputs,
): string {
  return createHash("sha256")
    .update(formatInventory(entries))
    .update(chainSuffix(inputs))
    .digest("hex");
}

/** What a batch came to. */
export interface BatchResult {
  /** Devices the manifest names. */
  readonly count: number;
  readonly digest: string;
  /** Devices that got a new key and certificate in this update. */
  readonly issued: number;
  /** Devices whose key got a new certificate in this update. */
  readonly renewed: number;
  /** When the first and the last certificate end, such as `2027-11-20T21:46:40Z`; empty without devices. */
  readonly expiresFirst: string;
  readonly expiresLast: string;
  readonly issuerKeyIdentifier: string;
}

/**
 * Carries out a plan, device by device, then writes the inventory. Killed
 * half-way, the next run finds what is there and issues only the rest.
 *
 * @param at when the certificates are signed, UTC
 * @param before what the last update's program said of keys. Without it the
 *   stores of unchanged devices are made anew, too, since their password may be
 *   another one; that takes some milliseconds a device.
 */
export async function issueBatch(
  urn: string,
  inputs: DeviceBatchInputs,
  at: Date,
  reissue: boolean,
  before?: ProtectionInputs,
): Promise<BatchResult> {
  const directory = new OutputDirectory(inputs.outputDirectory);
  const signer = await readSigner(inputs.signer);
  const plan = await planBatch(inputs, at, reissue);
  const leftOut = leftOutOfRequests(plan);
  if (leftOut !== undefined) {
    await inform(urn, leftOut, "warning");
  }
  const outdated = outdatedKeystores(plan, inputs);
  if (outdated !== undefined) {
    await inform(urn, outdated, "warning");
  }
  directory.claim(nameOf(urn));
  const progress = new Progress(urn, plan.length);
  for (const planned of plan) {
    const { id, request } = planned.device;
    const stored = directory.read(id, request?.publicKey);
    await (planned.action === DeviceAction.Keep && stored !== undefined
      ? keepUp(planned, stored, chainSuffix(inputs), inputs, directory, before)
      : carryOut(planned, inputs, signer, directory, at));
    await progress.advance();
  }
  const entries = entriesOf(inputs, plan);
  directory.writeInventory(entries);
  const signed = plan.filter(({ action }) => action !== DeviceAction.Keep);
  const issued = signed.filter(({ had }) => !had).length;
  const ends = entries
    .filter(({ status }) => status === DeviceStatus.Active)
    .map(({ notAfter }) => notAfter)
    .sort();
  return {
    count: plan.length,
    digest: digestOf(entries, inputs),
    issued,
    renewed: signed.length - issued,
    expiresFirst: ends[0] ?? "",
    expiresLast: ends.at(-1) ?? "",
    issuerKeyIdentifier: issuerKeyIdentifier(inputs.signer),
  };
}

async function carryOut(
  { device, order, keptKey, unsealed }: PlannedDevice,
  inputs: DeviceBatchInputs,
  signer: Signer,
  directory: OutputDirectory,
  at: Date,
): Promise<void> {
  const { id, request } = device;
  const key = keptKey ?? keyToWrite(generateKey(order.key));
  if (signer.certificate !== undefined) {
    refuse(device, checkAgainstCertificate(order, signer.certificate, at));
  }
  const { certificatePem, validity } = await issueCertificate(
    order,
    { publicKey: key.publicKey, key: order.key },
    signer,
    at,
  );
  const { chainPem = "", trustAnchorsPem = "" } = inputs.signer;
  refuse(
    device,
    // Its issuers may have been adopted as they are; what it is itself was made here.
    verifyChain(
      `${certificatePem}${chainPem}`,
      trustAnchorsPem,
      // One that begins later is looked at when it begins.
      validity.notBefore > at ? validity.notBefore : at,
      { strict: false },
    ),
  );
  const chainFile = `${certificatePem}${chainSuffix(inputs)}`;
  const { publicKey, privateKeyPem } = key;
  if (request !== undefined) {
    directory.removeOtherKeys(id, certificatePem);
  }
  directory.writeDevice(id, {
    secrets:
      privateKeyPem === undefined
        ? undefined
        : await secretFilesOf(
            id,
            { publicKey, privateKeyPem },
            chainFile,
            inputs,
          ),
    chainPem: chainFile,
    certificatePem,
  });
  if (unsealed && privateKeyPem === undefined) {
    directory.removePlainSecrets(id);
  }
}

function refuse(device: Device, problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new InputError(below(device.source, problems));
  }
}
