import { X509Certificate } from "node:crypto";
import { foldAlternativeName } from "../alternativeNames";
import { decidedExtensions } from "../certificate";
import { profileOf } from "../order";
import type { CertificateOrder } from "../order";
import { describeKey } from "../key";
import { readAuthorityKeyIdentifier } from "../authority";
import { encodeSubject } from "../subject";
import type { ValidityOrder } from "../validity";
import { canMove, isSettled, parseDate, renewalPoint } from "../validity";
import { x509 } from "../webcrypto";
import type { Device } from "./device";
import { compileTemplates } from "./nameTemplates";

const DAY = 86_400_000;

/** The part of a batch that is the same for all its devices. */
export interface DeviceProfile extends ValidityOrder {
  /** `device` (the default) or `initialDeviceIdentity`. */
  readonly profile?: string;
  /** All of the subject but the common name, which is the device's id. Its texts may hold placeholders, see `NameTemplates`. */
  readonly subject: Omit<CertificateOrder["subject"], "commonName">;
  /** Host names for every device, after its own: `{id}.{site}.example`. */
  readonly dnsNames?: readonly string[];
  /** URIs for every device, after its own: `urn:device:{serialNumber}`. */
  readonly uris?: readonly string[];
  readonly key: CertificateOrder["key"];
  readonly renewal?: NonNullable<CertificateOrder["renewal"]>;
  readonly truncate?: boolean;
  readonly extensions?: NonNullable<CertificateOrder["extensions"]>;
  /** Names each device that has a serial number as hardware of this kind, see `HardwareModuleName`. */
  readonly hardwareType?: string;
}

/**
 * The certificate a device is to have.
 *
 * @throws InputError where a template of the profile cannot be filled in for it
 */
export function deviceOrder(
  device: Device,
  profile: DeviceProfile,
): CertificateOrder {
  const { serialNumber } = device;
  const { renewal, truncate, extensions, hardwareType } = profile;
  const shared = compileTemplates(profile).expand(device);
  return {
    profile: profile.profile ?? "device",
    subject: {
      ...shared.subject,
      commonName: device.id,
      ...(serialNumber !== undefined && { serialNumber }),
    },
    key: device.request?.key ?? profile.key,
    ...validityOf(device, profile),
    dnsNames: joined(device.dnsNames, shared.dnsNames),
    uris: joined(device.uris, shared.uris),
    ...(hardwareType !== undefined &&
      serialNumber !== undefined && {
        hardwareModuleName: { type: hardwareType, serialNumber },
      }),
    ...(renewal && { renewal }),
    ...(truncate !== undefined && { truncate }),
    ...(extensions && { extensions }),
  };
}

/** A device's own names, then those of the batch that it does not have already. */
function joined(
  own: readonly string[] = [],
  shared: readonly string[],
): readonly string[] {
  if (shared.length === 0 || own.length === 0) {
    return shared.length === 0 ? own : shared;
  }
  const had = new Set(own.map(foldAlternativeName));
  return [
    ...own,
    ...shared.filter((name) => !had.has(foldAlternativeName(name))),
  ];
}

/** What a device says for itself stands in the place of all that the batch says. */
function validityOf(device: Device, profile: DeviceProfile): ValidityOrder {
  if (device.validityDays !== undefined) {
    return { validityDays: device.validityDays };
  }
  const { validityDays, validity } = profile;
  return {
    ...(validityDays !== undefined && { validityDays }),
    ...(validity !== undefined && { validity }),
  };
}

/** What is to be done for a device. */
export const DeviceAction = {
  /** It has no certificate yet. */
  Issue: "issue",
  /** What it has is not what the manifest asks for, or not from this issuer; a key of the right kind stays. */
  Reissue: "reissue",
  /** Its renewal point has passed. */
  Renew: "renew",
  Keep: "keep",
} as const;

