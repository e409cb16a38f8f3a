import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Device } from "../pki/batch/device";
import { parseManifest } from "../pki/batch/manifest";
import { deviceOrder } from "../pki/batch/plan";
import type { DeviceProfile } from "../pki/batch/plan";
import type { CertificateOrder } from "../pki/order";
import { InputError, quote } from "../pki/problem";
import * as schema from "./schema";

/** What a `DeviceBatch` is asked for. */
export const deviceBatchInputs = z.strictObject({
  devices: z
    .array(
      z.strictObject({
        id: z.string(),
        dnsNames: schema.texts,
        uris: schema.texts,
        serialNumber: z.string().exactOptional(),
        validityDays: z.number().exactOptional(),
      }),
    )
    .exactOptional(),
  manifest: z.string().exactOptional(),
  subject: z.strictObject(schema.subjectFields).exactOptional(),
  key: schema.keySpec,
  validityDays: z.number(),
  renewal: schema.renewal.exactOptional(),
  truncate: z.boolean().exactOptional(),
  includeRoot: z.boolean().exactOptional(),
  reissue: z.string().exactOptional(),
  outputDirectory: z.string().min(1, "is empty; name a folder."),
  secretShards: z.number().exactOptional(),
  signer: schema.signer,
  allowClockOverride: z.boolean().exactOptional(),
});

/** See {@link deviceBatchInputs}. */
export type DeviceBatchInputs = z.infer<typeof deviceBatchInputs>;

/** The certificate a device of this batch is to have. */
export function orderFor(
  device: Device,
  inputs: DeviceBatchInputs,
): CertificateOrder {
  const profile: DeviceProfile = { subject: {}, ...inputs };
  return deviceOrder(device, profile);
}

/** The devices, from the program or from the manifest, relative to the project's folder. */
export function readDevices(inputs: DeviceBatchInputs): Device[] {
  if (inputs.manifest === undefined) {
    return (inputs.devices ?? []).map((device, index) => ({
      ...device,
      source: `devices[${index}]`,
    }));
  }
  if (!inputs.manifest.endsWith(".csv")) {
    throw new InputError([
      {
        path: "manifest",
        message: `${quote(inputs.manifest)} is no CSV file; name one that ends with ".csv".`,
      },
    ]);
  }
  let text: string;
  try {
    text = readFileSync(inputs.manifest, "utf8");
  } catch (error) {
    const code =
      error instanceof Error && "code" in error ? String(error.code) : "";
    throw new InputError([
      {
        path: "manifest",
        message:
          code === "ENOENT"
            ? `${quote(inputs.manifest)} is not there; name a file relative to the folder of Pulumi.yaml.`
            : `${quote(inputs.manifest)} cannot be read (${code}).`,
      },
    ]);
  }
  return parseManifest(text, inputs.manifest);
}
