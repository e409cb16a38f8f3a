import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Device } from "../pki/batch/device";
import { parseManifest } from "../pki/batch/manifest";
import { deviceOrder } from "../pki/batch/plan";
import type { DeviceProfile } from "../pki/batch/plan";
import type { CertificateOrder } from "../pki/order";
import { InputError, quote } from "../pki/problem";
import type { DeviceList } from "./deviceRequests";
import { readRequests } from "./deviceRequests";
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
  requests: z.string().exactOptional(),
  subject: z.strictObject(schema.subjectFields).exactOptional(),
  key: schema.keySpec,
  profile: z.string().exactOptional(),
  hardwareType: z.string().exactOptional(),
  extensions: schema.extensions.exactOptional(),
  ...schema.validityFields,
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

/**
 * The devices, from the program, the manifest or the folder of requests, both
 * relative to the project's folder; with what is wrong with single requests,
 * so that all else can be checked beside it.
 *
 * @throws InputError where a manifest cannot be read
 */
export async function listDevices(
  inputs: DeviceBatchInputs,
): Promise<DeviceList> {
  return inputs.requests === undefined
    ? { devices: listedDevices(inputs), problems: [] }
    : readRequests(inputs.requests);
}

/**
 * As {@link listDevices}, where each of them must be good.
 *
 * @throws InputError with all that is wrong
 */
export async function readDevices(
  inputs: DeviceBatchInputs,
): Promise<readonly Device[]> {
  const { devices, problems } = await listDevices(inputs);
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  return devices;
}

function listedDevices(inputs: DeviceBatchInputs): Device[] {
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
