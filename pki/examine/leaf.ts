import { isIP } from "node:net";
import { idProblem } from "../batch/deviceId";
import { quote } from "../problem";
import { daysLeft, formatDate } from "../validity";
import { examineEncoding } from "./encoding";
import type { Finding, Rule } from "./finding";
import { Stack, VERIFIERS } from "./finding";
import type { CertificateReading } from "./reading";
import { ExtensionOid } from "./reading";
import { examineKey, examineSignature } from "./strength";
import { KeyUsageFlags } from "@peculiar/asn1-x509";

/** What the holder of a leaf is: a broker, or a device. */
export const Purpose = { Server: "server", Device: "device" } as const;

/** What a leaf is judged by. */
export interface LeafContext {
  /** UTC */
  readonly now: Date;
  /** One of {@link Purpose}; left out, extendedKeyUsage says it where it can. */
  readonly purpose?: string;
  /** Host names and addresses under which clients will ask for the server. */
  readonly hostNames?: readonly string[];
}

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY = "2.5.29.37.0";
/** Who holds a leaf to its extendedKeyUsage: all but Mbed TLS, unless it is told to. */
const OBEY_PURPOSE = VERIFIERS.filter((stack) => stack !== Stack.MbedTls);
/** Days before the end from which on it is said. */
const SOON = 30;

/** What a leaf says it is for, `undefined` where it does not say. */
export function purposeOf({
  extendedKeyUsage: usages = [],
}: CertificateReading): string | undefined {
  if (usages.includes(SERVER_AUTH)) {
    return Purpose.Server;
  }
  return usages.includes(CLIENT_AUTH) ? Purpose.Device : undefined;
}

/**
 * What is wrong with the certificate of a server or a device, and for whom:
 * names, dates, key, key usage, extended key usage (RFC 5280 §4.2.1, RFC 6125).
 *
 * @example
 * ```ts
 * examineLeaf(readCertificate(pem, "server.pem"), { now, hostNames: ["mqtt.example.com"] });
 * ```
 */
export function examineLeaf(
  certificate: CertificateReading,
  context: LeafContext,
): Finding[] {
  const purpose = context.purpose ?? purposeOf(certificate);
  const rules: Rule[] = [
    ...form(certificate),
    ...usage(certificate, purpose),
    ...names(certificate, purpose, context.hostNames ?? []),
    ...examineEncoding(certificate),
    ...examineKey(certificate, "leaf"),
    ...examineSignature(certificate),
    ...dates(certificate, context.now),
  ];
  return rules.map((rule) => ({ ...rule, subject: certificate.subject }));
}

function form(certificate: CertificateReading): Rule[] {
  const { version, basicConstraints, authority, selfSigned } = certificate;
  if (version < 3) {
    return [
      {
        code: "version-1",
        message: `It is an X.509 v${version} certificate without extensions: "openssl x509 -req" without -extfile makes such. Issue it anew with extensions.`,
        fatalFor: [Stack.StrictOpenSsl, Stack.PythonCryptography],
      },
    ];
  }
  const rules: Rule[] = [];
  if (basicConstraints?.ca === true) {
    rules.push({
      code: "leaf-is-a-ca",
      message:
        "It says CA:TRUE, so whoever has its key can issue certificates below it. Issue it anew with basicConstraints=critical,CA:FALSE.",
      fatalFor: [Stack.PythonCryptography],
    });
  }
  if (
    authority?.keyIdentifier === undefined &&
    !selfSigned &&
    !certificate.malformed.includes(ExtensionOid.AuthorityKeyIdentifier)
  ) {
    rules.push({
      code: "no-authority-key-identifier",
      message:
        "It has no authorityKeyIdentifier with a key identifier. Issue it anew with authorityKeyIdentifier=keyid.",
      fatalFor: [Stack.StrictOpenSsl, Stack.PythonCryptography],
    });
  }
  if (selfSigned) {
    rules.push({
      code: "self-signed",
      message:
        "It signed itself, so every client must be told to trust just this one, again at each renewal. Have it signed by a CA.",
      fatalFor: [],
    });
  }
  return rules;
}

