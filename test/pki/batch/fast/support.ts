import type { KeyObject } from "node:crypto";
import { X509Certificate } from "node:crypto";
import { issueCertificate } from "../../../../pki/certificate";
import type { Signer } from "../../../../pki/certificate";
import type { KeySpec } from "../../../../pki/key";
import {
  SignatureScheme,
  generateKey,
  importSigningKey,
  publicKeyDer,
} from "../../../../pki/key";
import type { CertificateOrder } from "../../../../pki/order";
import type { CertificateTemplate } from "../../../../pki/batch/fast/template";
import { CertificateWriter } from "../../../../pki/batch/fast/writer";
import { readDer } from "../../support/der";
import { issue, root } from "../../support/authority";

/** A CA that signs devices' certificates. */
export interface Issuer {
  readonly name: string;
  readonly certificatePem: string;
  /** Above it. */
  readonly anchorPem: string;
  readonly key: KeyObject;
  readonly signer: Required<Signer>;
}

const ISSUERS: readonly (readonly [
  name: string,
  key: KeySpec,
  scheme?: string,
])[] = [
  ["ECDSA P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["ECDSA P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["ECDSA P-521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["RSA PKCS#1 v1.5", { algorithm: "RSA", rsaBits: 2048 }],
  ["RSA PSS", { algorithm: "RSA", rsaBits: 3072 }, SignatureScheme.Pss],
  ["Ed25519", { algorithm: "ED25519" }],
];

/** One CA for every way of signing. */
export async function makeIssuers(): Promise<Issuer[]> {
  const above = await root();
  return Promise.all(
    ISSUERS.map(async ([name, key, scheme]) => {
      const made = await issue(above, {
        profile: "intermediate",
        subject: {
          commonName: `Issuer ${name}`,
          organization: "Größe & Söhne",
        },
        key,
        validityDays: 400,
      });
      const signingKey = await importSigningKey(made.key, "key", scheme);
      return {
        name,
        certificatePem: made.certificatePem,
        anchorPem: above.certificatePem,
        key: made.key,
        signer: { signingKey, certificate: made.signer.certificate },
      };
    }),
  );
}

/** Kinds of keys a device may have. */
export const DEVICE_KEYS: readonly KeySpec[] = [
  { algorithm: "ECDSA", ecdsaCurve: "P256" },
  { algorithm: "ECDSA", ecdsaCurve: "P384" },
  { algorithm: "ECDSA", ecdsaCurve: "P521" },
  { algorithm: "RSA", rsaBits: 2048 },
  { algorithm: "RSA", rsaBits: 3072 },
  { algorithm: "RSA", rsaBits: 4096 },
];

const PUBLIC_KEYS = new Map<KeySpec, Buffer>();

/** A public key of a kind, always the same one. */
export function publicKeyOf(key: KeySpec): Buffer {
  const known = PUBLIC_KEYS.get(key) ?? publicKeyDer(generateKey(key));
  PUBLIC_KEYS.set(key, known);
  return known;
}

/** What the library issues. */
export async function libraryCertificate(
  order: CertificateOrder,
  publicKey: Buffer,
  issuer: Issuer,
  now: Date,
): Promise<X509Certificate> {
  const { certificatePem } = await issueCertificate(
    order,
    { publicKey, key: order.key },
    issuer.signer,
    now,
  );
  return new X509Certificate(certificatePem);
}

/** The part of a certificate that is signed, its tag and content in hex, read by the tests' own reader. */
export function signedPart(der: Buffer): string {
  const [tbs] = readDer(der).children;
  return tbs === undefined
    ? ""
    : `${tbs.tag.toString(16)} ${tbs.content.toString("hex")}`;
}

/** The 17 octets of the serial number of a certificate. */
export function serialNumberOf(certificate: X509Certificate): Buffer {
  return Buffer.from(certificate.serialNumber, "hex");
}

/** The certificate the writer makes, for the serial number of the library's. */
export function fill(
  template: CertificateTemplate,
  issuer: Issuer,
  texts: readonly string[],
  publicKey: Buffer,
  like: X509Certificate,
): Buffer {
  const writer = new CertificateWriter(template, issuer.key);
  return Buffer.from(writer.write(texts, publicKey, serialNumberOf(like)));
}

/** For what a test relies on and the types cannot say. */
export function fail(reason: string): never {
  throw new Error(reason);
}
