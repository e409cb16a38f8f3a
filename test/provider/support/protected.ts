import * as age from "age-encryption";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportPkcs8 } from "../../../pki/key";
import { deviceBatchInputs } from "../../../provider/deviceBatchInputs";
import type { DeviceBatchInputs } from "../../../provider/deviceBatchInputs";
import type { ProtectionInputs } from "../../../provider/deviceProtection";
import type { Hierarchy } from "./inputs";
import { batchInputs } from "./inputs";
import type { Properties } from "./wire";

/** An identity of age and its recipient. */
export interface Recipient {
  readonly identity: string;
  readonly recipient: string;
}

/** Makes one. */
export async function makeRecipient(): Promise<Recipient> {
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** Opens a sealed file; refused where it is for others. */
export async function openSealed(
  path: string,
  { identity }: Recipient,
): Promise<Buffer> {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(readFileSync(path)));
}

/** What a batch is asked for once the engine's wrapping is off. */
export function protectedInputs(
  { signer, ca }: Hierarchy,
  output: string,
  ids: readonly string[],
  protection: ProtectionInputs,
  overrides: Properties = {},
): DeviceBatchInputs {
  const inputs = deviceBatchInputs.parse({
    ...batchInputs(signer, output, ids, overrides),
    signer: { ...signer, privateKeyPem: exportPkcs8(ca.key) },
  });
  return { ...inputs, ...protection };
}

/** Where a device's file is. */
export function fileOf(output: string, id: string, name: string): string {
  return join(output, id, name);
}
