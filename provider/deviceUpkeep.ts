import type { DeviceBatchInputs } from "./deviceBatchInputs";
import type { PlannedDevice } from "./deviceIssuance";
import type { ProtectionInputs } from "./deviceProtection";
import { secretFilesOf } from "./deviceProtection";
import type { OutputDirectory, StoredDevice } from "./outputDirectory";

/**
 * Brings what stands beside a certificate that stays to what the program says:
 * its chain, its store, and whether its key is sealed.
 *
 * @param suffix what comes after the certificate in its chain file
 * @param before what the last update's program said of keys; `undefined` where it is not known
 */
export async function keepUp(
  planned: PlannedDevice,
  stored: StoredDevice,
  suffix: string,
  inputs: DeviceBatchInputs,
  directory: OutputDirectory,
  before: ProtectionInputs | undefined,
): Promise<void> {
  const { id } = planned.device;
  const chainPem = `${stored.certificatePem}${suffix}`;
  if (planned.device.request === undefined) {
    await keepUpSecrets(planned, stored, chainPem, inputs, directory, before);
  }
  // After the store, so that a run that is killed between them is not taken for one that made it.
  directory.writeChain(id, chainPem);
}

async function keepUpSecrets(
  { device, keptKey, unsealed }: PlannedDevice,
  stored: StoredDevice,
  chainPem: string,
  inputs: DeviceBatchInputs,
  directory: OutputDirectory,
  before: ProtectionInputs | undefined,
): Promise<void> {
  const { id } = device;
  const { keystore } = inputs;
  const privateKeyPem = keptKey?.privateKeyPem;
  if (keptKey !== undefined && privateKeyPem !== undefined) {
    const storeIsOld =
      keystore !== undefined &&
      (before?.keystore?.password !== keystore.password ||
        stored.chainPem !== chainPem ||
        !directory.hasKeystore(id));
    if (unsealed || storeIsOld) {
      const key = { publicKey: keptKey.publicKey, privateKeyPem };
      directory.writeSecrets(
        id,
        await secretFilesOf(id, key, chainPem, inputs),
      );
    }
  } else if (unsealed) {
    // Left by a run that was killed after it had sealed the key.
    directory.removePlainSecrets(id);
  }
  // One that no program of ours asked for is somebody else's.
  if (keystore === undefined && before?.keystore !== undefined) {
    directory.removeKeystore(id);
  }
}
