import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { CertificateReading } from "../pki/examine/reading";
import { attempt } from "../pki/examine/reading";
import { issued } from "../pki/examine/order";
import { readCertificates } from "../pki/examine/chain";
import type { PemObject } from "../pki/examine/pemObjects";
import { readPemObjects } from "../pki/examine/pemObjects";
import type { Finding } from "../pki/examine/finding";
import { KeyUsageFlags } from "@peculiar/asn1-x509";
import type { Group, Material } from "./material";

/** What a text is, as a whole. */
export const Kind = {
  /** A leaf, with or without those above it. */
  Chain: "chain",
  /** CAs that are to be trusted. */
  Bundle: "trust anchors",
  /** CAs. */
  Authorities: "authority",
  Key: "key",
  Request: "request",
  Other: "other",
} as const;

/** A private key that was found. */
export interface FoundKey {
  /** `undefined` where it is encrypted, or cannot be read. */
  readonly key: KeyObject | undefined;
  readonly encrypted: boolean;
}

/** A text, sorted out. */
export interface Sorted extends Material {
  /** One of {@link Kind}. */
  readonly kind: string;
  readonly certificates: readonly CertificateReading[];
  /** About certificates that cannot be read. */
  readonly findings: readonly Finding[];
  readonly keys: readonly FoundKey[];
  /** PEM, each on its own. */
  readonly requests: readonly string[];
}

const REQUEST_LABEL = /^(NEW )?CERTIFICATE REQUEST$/;
const BUNDLE_NAME =
  /^(ca|ca-?bundle|cafile|trust|trust-?anchors|trust-?bundle)\.(pem|crt|cer|cert\.pem)$/i;

/**
 * Sorts out a text.
 *
 * @param isIssuer whether a certificate is known to have signed others, which a version 1 certificate cannot say itself
 */
export function sortOut(
  { name, pem }: Material,
  password: string | undefined,
  isIssuer: (certificate: CertificateReading) => boolean,
): Sorted {
  const { objects } = readPemObjects(pem);
  const { certificates, findings } = readCertificates(pem);
  const keys = objects
    .filter(({ label }) => label.endsWith("PRIVATE KEY"))
    .map((object) => openKey(object, password));
  const requests = objects
    .filter(({ label }) => REQUEST_LABEL.test(label))
    .map((object) =>
      object.pem.replaceAll("NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST"),
    );
  return {
    name,
    pem,
    certificates,
    findings,
    keys,
    requests,
    kind: kindOf(
      name,
      certificates.length > 0 || findings.length > 0,
      certificates.every((one) => isAuthority(one) || isIssuer(one)),
      keys.length > 0,
      requests.length > 0,
    ),
  };
}

function kindOf(
  name: string,
  hasCertificates: boolean,
  allAuthorities: boolean,
  hasKeys: boolean,
  hasRequests: boolean,
): string {
  if (hasCertificates) {
    if (!allAuthorities) {
      return Kind.Chain;
    }
    return BUNDLE_NAME.test(name) ? Kind.Bundle : Kind.Authorities;
  }
  if (hasKeys) {
    return Kind.Key;
  }
  return hasRequests ? Kind.Request : Kind.Other;
}

/** Whether a certificate is one of a CA, as far as it says so itself. */
export function isAuthority({
  basicConstraints,
  keyUsage = 0,
  version,
  selfSigned,
}: CertificateReading): boolean {
  return (
    basicConstraints?.ca === true ||
    (keyUsage & KeyUsageFlags.keyCertSign) !== 0 ||
    (version < 3 && selfSigned)
  );
}

function openKey(object: PemObject, password: string | undefined): FoundKey {
  const encrypted =
    object.encrypted || object.label === "ENCRYPTED PRIVATE KEY";
  return {
    encrypted,
    key:
      encrypted && password === undefined
        ? undefined
        : attempt(() =>
            createPrivateKey({
              key: object.pem,
              ...(encrypted && { passphrase: password }),
            }),
          ),
  };
}

/** The public half in a form that can be compared; `undefined` for a key that could not be opened. */
export function publicHalf(key: KeyObject | undefined): string | undefined {
  return key === undefined
    ? undefined
    : attempt(() =>
        (key.type === "private" ? createPublicKey(key) : key)
          .export({ type: "spki", format: "der" })
          .toString("base64"),
      );
}

/** Which file holds the key of a certificate, by the names people and we give them. */
export function keyNameFor(name: string): string[] {
  const stem = name.replace(/\.(pem|crt|cer|der)$/i, "");
  const bare = stem.replace(
    /(^|[._-])(chain|cert|certificate|fullchain)$/i,
    "",
  );
  return [
    ...(name === "tls.crt" ? ["tls.key"] : []),
    ...(name === "server.pem" ? ["mqttserver_key.pem"] : []),
    ...(bare === "" ? ["key.pem"] : []),
    ...[stem, bare]
      .filter((part) => part !== "")
      .flatMap((part) => [
        `${part}.key`,
        `${part}.key.pem`,
        `${part}_key.pem`,
        `${part}-key.pem`,
      ]),
    // The names of ThingsBoard's guide: leafCert.pem and leafKey.pem.
    ...(/Cert(Chain)?$/.test(stem)
      ? [`${stem.replace(/Cert(Chain)?$/, "Key")}.pem`]
      : []),
  ];
}

/** All certificates that are at hand, to find the issuer of one. */
export class Pool {
  private readonly bySubject = new Map<string, CertificateReading[]>();
  private readonly issuers = new Set<string>();

  /** @param groups of everything but the folders of single devices */
  constructor(groups: readonly Group[]) {
    const all = groups.flatMap(({ materials }) =>
      materials.flatMap(({ pem }) => readCertificates(pem).certificates),
    );
    for (const one of all) {
      const key = one.subjectDer.toString("base64");
      const namesakes = this.bySubject.get(key) ?? [];
      if (!namesakes.some(({ native }) => native.raw.equals(one.native.raw))) {
        this.bySubject.set(key, [...namesakes, one]);
      }
    }
    for (const one of all) {
      const issuer = one.selfSigned ? undefined : this.issuerOf(one);
      if (issuer !== undefined) {
        this.issuers.add(issuer.native.fingerprint256);
      }
    }
  }

  /** The certificate that signed this one, `undefined` where it is not at hand. */
  issuerOf(certificate: CertificateReading): CertificateReading | undefined {
    return this.bySubject
      .get(certificate.issuerDer.toString("base64"))
      ?.find((one) => issued(one, certificate));
  }

  /** Whether this certificate signed another one. */
  isIssuer(certificate: CertificateReading): boolean {
    return this.issuers.has(certificate.native.fingerprint256);
  }

  /** Self-signed CAs. */
  roots(): CertificateReading[] {
    return [...this.bySubject.values()]
      .flat()
      .filter((one) => one.selfSigned && isAuthority(one));
  }
}
