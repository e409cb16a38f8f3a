import type { Signer } from "../../certificate";
import { issueCertificate } from "../../certificate";
import type { KeySpec, SigningKey } from "../../key";
import { formatKeySpec, generateKey, publicKeyDer } from "../../key";
import type { CertificateOrder } from "../../order";
import { profileOf } from "../../order";
import { decodePem } from "../../pem";
import { readChildren, readOnly, readValue, Tag, unexpected } from "./derValue";
import type { DerValue } from "./derValue";
import { findKeyIdentifier, findNames, findSubjectTexts } from "./fields";
import type { Field } from "./fields";
import { SERIAL_NUMBER_BYTES } from "./serialNumber";

/** How the issuer's key signs, for `sign` of node:crypto. */
export interface TemplateSignature {
  /** Name of the hash for Node; null for Ed25519, which has its own. */
  readonly hash: string | null;
  /** Bytes of the salt, for RSA with PSS; PKCS#1 v1.5 where left out. */
  readonly saltLength?: number;
}

/**
 * A certificate as the library built it, with the places of what differs from
 * device to device. Plain data, to be posted to worker threads. All offsets
 * count from the beginning of `tbs`.
 */
export interface CertificateTemplate {
  /** DER of the TBSCertificate; zeros where a device's own values go. */
  readonly tbs: Uint8Array;
  /** Of the 17 octets of the serial number. */
  readonly serialNumber: number;
  /** Of the device's own texts, in the order of `textsOf`. */
  readonly texts: readonly Field[];
  /** The SubjectPublicKeyInfo. Its first bytes, up to `keyBits`, are the same for all keys of a kind. */
  readonly publicKey: Field;
  /** Of the key's own bits in it. */
  readonly keyBits: number;
  /** Of the 20 octets of the subject key identifier: SHA-1 over the key's bits. */
  readonly subjectKeyIdentifier: number;
  /** Unix seconds. */
  readonly notBefore: number;
  /** Unix seconds. */
  readonly notAfter: number;
  /** DER of the AlgorithmIdentifier of the signature. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: TemplateSignature;
  /** DER of the issuer's SubjectPublicKeyInfo, so that no other key signs. */
  readonly issuerPublicKey: Uint8Array;
}

/**
 * Has the library issue one certificate for an order and finds in it what
 * differs from device to device, so that a `CertificateWriter` can make all
 * others of the same shape (see `Shaper`). Fields are found by the structure
 * of the DER and compared with what the order says.
 *
 * @param order of one device of the shape; it has been checked as for `issueCertificate`
 * @param at now, UTC: all certificates of a template begin and end with each other
 * @param publicKey the key of that device, as DER of its SubjectPublicKeyInfo, where it made its key
 *   itself; default: a sample of the order's kind, which is as long as any other
 * @throws Error where the certificate is not as a template has it
 * @example
 * ```ts
 * const template = await buildTemplate(deviceOrder(device, profile), signer, new Date());
 * worker.postMessage({ template, privateKey }); // privateKey: KeyObject of the CA
 * ```
 */
export async function buildTemplate(
  order: CertificateOrder,
  signer: Signer,
  at: Date,
  publicKey: Buffer = sampleKey(order.key),
): Promise<CertificateTemplate> {
  const profile = profileOf(order);
  // The common name of a server is among its alternative names, or is not, by what it says.
  if (profile?.namesDevice !== true || signer.certificate === undefined) {
    throw unexpected("the order", "is for no device below a CA");
  }
  const issued = await issueCertificate(
    order,
    { publicKey, key: order.key },
    signer,
    at,
  );
  const der = decodePem("CERTIFICATE", issued.certificatePem, "");
  const parts = readCertificate(der);
  // From here on offsets count from the beginning of the part that is signed.
  const tbs = Buffer.from(der.subarray(parts.tbs.begin, parts.tbs.end));
  const fields = readTbs(tbs);
  expectSame(
    contentAndTag(der, parts.algorithm),
    contentAndTag(tbs, fields.algorithm),
    "the signature algorithm",
  );
  expectSame(contentAndTag(tbs, fields.publicKey), publicKey, "the public key");
  const [, keyBits] = readChildren(tbs, fields.publicKey, "the public key", [
    Tag.Sequence,
    Tag.BitString,
  ]);
  if (keyBits === undefined || tbs[keyBits.start] !== 0) {
    throw unexpected("the public key", "has unused bits");
  }
  if (
    fields.serialNumber.end - fields.serialNumber.start !==
    SERIAL_NUMBER_BYTES
  ) {
    throw unexpected("the serial number", "has another length");
  }
  const texts = [
    ...findSubjectTexts(tbs, fields.subject, order.subject),
    ...findNames(tbs, fields.extensions, order),
  ];
  const subjectKeyIdentifier = findKeyIdentifier(
    tbs,
    fields.extensions,
    issued.subjectKeyIdentifier,
  );
  const template = {
    tbs: new Uint8Array(tbs),
    serialNumber: fields.serialNumber.start,
    texts,
    publicKey: {
      offset: fields.publicKey.begin,
      length: fields.publicKey.end - fields.publicKey.begin,
    },
    keyBits: keyBits.start + 1,
    subjectKeyIdentifier: subjectKeyIdentifier.offset,
    notBefore: issued.validity.notBefore.getTime() / 1000,
    notAfter: issued.validity.notAfter.getTime() / 1000,
    signatureAlgorithm: new Uint8Array(contentAndTag(der, parts.algorithm)),
    signature: signatureOf(signer.signingKey),
    issuerPublicKey: new Uint8Array(signer.certificate.publicKey.rawData),
  };
  // What a writer forgot to fill would stand out, and nothing of the first device is left in the others.
  for (const { offset, length } of [
    ...texts,
    subjectKeyIdentifier,
    { offset: template.serialNumber, length: SERIAL_NUMBER_BYTES },
    { offset: template.keyBits, length: keyBits.end - template.keyBits },
  ]) {
    template.tbs.fill(0, offset, offset + length);
  }
  return template;
}

