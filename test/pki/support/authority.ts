import type { KeyObject } from "node:crypto";
import type { IssuedCertificate, Signer } from "../../../pki/certificate";
import { issueCertificate } from "../../../pki/certificate";
import type { KeySpec } from "../../../pki/key";
import {
  DEFAULT_KEY,
  generateKey,
  importSigningKey,
  publicKeyDer,
} from "../../../pki/key";
import type { CertificateOrder } from "../../../pki/order";
import { x509 } from "../../../pki/webcrypto";

/** A certificate with its key: a CA of a test, or one of its leaves. */
export interface Party extends IssuedCertificate {
  readonly key: KeyObject;
  /** To sign with it, where it is a CA. */
  readonly signer: Required<Signer>;
}

/** A moment in the middle of all validities that {@link DEFAULT_NOW} gives. */
export const DEFAULT_NOW = new Date("2026-11-20T12:00:00Z");

/** An order with what every one needs. */
export function order(
  overrides: Partial<CertificateOrder> = {},
): CertificateOrder {
  return {
    profile: "device",
    subject: { commonName: "thermometer-1" },
    key: DEFAULT_KEY,
    validityDays: 90,
    ...overrides,
  };
}

/** Issues a certificate for a new key, by itself where no issuer is given. */
export async function issue(
  issuer: Party | undefined,
  overrides: Partial<CertificateOrder> = {},
  now = DEFAULT_NOW,
): Promise<Party> {
  const wanted = order(overrides);
  const key = generateKey(wanted.key);
  const signingKey = await importSigningKey(key, "key");
  const issued = await issueCertificate(
    wanted,
    { publicKey: publicKeyDer(key), key: wanted.key },
    issuer?.signer ?? { signingKey },
    now,
  );
  const certificate = new x509.X509Certificate(issued.certificatePem);
  return { ...issued, key, signer: { signingKey, certificate } };
}

/** A root CA. */
export function root(
  overrides: Partial<CertificateOrder> = {},
  now = DEFAULT_NOW,
): Promise<Party> {
  return issue(
    undefined,
    {
      profile: "root",
      subject: { commonName: "Test Root CA" },
      validityDays: 3650,
      ...overrides,
    },
    now,
  );
}

/** A CA below another one. */
export function intermediate(
  issuer: Party,
  overrides: Partial<CertificateOrder> = {},
  now = DEFAULT_NOW,
): Promise<Party> {
  return issue(
    issuer,
    {
      profile: "intermediate",
      subject: { commonName: "Test Issuing CA" },
      validityDays: 1825,
      ...overrides,
    },
    now,
  );
}

/** Every kind of key a profile allows. */
export const KEYS: readonly { readonly name: string; readonly key: KeySpec }[] =
  [
    { name: "ECDSA P-256", key: { algorithm: "ECDSA", ecdsaCurve: "P256" } },
    { name: "ECDSA P-384", key: { algorithm: "ECDSA", ecdsaCurve: "P384" } },
    { name: "ECDSA P-521", key: { algorithm: "ECDSA", ecdsaCurve: "P521" } },
    { name: "RSA 2048", key: { algorithm: "RSA", rsaBits: 2048 } },
    { name: "RSA 3072", key: { algorithm: "RSA", rsaBits: 3072 } },
    { name: "Ed25519", key: { algorithm: "ED25519" } },
  ];
