import type { KeySpec } from "./key";
import { x509 } from "./webcrypto";

/** The names of the profiles. */
export const ProfileName = {
  Root: "root",
  Intermediate: "intermediate",
  Server: "server",
  Device: "device",
} as const;

/** What a certificate may do. The authority decides it; no request widens it. */
export interface Profile {
  readonly name: string;
  /** basicConstraints cA, always critical. */
  readonly ca: boolean;
  /** Days, where the user says nothing. */
  readonly validityDays: number;
  /** Path length constraint where the user says nothing; `undefined` writes none. */
  readonly pathLength?: number;
  /** extendedKeyUsage; empty writes none. */
  readonly extendedKeyUsage: readonly x509.ExtendedKeyUsage[];
  /** Whether subject alternative names are forbidden, required or free. */
  readonly alternativeNames: "forbidden" | "required" | "optional";
  /** Key algorithms a certificate of this profile may hold. */
  readonly keyAlgorithms: readonly string[];
}

/** The built-in profiles (RFC 5280 §4.2.1), fit for OpenSSL -x509_strict, Go, Java and the C stacks devices run. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  root: {
    name: "root",
    ca: true,
    validityDays: 3650,
    extendedKeyUsage: [],
    alternativeNames: "forbidden",
    keyAlgorithms: ["ECDSA", "RSA", "ED25519"],
  },
  intermediate: {
    name: "intermediate",
    ca: true,
    validityDays: 1825,
    pathLength: 0,
    extendedKeyUsage: [],
    alternativeNames: "forbidden",
    keyAlgorithms: ["ECDSA", "RSA", "ED25519"],
  },
  server: {
    name: "server",
    ca: false,
    validityDays: 365,
    extendedKeyUsage: [x509.ExtendedKeyUsage.serverAuth],
    alternativeNames: "required",
    keyAlgorithms: ["ECDSA", "RSA", "ED25519"],
  },
  device: {
    name: "device",
    ca: false,
    validityDays: 365,
    extendedKeyUsage: [x509.ExtendedKeyUsage.clientAuth],
    alternativeNames: "optional",
    // Mbed TLS, the stack of most devices, cannot read Ed25519.
    keyAlgorithms: ["ECDSA", "RSA"],
  },
};

/** keyUsage (critical): an RSA leaf may also be asked to decrypt, by TLS 1.2 clients without ECDHE. */
export function keyUsage(profile: Profile, key: KeySpec): x509.KeyUsageFlags {
  const flags = profile.ca
    ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
    : key.algorithm === "RSA"
      ? x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment
      : x509.KeyUsageFlags.digitalSignature;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a union of flags is a number to TypeScript
  return flags;
}