function usage(
  { keyUsage, extendedKeyUsage: usages }: CertificateReading,
  purpose: string | undefined,
): Rule[] {
  const rules: Rule[] = [];
  const forKeys = KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyAgreement;
  if (
    keyUsage !== undefined &&
    (keyUsage & KeyUsageFlags.digitalSignature) === 0
  ) {
    rules.push({
      code: "no-digital-signature",
      message:
        "Its keyUsage lacks digitalSignature, which TLS 1.3 and every ECDHE handshake of TLS 1.2 need. Issue it anew with keyUsage=critical,digitalSignature.",
      fatalFor: [
        ...((keyUsage & forKeys) === 0 ? [Stack.OpenSsl, Stack.Node] : []),
        Stack.Java,
      ],
    });
  }
  const wanted = purpose === Purpose.Server ? SERVER_AUTH : CLIENT_AUTH;
  if (
    usages !== undefined &&
    purpose !== undefined &&
    !usages.includes(wanted) &&
    !usages.includes(ANY)
  ) {
    rules.push({
      code: "wrong-extended-key-usage",
      message: `Its extendedKeyUsage does not allow the use as a ${purpose}. Issue it anew with ${purpose === Purpose.Server ? "serverAuth" : "clientAuth"}.`,
      fatalFor: OBEY_PURPOSE,
    });
  }
  if (usages === undefined) {
    rules.push({
      code: "no-extended-key-usage",
      message:
        "It has no extendedKeyUsage, so a device could pose as a server with it, and the other way round. Give it serverAuth or clientAuth at its next issue.",
      fatalFor: [],
    });
  }
  return rules;
}

function names(
  certificate: CertificateReading,
  purpose: string | undefined,
  hostNames: readonly string[],
): Rule[] {
  const { native } = certificate;
  if (purpose === Purpose.Device) {
    const [commonName] = certificate.commonNames;
    const problem =
      commonName === undefined
        ? "is missing; write the MQTT client id there."
        : idProblem(commonName);
    return problem === undefined
      ? []
      : [
          {
            code: "common-name-is-no-client-id",
            message: `Its common name, from which brokers take the MQTT client id, ${commonName === undefined || problem.startsWith(quote(commonName)) ? "" : "is "}${problem}`,
            fatalFor:
              commonName === undefined || commonName.includes(":")
                ? [Stack.Cumulocity]
                : [],
          },
        ];
  }
  if (native.subjectAltName === undefined) {
    return purpose === Purpose.Server || hostNames.length > 0
      ? [
          {
            code: "no-alternative-names",
            message:
              "It has no subjectAltName, and clients of today read host names nowhere else (RFC 6125). Issue it anew with subjectAltName=DNS:….",
            fatalFor: [Stack.Go, Stack.PythonCryptography],
          },
        ]
      : [];
  }
  return hostNames
    .filter((name) => !covers(certificate, name))
    .map((name) => ({
      code: "host-name-not-covered",
      message: `It is not good for ${quote(name)}; its names are ${native.subjectAltName ?? ""}. Issue it anew with that name too.`,
      fatalFor: VERIFIERS,
    }));
}

function covers({ native }: CertificateReading, name: string): boolean {
  return isIP(name) === 0
    ? native.checkHost(name, { subject: "never" }) !== undefined
    : native.checkIP(name) !== undefined;
}

function dates({ notBefore, notAfter }: CertificateReading, now: Date): Rule[] {
  if (now < notBefore) {
    return [
      {
        code: "not-yet-valid",
        message: `It is valid from ${formatDate(notBefore)} on only.`,
        fatalFor: VERIFIERS,
      },
    ];
  }
  if (now > notAfter) {
    return [
      {
        code: "expired",
        message: `It ended on ${formatDate(notAfter)}. Renew it.`,
        fatalFor: VERIFIERS,
      },
    ];
  }
  const left = daysLeft(notAfter, now);
  return left < SOON
    ? [
        {
          code: "expires-soon",
          message: `It ends on ${formatDate(notAfter)}, in ${left} ${left === 1 ? "day" : "days"}. Renew it.`,
          fatalFor: [],
        },
      ]
    : [];
}
