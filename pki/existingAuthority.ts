import type { KeyObject } from "node:crypto";
import { createHash } from "node:crypto";
import type { Authority } from "./authority";
import { readPathLength } from "./authority";
import { verifyChain } from "./chain";
import { readEncryptedPrivateKey } from "./encryptedKey";
import { examineAuthority } from "./examine/authority";
import type { Finding } from "./examine/finding";
import { Stack } from "./examine/finding";
import { readCertificate } from "./examine/reading";
import { exportPkcs8, keyIdentifier, readPrivateKey } from "./key";
import { readNameConstraints } from "./nameConstraints";
import type { Problem } from "./problem";
import { InputError, formatProblem, quote } from "./problem";
import { readSubject } from "./subject";
import { formatDate } from "./validity";
import { x509 } from "./webcrypto";

const DAY = 86_400_000;

/** Where the mistakes of an adoption are reported. */
const CERTIFICATE = "existing.certificatePem";
const KEY = "existing.privateKeyPem";
const PASSPHRASE = "existing.passphrase";

/** What the certificate of an adopted CA says. Nothing of it is ours to change. */
export interface AdoptedCertificate {
  /** PEM, nothing but the certificate. */
  readonly certificatePem: string;
  /** As those below see the CA. Its days are those of the whole validity. */
  readonly authority: Authority;
  /** SHA-256 over the DER, lowercase hex. */
  readonly fingerprintSha256: string;
  /** UTC, such as `2026-11-20T21:46:40Z`. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Of its key (RFC 5280 §4.2.1.2, method 1), lowercase hex, whatever the certificate itself says. */
  readonly subjectKeyIdentifier: string;
}

/**
 * Reads the certificate of a CA made elsewhere.
 *
 * @throws InputError on `existing.certificatePem` where there is none
 */
export function readAdoptedCertificate(pem: string): AdoptedCertificate {
  const { native, pem: certificatePem } = readCertificate(pem, CERTIFICATE);
  const parsed = new x509.X509Certificate(certificatePem);
  const { notBefore, notAfter } = parsed;
  const pathLength = readPathLength(parsed);
  const nameConstraints = readNameConstraints(parsed);
  return {
    certificatePem,
    authority: {
      subject: readSubject(parsed.subjectName),
      // Not the days that are left: they would be other ones at every update.
      validityDays: Math.floor(
        (notAfter.getTime() - notBefore.getTime()) / DAY,
      ),
      ...(pathLength !== undefined && { pathLength }),
      ...(nameConstraints !== undefined && { nameConstraints }),
    },
    fingerprintSha256: createHash("sha256").update(native.raw).digest("hex"),
    notBefore: formatDate(notBefore),
    notAfter: formatDate(notAfter),
    subjectKeyIdentifier: keyIdentifier(
      new Uint8Array(parsed.publicKey.rawData),
    ),
  };
}

/** A CA above the one that is adopted. */
export interface AdoptedBelow {
  /** The issuer's certificate, PEM. */
  readonly issuerCertificatePem: string;
  /** What is above the issuer; left out while it is not known, as in a first preview. */
  readonly path?: {
    /** The issuer and those above it, without the root; empty where the issuer is the root. PEM. */
    readonly chainPem: string;
    /** Roots, PEM. */
    readonly trustAnchorsPem: string;
  };
}

/** What is to be said of a CA before it is taken over. */
export interface AdoptionReport {
  /** Why it cannot be. */
  readonly problems: readonly Problem[];
  /** What else there is to know of it. */
  readonly warnings: readonly Finding[];
}

/**
 * Judges a CA made elsewhere: whether what it signs will be accepted, and who
 * has something against it all the same.
 *
 * @param above left out for a root, which must have signed itself
 * @param now UTC
 */
