import { ExtendedKeyUsage, KeyUsageFlags } from "@peculiar/x509";
import type { KeySpec } from "./key";

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
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
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
    extendedKeyUsage: [ExtendedKeyUsage.serverAuth],
    alternativeNames: "required",
    keyAlgorithms: ["ECDSA", "RSA", "ED25519"],
  },
  device: {
    name: "device",
    ca: false,
    validityDays: 365,
    extendedKeyUsage: [ExtendedKeyUsage.clientAuth],
    alternativeNames: "optional",
    // Mbed TLS, the stack of most devices, cannot read Ed25519.
    keyAlgorithms: ["ECDSA", "RSA"],
  },
};

/** keyUsage (critical): an RSA leaf may also be asked to decrypt, by TLS 1.2 clients without ECDHE. */
export function keyUsage(profile: Profile, key: KeySpec): KeyUsageFlags {
  const flags = profile.ca
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : key.algorithm === "RSA"
      ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
      : KeyUsageFlags.digitalSignature;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a union of flags is a number to TypeScript
  return flags;
}
