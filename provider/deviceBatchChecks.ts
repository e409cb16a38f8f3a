import {
  checkAgainstAuthorities,
  checkAgainstCertificate,
  readIssuer,
} from "../pki/authority";
import type { Device } from "../pki/batch/device";
import { checkDevices } from "../pki/batch/device";
import { objectIdentifierProblem } from "../pki/objectIdentifier";
import type { CertificateOrder } from "../pki/order";
import { checkOrder } from "../pki/order";
import { ProfileName } from "../pki/profile";
import { checkEnd, checkRenewal } from "../pki/validity";
import type { Problem } from "../pki/problem";
import { InputError, below, quote, uniqueProblems } from "../pki/problem";
import type { x509 } from "../pki/webcrypto";
import { attempt, attemptLater } from "./checks";
import { now } from "./clock";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { listDevices, orderFor } from "./deviceBatchInputs";
import { placed } from "./devicePlaces";
import { checkProtection } from "./deviceProtection";
import { checkLargeBatch } from "./largeBatchInputs";
import { OutputDirectory } from "./outputDirectory";
import { checkSecrets } from "./deviceSecrets";
import {
  checkSignerRules,
  checkSigningPolicyOf,
  knownAuthorities,
  readSigner,
} from "./signer";
import { isUnknown } from "./wire";

/** What is wrong with a batch whatever its devices are, and whether they can be looked at. */
export interface BatchCheck {
  readonly problems: readonly Problem[];
  /** Whether it is clear where the devices are listed. */
  readonly isListed: boolean;
}

/** Every mistake that shows without the devices. */
export async function checkBatch(
  inputs: DeviceBatchInputs,
  unknown: readonly string[],
): Promise<BatchCheck> {
  const problems: Problem[] = [
    ...checkOrder(orderFor({ id: "device", source: "" }, inputs)),
    ...new OutputDirectory(inputs.outputDirectory).problems(),
    ...attempt(() => {
      const rules = checkSignerRules(inputs.signer, unknown);
      if (rules.length > 0) {
        throw new InputError(rules);
      }
    }),
    ...checkProfile(inputs),
    ...checkLargeBatch(inputs),
    ...(await checkProtection(inputs)),
  ];
  const given = SOURCES.filter((name) => inputs[name] !== undefined);
  const isListed = given.length === 1;
  if (!isListed && !SOURCES.some((path) => isUnknown(unknown, path))) {
    const [first, ...others] = given;
    problems.push(
      first === undefined
        ? {
            path: "devices",
            message:
              "is missing; list devices here, name a manifest (CSV or NDJSON), a range, or a folder or archive of requests.",
          }
        : {
            path: first,
            message: `and ${others.join(" and ")} exclude each other; keep one of them.`,
          },
    );
  }
  return { problems, isListed };
}

/** Every mistake in the devices of a small batch, whose list is held in memory. */
export async function checkFiles(
  inputs: DeviceBatchInputs,
  unknown: readonly string[],
  isNew: boolean,
): Promise<readonly Problem[]> {
  return attemptLater(async () => {
    const { devices, problems: unreadable } = await listDevices(inputs);
    const pem = inputs.signer.certificatePem;
    const issuer =
      pem === undefined ? undefined : readIssuer(pem, "signer.certificatePem");
    const all = [
      ...unreadable,
      ...checkDevices(devices),
      ...devices.flatMap((device) =>
        checkUnderSigner(inputs, device, issuer, unknown, isNew),
      ),
      ...checkSecrets(devices, inputs),
    ];
    if (all.length > 0) {
      throw new InputError(all);
    }
  });
}

/**
 * What renewal and the CAs above have to say about a device.
 *
 * @param isNew whether nothing was issued yet, so that it is signed in this update
 */
export function checkUnderSigner(
  inputs: DeviceBatchInputs,
  device: Device,
  issuer: x509.X509Certificate | undefined,
  unknown: readonly string[],
  isNew: boolean,
): Problem[] {
  return [
    ...checkIssuer(inputs, device, unknown, isNew ? now() : undefined),
    // What was issued before is looked at when it is issued anew.
    ...(isNew ? checkUnderIssuer(inputs, device, issuer, unknown) : []),
    ...checkRenewalOf(inputs, device),
  ];
}

