import type { KeyObject } from "node:crypto";
import { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import type { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  KeyUsage,
  SubjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import { decodePem, firstCertificate } from "../pem";
import { InputError } from "../problem";
import { x509 } from "../webcrypto";

/** An extension as it stands in a certificate. */
export interface ExtensionReading {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** What a certificate says of the key that signed it (RFC 5280 §4.2.1.1). */
export interface AuthorityReading {
  /** Lowercase hex. */
  readonly keyIdentifier?: string;
  /** Serial number of the issuer's certificate, lowercase hex. */
  readonly serialNumber?: string;
  readonly namesIssuer: boolean;
}

/** A certificate taken apart for judging, whatever tool made it. */
export interface CertificateReading {
  readonly pem: string;
  /** OpenSSL's reading, for signatures. */
  readonly native: X509Certificate;
  readonly subject: string;
  readonly issuer: string;
  /** The CN attributes of the subject. */
  readonly commonNames: readonly string[];
  /** DER of the names, to compare them octet by octet. */
  readonly subjectDer: Buffer;
  readonly issuerDer: Buffer;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Content octets of the INTEGER. */
  readonly serialNumber: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `undefined` for a key that OpenSSL cannot read. */
  readonly publicKey: KeyObject | undefined;
  /** Whether the curve of an EC key is spelled out instead of named (RFC 5480 §2.1.1 forbids it). */
  readonly explicitCurve: boolean;
  /** OID of the algorithm of the signature. */
  readonly signatureAlgorithm: string;
  readonly extensions: readonly ExtensionReading[];
  readonly basicConstraints?: {
    readonly ca: boolean;
    readonly pathLength?: number;
  };
  /** {@link KeyUsage} flags. */
  readonly keyUsage?: number;
  /** OIDs. */
  readonly extendedKeyUsage?: readonly string[];
  /** Lowercase hex. */
  readonly subjectKeyIdentifier?: string;
  readonly authority?: AuthorityReading;
  /** OIDs of extensions whose content cannot be read. */
  readonly malformed: readonly string[];
  /** Signed with its own key. */
  readonly selfSigned: boolean;
}

/** OIDs of the extensions that are read here (RFC 5280 §4.2.1). */
export const ExtensionOid = {
  SubjectKeyIdentifier: "2.5.29.14",
  KeyUsage: "2.5.29.15",
  SubjectAlternativeName: "2.5.29.17",
  BasicConstraints: "2.5.29.19",
  NameConstraints: "2.5.29.30",
  AuthorityKeyIdentifier: "2.5.29.35",
  ExtendedKeyUsage: "2.5.29.37",
} as const;

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";
/** Tag of an OBJECT IDENTIFIER, which a named curve is. */
const OBJECT_IDENTIFIER = 0x06;

/** A fleet's chains hold the same few CAs over and over; reading one takes longer than all else. */
const recent = new Map<string, CertificateReading>();
const RECENT = 256;

/** The certificates of a PEM text, each as it stands there, readable or not. */
export function certificateBlocks(pem: string): string[] {
  return (
    pem.match(
      /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g,
    ) ?? []
  );
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @throws InputError naming `path` where there is none, or it cannot be read
 * @example
 * ```ts
 * readCertificate(pem, "root.pem").version; // 3
 * ```
 */
export function readCertificate(pem: string, path: string): CertificateReading {
  const text = firstCertificate(pem, path);
  const known = recent.get(text);
  if (known !== undefined) {
    return known;
  }
  try {
    const reading = take(text);
    if (recent.size >= RECENT) {
      recent.clear();
    }
    recent.set(text, reading);
    return reading;
  } catch {
    throw new InputError([
      { path, message: "is no readable X.509 certificate." },
    ]);
  }
}

function take(pem: string): CertificateReading {
  // Node's reading is OpenSSL's: what it cannot read, no broker can.
  const native = new X509Certificate(pem);
  const parsed = new x509.X509Certificate(pem);
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(
    decodePem("CERTIFICATE", pem, ""),
    Certificate,
  );
  // Not its own map: that would make another of its class.
  const extensions = Array.from(
    tbsCertificate.extensions ?? [],
    ({ extnID, critical, extnValue }) => ({
      oid: extnID,
      critical,
      value: new Uint8Array(extnValue.buffer),
    }),
  );
  const publicKey = attempt(() => native.publicKey);
  return {
    pem,
    native,
    subject: nameForPeople(parsed.subjectName),
    issuer: nameForPeople(parsed.issuerName),
    commonNames: parsed.subjectName.getField("CN"),
    subjectDer: Buffer.from(parsed.subjectName.toArrayBuffer()),
    issuerDer: Buffer.from(parsed.issuerName.toArrayBuffer()),
    version: tbsCertificate.version + 1,
    serialNumber: Buffer.from(tbsCertificate.serialNumber),
    notBefore: parsed.notBefore,
    notAfter: parsed.notAfter,
    publicKey,
    explicitCurve: hasExplicitCurve(
      tbsCertificate.subjectPublicKeyInfo.algorithm,
    ),
    signatureAlgorithm: signatureAlgorithm.algorithm,
    extensions,
    ...readExtensions(extensions),
    selfSigned: publicKey !== undefined && verifies(native, publicKey),
  };
}

/** With names for the attributes that IDevIDs and OpenSSL's own configuration have. */
function nameForPeople(name: x509.Name): string {
  return new x509.Name(name.toArrayBuffer(), {
    serialNumber: "2.5.4.5",
    emailAddress: "1.2.840.113549.1.9.1",
  }).toString();
}

/** Whether a key made the signature of a certificate; false for keys of a kind that could not have. */
export function verifies(
  certificate: X509Certificate,
  publicKey: KeyObject,
): boolean {
  return attempt(() => certificate.verify(publicKey)) ?? false;
}

/** Whether the parameters of an EC key are anything but the name of a curve. */
export function hasExplicitCurve({
  algorithm,
  parameters,
}: AlgorithmIdentifier): boolean {
  return (
    algorithm === EC_PUBLIC_KEY &&
    parameters !== undefined &&
    parameters !== null &&
    new Uint8Array(parameters)[0] !== OBJECT_IDENTIFIER
  );
}

type ExtensionsReading = Pick<
  CertificateReading,
  | "basicConstraints"
  | "keyUsage"
  | "extendedKeyUsage"
  | "subjectKeyIdentifier"
  | "authority"
  | "malformed"
>;

function readExtensions(
  extensions: readonly ExtensionReading[],
): ExtensionsReading {
  const malformed: string[] = [];
  const read = <T>(
    oid: string,
    how: (value: Uint8Array) => T,
  ): T | undefined => {
    const extension = extensions.find((candidate) => candidate.oid === oid);
    if (extension === undefined) {
      return undefined;
    }
    const value = attempt(() => how(extension.value));
    if (value === undefined) {
      malformed.push(oid);
    }
    return value;
  };
  const basicConstraints = read(ExtensionOid.BasicConstraints, (value) => {
    const { cA, pathLenConstraint } = AsnConvert.parse(value, BasicConstraints);
    return {
      ca: cA,
      ...(pathLenConstraint !== undefined && { pathLength: pathLenConstraint }),
    };
  });
  const keyUsage = read(ExtensionOid.KeyUsage, (value) =>
    AsnConvert.parse(value, KeyUsage).toNumber(),
  );
  const extendedKeyUsage = read(ExtensionOid.ExtendedKeyUsage, (value) => [
    ...AsnConvert.parse(value, ExtendedKeyUsage),
  ]);
  const subjectKeyIdentifier = read(
    ExtensionOid.SubjectKeyIdentifier,
    (value) => hex(AsnConvert.parse(value, SubjectKeyIdentifier).buffer),
  );
  const authority = read(ExtensionOid.AuthorityKeyIdentifier, readAuthority);
  return {
    malformed,
    ...(basicConstraints !== undefined && { basicConstraints }),
    ...(keyUsage !== undefined && { keyUsage }),
    ...(extendedKeyUsage !== undefined && { extendedKeyUsage }),
    ...(subjectKeyIdentifier !== undefined && { subjectKeyIdentifier }),
    ...(authority !== undefined && { authority }),
  };
}

function readAuthority(value: Uint8Array): AuthorityReading {
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } =
    AsnConvert.parse(value, AuthorityKeyIdentifier);
  return {
    namesIssuer: (authorityCertIssuer ?? []).length > 0,
    ...(keyIdentifier !== undefined && {
      keyIdentifier: hex(keyIdentifier.buffer),
    }),
    ...(authorityCertSerialNumber !== undefined && {
      serialNumber: hex(authorityCertSerialNumber),
    }),
  };
}

function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}

/** What a reading answers, `undefined` where it fails: what others wrote may be anything. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
