import { createHash } from "node:crypto";
import {
  checkKeystorePassword,
  makeDeviceKeystore,
} from "../pki/batch/deviceKeystore";
import { DeviceAction } from "../pki/batch/plan";
import { checkRecipients, seal, sealKey } from "../pki/batch/seal";
import type { Problem } from "../pki/problem";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import type { PlannedDevice } from "./deviceIssuance";
import type { SecretFile, SecretFiles } from "./secretFiles";

/**
 * In what form the private keys of a batch reach its files: `seal` encrypts
 * each of them for recipients of age, and `keystore` makes a PKCS#12 store for
 * each device, too.
 */
export type ProtectionInputs = Pick<DeviceBatchInputs, "seal" | "keystore">;

/** Every mistake in how the private keys are to be protected. */
export async function checkProtection(
  inputs: DeviceBatchInputs,
): Promise<Problem[]> {
  const { seal: sealing, keystore, requests } = inputs;
  const problems: Problem[] = [];
  if (sealing !== undefined) {
    problems.push(...(await checkRecipients(sealing.recipients)));
  }
  if (keystore !== undefined) {
    problems.push(...checkKeystorePassword(keystore.password));
  }
  const staying =
    "and those of requests stay with their devices; leave it out.";
  if (sealing !== undefined && requests !== undefined) {
    problems.push({
      path: "seal",
      message: `is for private keys, ${staying}`,
    });
  }
  if (keystore !== undefined && requests !== undefined) {
    problems.push({
      path: "keystore",
      message: `puts private keys into stores, ${staying}`,
    });
  }
  return problems;
}

/**
 * What whoever asks for a batch should know of its keys on disk; `undefined`
 * where they are sealed or stay with their devices. For the first preview
 * only, not for every update after.
 */
export function plainKeysWarning({
  seal: sealing,
  requests,
  outputDirectory,
}: DeviceBatchInputs): string | undefined {
  return sealing !== undefined || requests !== undefined
    ? undefined
    : `writes the private keys of its devices to plain files below ${outputDirectory}, which only this user may read (mode 0600). Set seal.recipients to have them leave this program encrypted only.`;
}

/** What the program says about keys, where another one calls for an update; nothing of the password but whether it is the same can be seen from outside. */
export function protectionChanged(
  one: ProtectionInputs,
  other: ProtectionInputs,
): boolean {
  const facts = ({ seal: sealing, keystore }: ProtectionInputs): string =>
    JSON.stringify([sealing?.recipients, keystore?.password]);
  return facts(one) !== facts(other);
}

/** Devices whose private key lies in a plain file and is to be sealed. */
export function unsealedCount(plan: readonly PlannedDevice[]): number {
  return plan.filter(({ unsealed }) => unsealed).length;
}

/**
 * Says for which devices the store in the folder has been left with an earlier
 * certificate: their key is kept, and sealed, so that nobody here can put it
 * into a new store. `undefined` where there are none.
 */
export function outdatedKeystores(
  plan: readonly PlannedDevice[],
  { keystore }: ProtectionInputs,
): string | undefined {
  const count = plan.filter(
    ({ action, keptKey }) =>
      action !== DeviceAction.Keep && keptKey?.sealed === true,
  ).length;
  return keystore === undefined || count === 0
    ? undefined
    : `${count} ${count === 1 ? "device keeps its sealed key and gets" : "devices keep their sealed keys and get"} no new keystore: what is new stands in chain.pem. Set reissue to a new text where every device is to have a new key and keystore.`;
}

/**
 * The files that hold a device's private key, as they go to disk: in a sealed
 * batch nothing of them is readable before it leaves memory.
 *
 * @param chainPem for the store: the device's certificate first
 */
export async function secretFilesOf(
  id: string,
  key: { readonly publicKey: Buffer; readonly privateKeyPem: string },
  chainPem: string,
  { seal: sealing, keystore }: ProtectionInputs,
): Promise<SecretFiles> {
  const store =
    keystore &&
    makeDeviceKeystore({
      id,
      privateKey: key.privateKeyPem,
      chain: chainPem,
      password: keystore.password,
    });
  if (sealing === undefined) {
    return {
      key: plain(Buffer.from(key.privateKeyPem)),
      ...(store && { keystore: plain(store) }),
    };
  }
  const { recipients } = sealing;
  const publicKeySha256 = createHash("sha256")
    .update(key.publicKey)
    .digest("hex");
  return {
    key: {
      content: await sealKey(key.privateKeyPem, publicKeySha256, recipients),
      sealed: true,
    },
    ...(store && {
      keystore: { content: await seal(store, recipients), sealed: true },
    }),
  };
}

function plain(content: Uint8Array): SecretFile {
  return { content, sealed: false };
}
