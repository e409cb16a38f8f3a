import type { KeyObject } from "node:crypto";
import { randomBytes } from "node:crypto";
import type { JsonNameParams } from "@peculiar/x509";
import {
  generateKey,
  importSigningKey,
  keyIdentifier,
  publicKeyDer,
} from "../../../pki/key";
import { encodePem } from "../../../pki/pem";
import { x509 } from "../../../pki/webcrypto";
import { DEFAULT_NOW } from "./authority";
import type { Party } from "./authority";

const DAY = 86_400_000;

/** A certificate no profile would make: for what other tools made, and for what must be refused. */
export interface Crafted {
  readonly subject: JsonNameParams;
  /** Signs itself where left out. */
  readonly issuer?: Party;
  /** A new P-256 key where left out. */
  readonly key?: KeyObject;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** All of its extensions but the key identifiers. */
  readonly extensions: readonly x509.Extension[];
  /** Overrides SHA-1 over the key; empty writes none. */
  readonly subjectKeyIdentifier?: string;
}

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** Makes such a certificate. */
export async function craft(wanted: Crafted): Promise<Party> {
  const key = wanted.key ?? generateKey(P256);
  const signingKey = await importSigningKey(key, "key");
  const spki = publicKeyDer(key);
  const issuer = wanted.issuer?.signer;
  const subject = new x509.Name(wanted.subject);
  const ski = wanted.subjectKeyIdentifier ?? keyIdentifier(spki);
  const aki =
    issuer?.certificate.getExtension(x509.SubjectKeyIdentifierExtension)
      ?.keyId ?? (issuer === undefined ? ski : "");
  const serialNumber = `40${randomBytes(8).toString("hex")}`;
  const validity = {
    notBefore: wanted.notBefore ?? new Date(DEFAULT_NOW.getTime() - DAY),
    notAfter: wanted.notAfter ?? new Date(DEFAULT_NOW.getTime() + 30 * DAY),
  };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber,
    subject,
    issuer: issuer?.certificate.subjectName ?? subject,
    ...validity,
    publicKey: new x509.PublicKey(spki),
    signingKey: (issuer?.signingKey ?? signingKey).key,
    signingAlgorithm: (issuer?.signingKey ?? signingKey).algorithm,
    extensions: [
      ...wanted.extensions,
      ...(ski === "" ? [] : [new x509.SubjectKeyIdentifierExtension(ski)]),
      ...(aki === "" ? [] : [new x509.AuthorityKeyIdentifierExtension(aki)]),
    ],
  });
  return {
    key,
    signer: { signingKey, certificate },
    certificatePem: encodePem("CERTIFICATE", Buffer.from(certificate.rawData)),
    serialNumber,
    validity,
    fingerprintSha256: "",
    subjectKeyIdentifier: ski,
  };
}

/** What makes a certificate a CA of today. */
export function caExtensions(pathLength?: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    caKeyUsage(),
  ];
}

/** What makes a certificate a leaf with these DNS names. */
export function leafExtensions(
  ...dnsNames: readonly string[]
): x509.Extension[] {
  const names = dnsNames.map((value) => ({ type: "dns" as const, value }));
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    keyUsage(x509.KeyUsageFlags.digitalSignature),
    ...(names.length === 0
      ? []
      : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
}

/** keyUsage, critical. */
export function keyUsage(flags: x509.KeyUsageFlags): x509.KeyUsagesExtension {
  return new x509.KeyUsagesExtension(flags, true);
}

/** What a CA may do with its key, keyCertSign and cRLSign (RFC 5280 §4.2.1.3). */
export function caKeyUsage(): x509.Extension {
  // Two flags joined are a number to TypeScript, which the library's class does not take.
  return new x509.Extension("2.5.29.15", true, Buffer.from("03020106", "hex"));
}