const samples = new Map<string, Buffer>();

/** A public key of this kind: one is enough, and an RSA key takes a while. */
function sampleKey(key: KeySpec): Buffer {
  const kind = formatKeySpec(key);
  const known = samples.get(kind) ?? publicKeyDer(generateKey(key));
  samples.set(kind, known);
  return known;
}

/** Certificate (RFC 5280 §4.1). */
function readCertificate(der: Buffer): {
  readonly tbs: DerValue;
  readonly algorithm: DerValue;
} {
  const whole = { tag: Tag.Sequence, begin: 0, start: 0, end: der.length };
  const certificate = readOnly(der, whole, "the certificate", Tag.Sequence);
  const [tbs, algorithm] = readChildren(der, certificate, "the certificate", [
    Tag.Sequence,
    Tag.Sequence,
    Tag.BitString,
  ]);
  if (tbs === undefined || algorithm === undefined) {
    throw unexpected("the certificate", "is incomplete");
  }
  return { tbs, algorithm };
}

/** TBSCertificate (RFC 5280 §4.1) of a certificate of version 3. */
function readTbs(tbs: Buffer): {
  readonly serialNumber: DerValue;
  readonly algorithm: DerValue;
  readonly subject: DerValue;
  readonly publicKey: DerValue;
  readonly extensions: DerValue;
} {
  const what = "the part that is signed";
  const whole = readValue(tbs, 0, tbs.length, what, Tag.Sequence);
  const [, serialNumber, algorithm, , , subject, publicKey, extensions] =
    readChildren(tbs, whole, what, [
      Tag.Explicit0, // version
      Tag.Integer, // serialNumber
      Tag.Sequence, // signature
      Tag.Sequence, // issuer
      Tag.Sequence, // validity
      Tag.Sequence, // subject
      Tag.Sequence, // subjectPublicKeyInfo
      Tag.Explicit3, // extensions
    ]);
  if (
    serialNumber === undefined ||
    algorithm === undefined ||
    subject === undefined ||
    publicKey === undefined ||
    extensions === undefined
  ) {
    throw unexpected(what, "is incomplete");
  }
  return { serialNumber, algorithm, subject, publicKey, extensions };
}

function contentAndTag(bytes: Buffer, value: DerValue): Buffer {
  return bytes.subarray(value.begin, value.end);
}

function expectSame(found: Buffer, wanted: Buffer, what: string): void {
  if (!found.equals(wanted)) {
    throw unexpected(what, "is another one than ordered");
  }
}

const HASHES: Readonly<Record<string, string>> = {
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

/** What node:crypto calls the way this key signs. */
function signatureOf({ key, algorithm }: SigningKey): TemplateSignature {
  if (algorithm.name === "Ed25519") {
    return { hash: null };
  }
  // ECDSA names its hash with each signature, RSA with the key.
  const from: object = algorithm.name === "ECDSA" ? algorithm : key.algorithm;
  const named: unknown = "hash" in from ? from.hash : undefined;
  const name =
    typeof named === "object" && named !== null && "name" in named
      ? named.name
      : named;
  const hash = HASHES[String(name)];
  if (hash === undefined) {
    throw unexpected("the issuer's key", "signs with an unknown hash");
  }
  switch (algorithm.name) {
    case "ECDSA":
    case "RSASSA-PKCS1-v1_5":
      return { hash };
    case "RSA-PSS":
      if ("saltLength" in algorithm) {
        return { hash, saltLength: algorithm.saltLength };
      }
  }
  throw unexpected("the issuer's key", "signs in an unknown way");
}
