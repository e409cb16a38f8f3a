import { z } from "zod";
import type { Device } from "../pki/batch/device";
import type { DeviceSource } from "../pki/batch/manifest";
import { ProblemList, readDeviceList } from "../pki/batch/manifest";
import { compileTemplates, withoutTemplates } from "../pki/batch/nameTemplates";
import { deviceOrder } from "../pki/batch/plan";
import type { DeviceProfile } from "../pki/batch/plan";
import { inShard } from "../pki/batch/shard";
import type { CertificateOrder } from "../pki/order";
import type { Problem } from "../pki/problem";
import { InputError } from "../pki/problem";
import { largeBatchFields } from "./largeBatchInputs";
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
        columns: z.record(z.string(), z.string()).exactOptional(),
      }),
    )
    .exactOptional(),
  manifest: z.string().exactOptional(),
  requests: z.string().exactOptional(),
  range: z
    .strictObject({
      id: z.string(),
      from: z.number(),
      to: z.number(),
      digits: z.number().exactOptional(),
    })
    .exactOptional(),
  subject: z.strictObject(schema.subjectFields).exactOptional(),
  /** Templates of names for every device; so are the texts of `subject`. */
  dnsNames: schema.texts,
  uris: schema.texts,
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
  ...largeBatchFields,
  signer: schema.signer,
  allowClockOverride: z.boolean().exactOptional(),
});

/** See {@link deviceBatchInputs}. */
export type DeviceBatchInputs = z.infer<typeof deviceBatchInputs>;

/** Devices as they are listed somewhere, and what is wrong with the others. */
export interface DeviceList {
  readonly devices: readonly Device[];
  readonly problems: readonly Problem[];
}

const profiles = new WeakMap<DeviceBatchInputs, DeviceProfile>();

/** What all devices of this batch have in common; the same object for the same inputs, so that templates are read once. */
export function profileOf(inputs: DeviceBatchInputs): DeviceProfile {
  const known = profiles.get(inputs);
  if (known !== undefined) {
    return known;
  }
  const profile: DeviceProfile = { subject: {}, ...inputs };
  profiles.set(inputs, profile);
  return profile;
}

/** Where the devices of this batch are listed. */
export function sourceOf(inputs: DeviceBatchInputs): DeviceSource {
  const { devices = [], manifest, requests, range } = inputs;
  return manifest !== undefined
    ? { manifest }
    : requests !== undefined
      ? { requests }
      : range !== undefined
        ? { range }
        : { devices };
}

/**
 * The certificate a device of this batch is to have. A device without a source
 * stands for all of them: it gets nothing that a template makes.
 */
export function orderFor(
  device: Device,
  inputs: DeviceBatchInputs,
): CertificateOrder {
  const profile = profileOf(inputs);
  return deviceOrder(
    device,
    device.source === ""
      ? { ...profile, ...withoutTemplates(profile) }
      : profile,
  );
}

/**
 * All the devices at once, for a batch that is small; with what is wrong with
 * single ones, so that all else can be checked beside it. The devices
 * themselves are not checked, see `checkDevices`.
 *
 * @throws InputError where the list cannot be read
 */
export async function listDevices(
  inputs: DeviceBatchInputs,
): Promise<DeviceList> {
  const problems = new ProblemList();
  const list = readDeviceList(sourceOf(inputs), {
    templates: compileTemplates(profileOf(inputs)),
    problems,
    check: false,
  });
  const devices: Device[] = [];
  for await (const chunk of list) {
    devices.push(...inShard(chunk, inputs.shard));
  }
  return { devices, problems: problems.shown() };
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