/** Where the devices come from. */
const SOURCES = ["devices", "manifest", "requests", "range"] as const;

const DEVICE_PROFILES: readonly string[] = [
  ProfileName.Device,
  ProfileName.InitialDeviceIdentity,
];

function checkProfile({ profile, hardwareType }: DeviceBatchInputs): Problem[] {
  const message =
    hardwareType === undefined
      ? undefined
      : objectIdentifierProblem(hardwareType);
  return [
    ...(profile === undefined || DEVICE_PROFILES.includes(profile)
      ? []
      : [
          {
            path: "profile",
            message: `${quote(profile)} is not for devices; write one of ${DEVICE_PROFILES.join(", ")}.`,
          },
        ]),
    ...(message === undefined ? [] : [{ path: "hardwareType", message }]),
  ];
}

/** Reads what of the CA is there already, so that a wrong key or certificate shows in the preview. */
export async function checkPems(
  { signer }: DeviceBatchInputs,
  unknown: readonly string[],
): Promise<void> {
  if (signer.certificatePem !== undefined) {
    readIssuer(signer.certificatePem, "signer.certificatePem");
  }
  if (signer.privateKeyPem !== undefined && !isUnknown(unknown, "signer")) {
    await readSigner(signer);
  }
}

/** Whether a problem on this path may go away once something else is known. */
export function hangsOnUnknown(
  path: string,
  unknown: readonly string[],
): boolean {
  const others = /validityDays$|validity\.notAfter$/.test(path)
    ? ["truncate", "signer.authorities", "renewal", "validity"]
    : path === "renewal.beforeDays"
      ? ["validityDays", "validity"]
      : [];
  return others.some((other) => isUnknown(unknown, other));
}

function checkIssuer(
  inputs: DeviceBatchInputs,
  device: Device,
  unknown: readonly string[],
  at: Date | undefined,
): Problem[] {
  const order = orderFor(device, inputs);
  return placed(device, [
    ...checkAgainstAuthorities(
      order,
      knownAuthorities(inputs.signer, unknown),
      at,
    ),
    ...checkSigningPolicyOf(order.subject, inputs.signer, unknown),
  ]);
}

/** What the issuer's certificate, where it is there, does not allow and what is known of the CAs above did not show. */
function checkUnderIssuer(
  inputs: DeviceBatchInputs,
  device: Device,
  issuer: x509.X509Certificate | undefined,
  unknown: readonly string[],
): Problem[] {
  const order = orderFor(device, inputs);
  const said = checkIssuer(inputs, device, unknown, now());
  const found = placed(device, [
    ...checkEnd(order, now()),
    ...(issuer === undefined
      ? []
      : checkAgainstCertificate(order, issuer, now())),
  ]);
  return found.filter(({ path }) => !said.some((other) => other.path === path));
}

/** A renewal point that suits the batch may lie before the beginning of one device's shorter validity. */
function checkRenewalOf(inputs: DeviceBatchInputs, device: Device): Problem[] {
  const { validityDays, source } = device;
  return validityDays === undefined
    ? []
    : below(
        source,
        checkRenewal(inputs.renewal ?? {}, { validityDays }).map(
          ({ message }) => ({
            path: "validityDays",
            message: `${validityDays} days do not go with renewal.beforeDays: ${message}`,
          }),
        ),
      );
}

/** Refuses, at preview, what the issuer's certificate does not allow for devices that are to be signed. */
export function refuseUnderIssuer(
  inputs: DeviceBatchInputs,
  signed: readonly {
    readonly device: Device;
    readonly order: CertificateOrder;
  }[],
): void {
  const pem = inputs.signer.certificatePem;
  if (pem === undefined || signed.length === 0) {
    return;
  }
  const issuer = readIssuer(pem, "signer.certificatePem");
  const problems = signed.flatMap(({ device, order }) =>
    placed(device, [
      ...checkEnd(order, now()),
      ...checkAgainstCertificate(order, issuer, now()),
    ]),
  );
  if (problems.length > 0) {
    throw new InputError(uniqueProblems(problems));
  }
}
