/** The names of the profiles. */
export const ProfileName = {
  Root: "root",
  Intermediate: "intermediate",
  Server: "server",
  Device: "device",
  InitialDeviceIdentity: "initialDeviceIdentity",
  Link: "link",
} as const;

/** What a certificate may do. The authority decides it; no request widens it. */
export interface Profile {
  readonly name: string;
  /** basicConstraints cA, always critical. */
  readonly ca: boolean;
  /** Days, where the user says nothing; `undefined` stands for {@link NO_EXPIRATION}. */
  readonly validityDays?: number;
  /** Path length constraint where the user says nothing; `undefined` writes none. */
  readonly pathLength?: number;
  /** extendedKeyUsage by the names of RFC 5280; empty writes none. */
  readonly extendedKeyUsage: readonly string[];
  /** Whether an RSA key is also for TLS 1.2 key exchange. */
  readonly keyEncipherment: boolean;
  /** Whether subject alternative names are forbidden, required or free. */
  readonly alternativeNames: "forbidden" | "required" | "optional";
  /** Whether the common name is the MQTT client id of a device. */
  readonly namesDevice: boolean;
  /** Key algorithms a certificate of this profile may hold. */
  readonly keyAlgorithms: readonly string[];
}

const EVERY_KEY = ["ECDSA", "RSA", "ED25519"];
// Mbed TLS, the stack of most devices, cannot read Ed25519.
const DEVICE_KEYS = ["ECDSA", "RSA"];

const AUTHORITY = {
  ca: true,
  extendedKeyUsage: [],
  keyEncipherment: false,
  alternativeNames: "forbidden",
  namesDevice: false,
  keyAlgorithms: EVERY_KEY,
} as const;

/** The built-in profiles (RFC 5280 §4.2.1), fit for OpenSSL -x509_strict, Go, Java and the C stacks devices run. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  root: { ...AUTHORITY, name: "root", validityDays: 3650 },
  intermediate: {
    ...AUTHORITY,
    name: "intermediate",
    validityDays: 1825,
    pathLength: 0,
  },
  // The key of a new root, certified by an old one ("new with old", RFC 9810 §4.4).
  link: { ...AUTHORITY, name: "link", validityDays: 1825 },
  server: {
    name: "server",
    ca: false,
    validityDays: 365,
    extendedKeyUsage: ["serverAuth"],
    keyEncipherment: true,
    alternativeNames: "required",
    namesDevice: false,
    keyAlgorithms: EVERY_KEY,
  },
  // No keyEncipherment: a client's key signs and nothing else (RFC 5280 §4.2.1.12 for clientAuth).
  device: {
    name: "device",
    ca: false,
    validityDays: 365,
    extendedKeyUsage: ["clientAuth"],
    keyEncipherment: false,
    alternativeNames: "optional",
    namesDevice: true,
    keyAlgorithms: DEVICE_KEYS,
  },
  // IEEE 802.1AR-2018 §8: made in the factory, for the life of the device, without extended key usage.
  initialDeviceIdentity: {
    name: "initialDeviceIdentity",
    ca: false,
    extendedKeyUsage: [],
    keyEncipherment: false,
    alternativeNames: "optional",
    namesDevice: true,
    keyAlgorithms: DEVICE_KEYS,
  },
};
