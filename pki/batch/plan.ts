import { X509Certificate } from "node:crypto";
import { alternativeNamesOf } from "../order";
import type { CertificateOrder } from "../order";
import { encodeAlternativeNames } from "../alternativeNames";
import { describeKey } from "../key";
import { readAuthorityKeyIdentifier } from "../authority";
import { encodeSubject } from "../subject";
import { canMove, renewalPoint } from "../validity";
import { x509 } from "../webcrypto";
import type { Device } from "./device";

/** The part of a batch that is the same for all its devices. */
export interface DeviceProfile {
  /** All of the subject but the common name, which is the device's id. */
  readonly subject: Omit<CertificateOrder["subject"], "commonName">;
  readonly key: CertificateOrder["key"];
  readonly validityDays: number;
  readonly renewal?: NonNullable<CertificateOrder["renewal"]>;
  readonly truncate?: boolean;
}

/** The certificate a device is to have. */
export function deviceOrder(
  device: Device,
  profile: DeviceProfile,
): CertificateOrder {
  return {
    profile: "device",
    subject: {
      ...profile.subject,
      commonName: device.id,
      ...(device.serialNumber !== undefined && {
        serialNumber: device.serialNumber,
      }),
    },
    key: profile.key,
    validityDays: device.validityDays ?? profile.validityDays,
    dnsNames: device.dnsNames ?? [],
    uris: device.uris ?? [],
    ...(profile.renewal && { renewal: profile.renewal }),
    ...(profile.truncate !== undefined && { truncate: profile.truncate }),
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
  const names =
    certificate
      .getExtension(x509.SubjectAlternativeNameExtension)
      ?.names.toJSON() ?? [];
  const life = certificate.notAfter.getTime() - certificate.notBefore.getTime();
  // The first hour lies before the moment of issuance.
  const days = Math.floor(life / 86_400_000);
  return (
    sameBytes(
      certificate.subjectName.toArrayBuffer(),
      encodeSubject(order.subject).toArrayBuffer(),
    ) &&
    JSON.stringify(names) ===
      JSON.stringify(encodeAlternativeNames(alternativeNamesOf(order))) &&
    key?.algorithm === order.key.algorithm &&
    key.ecdsaCurve === order.key.ecdsaCurve &&
    key.rsaBits === order.key.rsaBits &&
    (order.truncate === true
      ? days <= order.validityDays
      : days === order.validityDays)
  );
}

function sameBytes(one: ArrayBuffer, other: ArrayBuffer): boolean {
  return Buffer.from(one).equals(Buffer.from(other));
}
