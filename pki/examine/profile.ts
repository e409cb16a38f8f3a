import { PROFILES } from "../profile";
import { extendedKeyUsageOid } from "../keyUsage";
import { describeKey } from "../key";
import type { CertificateReading } from "./reading";
import { ExtensionOid } from "./reading";
import { KeyUsageFlags } from "@peculiar/asn1-x509";

/** Which of our profiles a certificate is nearest to. */
export interface ProfileMatch {
  /** Name of the profile. */
  readonly name: string;
  /** What a certificate of that profile would have otherwise; empty where it conforms. */
  readonly differs: readonly string[];
}

/**
 * The profile a certificate is nearest to, and how it differs from what that
 * profile makes (see `PROFILES`); `undefined` where it is like none.
 *
 * @example
 * ```ts
 * matchProfile(readCertificate(pem, "server.pem")); // { name: "server", differs: ["no subjectKeyIdentifier"] }
 * ```
 */
export function matchProfile(
  certificate: CertificateReading,
): ProfileMatch | undefined {
  const name = nearest(certificate);
  const profile = name === undefined ? undefined : PROFILES[name];
  if (profile === undefined) {
    return undefined;
  }
  const { extensions, keyUsage = 0, authority, publicKey } = certificate;
  const has = (oid: string): boolean =>
    extensions.some((extension) => extension.oid === oid);
  const critical = (oid: string): boolean =>
    extensions.some((extension) => extension.oid === oid && extension.critical);
  const kind = publicKey === undefined ? undefined : describeKey(publicKey);
  const needed = profile.ca
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature;
  const rules: readonly (readonly [boolean, string])[] = [
    [critical(ExtensionOid.BasicConstraints), "no critical basicConstraints"],
    [
      profile.pathLength === undefined ||
        certificate.basicConstraints?.pathLength !== undefined,
      "no path length",
    ],
    [critical(ExtensionOid.KeyUsage), "no critical keyUsage"],
    [(keyUsage & needed) === needed, "another keyUsage"],
    [
      profile.extendedKeyUsage.every((usage) =>
        certificate.extendedKeyUsage?.includes(
          extendedKeyUsageOid(usage) ?? "",
        ),
      ),
      `no extendedKeyUsage ${profile.extendedKeyUsage.join(", ")}`,
    ],
    [has(ExtensionOid.SubjectKeyIdentifier), "no subjectKeyIdentifier"],
    [
      authority?.keyIdentifier !== undefined &&
        !authority.namesIssuer &&
        authority.serialNumber === undefined,
      "no authorityKeyIdentifier by key identifier alone",
    ],
    [
      profile.alternativeNames !== "required" ||
        has(ExtensionOid.SubjectAlternativeName),
      "no subjectAltName",
    ],
    [
      profile.alternativeNames !== "forbidden" ||
        !has(ExtensionOid.SubjectAlternativeName),
      "a subjectAltName",
    ],
    [
      kind !== undefined && profile.keyAlgorithms.includes(kind.algorithm),
      "another kind of key",
    ],
  ];
  return {
    name: profile.name,
    differs: rules.filter(([good]) => !good).map(([, how]) => how),
  };
}

function nearest(certificate: CertificateReading): string | undefined {
  const { basicConstraints, extendedKeyUsage = [], selfSigned } = certificate;
  if (basicConstraints?.ca === true) {
    return selfSigned ? "root" : "intermediate";
  }
  const server = extendedKeyUsage.includes(
    extendedKeyUsageOid("serverAuth") ?? "",
  );
  const client = extendedKeyUsage.includes(
    extendedKeyUsageOid("clientAuth") ?? "",
  );
  if (server !== client) {
    return server ? "server" : "device";
  }
  // IEEE 802.1AR-2018 §8: no end, and no extended key usage.
  return extendedKeyUsage.length === 0 &&
    certificate.notAfter.getUTCFullYear() === 9999
    ? "initialDeviceIdentity"
    : undefined;
}