export function examineAdoption(
  certificatePem: string,
  above: AdoptedBelow | undefined,
  now: Date,
): AdoptionReport {
  const { selfSigned, subject, issuer, pem } = readCertificate(
    certificatePem,
    CERTIFICATE,
  );
  const findings = examineAuthority(pem, {
    now,
    ...(above !== undefined && { issuerPem: above.issuerCertificatePem }),
  });
  const problems: Problem[] = findings
    .filter(preventsAdoption)
    .map((finding) => ({
      path: CERTIFICATE,
      message: formatFinding(finding),
    }));
  if (above === undefined && !selfSigned) {
    problems.unshift({
      path: CERTIFICATE,
      message: `${quote(subject)} is no root: ${quote(issuer)} signed it. Give the certificate of that root, and adopt this one as an IntermediateCA below it.`,
    });
  }
  if (problems.length === 0) {
    problems.push(...chainProblems(pem, above, now));
  }
  return {
    problems,
    warnings: findings.filter((finding) => !preventsAdoption(finding)),
  };
}

/** These are no CAs for us, whoever accepts them as roots. */
const NOT_AN_ISSUER = ["version-1", "no-basic-constraints", "not-a-ca"];

/** Whether nothing that the CA signs would be accepted: by OpenSSL's verdict, which Node.js and most brokers share. */
export function preventsAdoption({ code, fatalFor }: Finding): boolean {
  return NOT_AN_ISSUER.includes(code) || fatalFor.includes(Stack.OpenSsl);
}

/** A finding for people: `"CN=Root": It has no keyUsage extension… Refused by Go.` */
export function formatFinding({ subject, message, fatalFor }: Finding): string {
  const verdict =
    fatalFor.length === 0
      ? ""
      : ` Refused by ${fatalFor.join(", ").replace(/, ([^,]*)$/, " and $1")}.`;
  return `${quote(subject)}: ${message}${verdict}`;
}

function chainProblems(
  pem: string,
  above: AdoptedBelow | undefined,
  now: Date,
): Problem[] {
  const path =
    above === undefined ? { chainPem: "", trustAnchorsPem: pem } : above.path;
  if (path === undefined) {
    return [];
  }
  return verifyChain(`${pem}${path.chainPem}`, path.trustAnchorsPem, now, {
    strict: false,
  }).map((problem) => ({ path: CERTIFICATE, message: formatProblem(problem) }));
}

/**
 * Opens the key of an adopted CA, in any form OpenSSL writes: PKCS#8, SEC1 or
 * PKCS#1, encrypted or not.
 *
 * @param certificatePem the certificate it must be the key of
 * @returns unencrypted PKCS#8 PEM
 * @throws InputError on `existing.privateKeyPem` or `existing.passphrase`; the message says nothing of either
 */
export function openAdoptedKey(
  privateKeyPem: string,
  passphrase: string | undefined,
  certificatePem: string,
): string {
  const key = openKey(privateKeyPem, passphrase);
  const { native, subject } = readCertificate(certificatePem, CERTIFICATE);
  if (!native.checkPrivateKey(key)) {
    throw refusal(
      KEY,
      `is not the key of ${quote(subject)}; give certificate and key of the same CA.`,
    );
  }
  return exportPkcs8(key);
}

const KEY_BLOCK =
  /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END ([A-Z]+ )*PRIVATE KEY-----/;

function openKey(pem: string, passphrase: string | undefined): KeyObject {
  // `openssl ecparam -genkey` writes the parameters of the curve before the key.
  const [block] = KEY_BLOCK.exec(pem) ?? [pem];
  const encrypted =
    block.startsWith("-----BEGIN ENCRYPTED") ||
    /^Proc-Type:\s*4,\s*ENCRYPTED/m.test(block);
  if (passphrase !== undefined && passphrase !== "") {
    return readEncryptedPrivateKey(block, passphrase, KEY);
  }
  if (encrypted) {
    throw refusal(
      PASSPHRASE,
      "is missing, and the key is encrypted; give the passphrase as a secret.",
    );
  }
  return readPrivateKey(block, KEY);
}

function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message }]);
}
