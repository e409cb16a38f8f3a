import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { belongsTo } from "./pair";
import type { PemObject } from "./pemObjects";
import { readPemObjects } from "./pemObjects";
import type { CertificateReading } from "./reading";
import { attempt, hasExplicitCurve, readCertificate } from "./reading";
import { AsnConvert } from "@peculiar/asn1-schema";
import { SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import { publicKeyDer } from "../key";

/** The files that ThingsBoard's MQTT transport is given, as text. */
export interface ThingsBoardFiles {
  /** MQTT_SSL_PEM_CERT */
  readonly certFileText: string;
  /** MQTT_SSL_PEM_KEY; left out, the key must stand in the certificate file. */
  readonly keyFileText?: string;
  /** MQTT_SSL_PEM_KEY_PASSWORD; left out, ThingsBoard's own default, which is not empty. */
  readonly keyPassword?: string;
}

/** Whether ThingsBoard starts with its files, and whether clients then reach it. */
export interface ThingsBoardAnswer {
  /** It starts, and handshakes succeed as far as these files decide. */
  readonly ok: boolean;
  /** It starts. Where it does not, the plain port 1883 stays closed, too (thingsboard/thingsboard issue 15907). */
  readonly starts: boolean;
  /** Which row of what was tried with ThingsBoard's loader this is: `encrypted PKCS#8`. */
  readonly row: string;
  /** Why, and what to do; holds no secret. */
  readonly message: string;
}

/** `server_key_password` in thingsboard.yml. */
const DEFAULT_PASSWORD = "server_key_password";
const KEY_LABELS = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/**
 * Would ThingsBoard start its MQTT over TLS with these files? Follows
 * `PemSslCredentials` and `AbstractSslCredentials` of thingsboard/thingsboard,
 * which read with BouncyCastle and put key and chain into a Java key store.
 * Dates and trust are not looked at there, and so not here: see
 * `examineChain`.
 *
 * @example
 * ```ts
 * wouldThingsBoardStart({ certFileText: chainPem, keyFileText: keyPem }).message;
 * ```
 */
export function wouldThingsBoardStart(
  files: ThingsBoardFiles,
): ThingsBoardAnswer {
  const inCertificateFile = readPemObjects(files.certFileText);
  const inKeyFile = readPemObjects(files.keyFileText ?? "");
  if (inCertificateFile.unfinished) {
    return fails(
      "unfinished PEM block",
      "The certificate file ends within a PEM block. Write the file anew.",
    );
  }
  const certificates = readAll(inCertificateFile.objects);
  const refusal =
    refuseCertificates(files.certFileText, certificates) ??
    refuseChain(certificates.filter((one) => one !== undefined));
  if (refusal !== undefined) {
    return refusal;
  }
  const [leaf] = certificates;
  const found =
    inCertificateFile.objects.find(isKey) ??
    (inKeyFile.unfinished ? undefined : inKeyFile.objects.find(isKey));
  if (leaf === undefined || found === undefined) {
    return refuseKey([...inCertificateFile.objects, ...inKeyFile.objects]);
  }
  const key = openKey(found, files.keyPassword ?? DEFAULT_PASSWORD);
  return key === undefined
    ? found.encrypted
      ? fails(
          "traditional encrypted key, wrong password",
          "The private key is encrypted, and the password does not open it. Set MQTT_SSL_PEM_KEY_PASSWORD to the right one.",
        )
      : fails(
          "unreadable key",
          "The private key cannot be read. Write it as unencrypted PKCS#8.",
        )
    : judgePair(key, leaf, found);
}

function fails(row: string, message: string): ThingsBoardAnswer {
  return { ok: false, starts: false, row, message };
}

/** BouncyCastle hands over what it knows by these labels, and skips all else. */
function readAll(
  objects: readonly PemObject[],
): (CertificateReading | undefined)[] {
  return objects
    .filter(
      ({ label }) => label === "CERTIFICATE" || label === "X509 CERTIFICATE",
    )
    .map(({ pem }) =>
      attempt(() =>
        readCertificate(pem.replaceAll("X509 CERTIFICATE", "CERTIFICATE"), ""),
      ),
    );
}

function refuseCertificates(
  text: string,
  certificates: readonly (CertificateReading | undefined)[],
): ThingsBoardAnswer | undefined {
  if (certificates.length === 0) {
    const why = text.includes("BEGIN TRUSTED CERTIFICATE")
      ? 'It says "BEGIN TRUSTED CERTIFICATE", which only OpenSSL reads; write it anew with "openssl x509".'
      : text.includes("BEGIN CERTIFICATE")
        ? "Its PEM marker lines do not stand on lines of their own; keep the line breaks."
        : "Give it a PEM file with the server's certificate first.";
    return fails(
      "no certificate",
      `The certificate file holds no certificate that ThingsBoard reads. ${why}`,
    );
  }
  const index = certificates.indexOf(undefined);
  return index < 0
    ? undefined
    : fails(
        "unreadable certificate",
        `Certificate number ${index + 1} of the certificate file cannot be read. Take it from its source again.`,
      );
}

/** What a Java PKCS#12 key store holds a chain to: by names, and no certificate twice. */
function refuseChain(
  certificates: readonly CertificateReading[],
): ThingsBoardAnswer | undefined {
  for (const [index, certificate] of certificates.entries()) {
    const first = certificates.findIndex(({ native }) =>
      native.raw.equals(certificate.native.raw),
    );
    if (first !== index) {
      return fails(
        "duplicate certificate",
        `"${certificate.subject}" stands in the certificate file twice ("Certificate chain is not valid"). Leave one out.`,
      );
    }
    const above = certificates[index + 1];
    if (above !== undefined && !namedBy(certificate, above)) {
      return fails(
        "chain out of order, with a gap, or with an unrelated CA",
        `"${above.subject}" stands after "${certificate.subject}", whose issuer is "${certificate.issuer}" ("Certificate chain is not valid"). Write the leaf first, then each certificate's issuer, and nothing else.`,
      );
    }
  }
  return undefined;
}

function namedBy(
  certificate: CertificateReading,
  above: CertificateReading,
): boolean {
  // Java compares names without regard to case and repeated blanks, too.
  const fold = (name: string): string =>
    name.toLowerCase().replace(/\s+/g, " ");
  return (
    certificate.issuerDer.equals(above.subjectDer) ||
    fold(certificate.issuer) === fold(above.subject)
  );
}

function isKey({ label }: PemObject): boolean {
  return KEY_LABELS.includes(label);
}

function refuseKey(objects: readonly PemObject[]): ThingsBoardAnswer {
  return objects.some(({ label }) => label === "ENCRYPTED PRIVATE KEY")
    ? fails(
        "encrypted PKCS#8",
        'The private key is encrypted as PKCS#8, which ThingsBoard skips without a word ("Unable to load private key", thingsboard/thingsboard issue 5570). Write it unencrypted with "openssl pkcs8 -topk8 -nocrypt", or encrypted in the traditional form with "openssl rsa -aes256 -traditional" or "openssl ec -aes256".',
      )
    : fails(
        "no key",
        'There is no private key, neither in the certificate file nor in the key file ("Unable to load private key"). Set MQTT_SSL_PEM_KEY to the file that holds it.',
      );
}

function openKey(
  { pem, encrypted }: PemObject,
  password: string,
): KeyObject | undefined {
  return attempt(() =>
    createPrivateKey(
      encrypted ? { key: pem, passphrase: password } : { key: pem },
    ),
  );
}

/** Curves that load, and that no handshake of Java's succeeds with. */
const DEAD_CURVES = /^(secp256k1|brainpool.*)$/;

function judgePair(
  key: KeyObject,
  leaf: CertificateReading,
  { encrypted, label }: PemObject,
): ThingsBoardAnswer {
  if (leaf.explicitCurve || spellsCurveOut(key)) {
    return fails(
      "explicit curve parameters",
      'Key or certificate spells the parameters of its curve out. Write the key again with "openssl ec -param_enc named_curve", and have the certificate issued for it anew.',
    );
  }
  const { publicKey } = leaf;
  if (publicKey === undefined || family(key) !== family(publicKey)) {
    return fails(
      "key of another kind than the certificate's",
      `The private key is of kind ${family(key)}, the certificate is for one of kind ${family(publicKey)}. Give the key that the certificate was issued for.`,
    );
  }
  if (!belongsTo(key, leaf)) {
    return {
      ok: false,
      starts: true,
      row: "other key of the certificate's kind",
      message:
        "ThingsBoard starts, and every TLS handshake fails: the private key is not the certificate's. Give the key that the certificate was issued for.",
    };
  }
  const curve = key.asymmetricKeyDetails?.namedCurve ?? "";
  if (DEAD_CURVES.test(curve)) {
    return {
      ok: false,
      starts: true,
      row: `curve ${curve}`,
      message: `ThingsBoard starts, and every TLS handshake fails: Java makes none with keys on the curve ${curve}. Use P-256.`,
    };
  }
  return {
    ok: true,
    starts: true,
    row: encrypted
      ? "traditional encrypted key, right password"
      : `${label} in PEM, with its chain`,
    message: "ThingsBoard starts with this.",
  };
}

/** What Java calls the algorithm of a key. */
function family(key: KeyObject | undefined): string {
  const type = key?.asymmetricKeyType ?? "unknown";
  return type === "rsa-pss" ? "rsa" : type;
}

function spellsCurveOut(key: KeyObject): boolean {
  return (
    attempt(() =>
      hasExplicitCurve(
        AsnConvert.parse(publicKeyDer(key), SubjectPublicKeyInfo).algorithm,
      ),
    ) ?? false
  );
}