/** What a device has now. */
export interface DeviceFiles {
  readonly certificatePem: string;
  /** Whether its private key is there and is the certificate's. */
  readonly keyMatches: boolean;
}

/**
 * Decides what is to be done for a device from what it has, and nothing else:
 * a run that was killed half-way needs no memory to go on.
 *
 * @param issuer the key identifier its leaves name, and its end where that is known
 * @returns one of {@link DeviceAction}
 */
export function planDevice(
  order: CertificateOrder,
  files: DeviceFiles | undefined,
  issuer: { readonly keyIdentifier: string; readonly notAfter?: Date },
  now: Date,
): string {
  if (files === undefined) {
    return DeviceAction.Issue;
  }
  // Without its key nothing is worth reading, and a damaged certificate has none.
  if (!files.keyMatches) {
    return DeviceAction.Reissue;
  }
  const certificate = new x509.X509Certificate(files.certificatePem);
  if (
    !carries(certificate, order) ||
    readAuthorityKeyIdentifier(files.certificatePem) !== issuer.keyIdentifier
  ) {
    return DeviceAction.Reissue;
  }
  return isDue(order, certificate, issuer.notAfter, now)
    ? DeviceAction.Renew
    : DeviceAction.Keep;
}

function isDue(
  order: CertificateOrder,
  certificate: x509.X509Certificate,
  issuerNotAfter: Date | undefined,
  now: Date,
): boolean {
  const { commonName } = order.subject;
  return (
    // An end that the code names moves when the code does.
    !isSettled(certificate.notAfter, order) &&
    renewalPoint(commonName, certificate, order.renewal) <= now &&
    canMove(certificate.notAfter, issuerNotAfter)
  );
}

function carries(
  certificate: x509.X509Certificate,
  order: CertificateOrder,
): boolean {
  const key = describeKey(
    new X509Certificate(Buffer.from(certificate.rawData)).publicKey,
  );
  return (
    sameBytes(
      certificate.subjectName.toArrayBuffer(),
      encodeSubject(order.subject).toArrayBuffer(),
    ) &&
    carriesExtensions(certificate, order) &&
    key?.algorithm === order.key.algorithm &&
    key.ecdsaCurve === order.key.ecdsaCurve &&
    key.rsaBits === order.key.rsaBits &&
    lastsAsLong(certificate, order)
  );
}

/** Those that keys and CA decide have their own comparison, or none. */
const NOT_DECIDED = ["2.5.29.14", "2.5.29.19", "2.5.29.35"];

function carriesExtensions(
  certificate: x509.X509Certificate,
  order: CertificateOrder,
): boolean {
  const profile = profileOf(order);
  const wanted = profile === undefined ? [] : decidedExtensions(order, profile);
  const present = certificate.extensions.filter(
    ({ type }) => !NOT_DECIDED.includes(type),
  );
  return (
    wanted.length === present.length &&
    wanted.every((extension) =>
      present.some((other) => sameBytes(extension.rawData, other.rawData)),
    )
  );
}

function lastsAsLong(
  certificate: x509.X509Certificate,
  order: CertificateOrder,
): boolean {
  const end = parseDate(order.validity?.notAfter)?.getTime();
  const begin = parseDate(order.validity?.notBefore)?.getTime();
  const { notBefore, notAfter } = certificate;
  if (begin !== undefined && begin !== notBefore.getTime()) {
    return false;
  }
  const cut = order.truncate === true;
  if (end !== undefined) {
    return cut ? notAfter.getTime() <= end : notAfter.getTime() === end;
  }
  // The first hour lies before the moment of issuance.
  const days = Math.floor((notAfter.getTime() - notBefore.getTime()) / DAY);
  const { validityDays = 0 } = order;
  return cut ? days <= validityDays : days === validityDays;
}

function sameBytes(one: ArrayBuffer, other: ArrayBuffer): boolean {
  return Buffer.from(one).equals(Buffer.from(other));
}
