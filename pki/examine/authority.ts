import { KeyUsageFlags } from "@peculiar/asn1-x509";
import { daysLeft, formatDate } from "../validity";
import type { Finding, Rule } from "./finding";
import { Stack, VERIFIERS } from "./finding";
import { examineKey, examineSignature } from "./strength";
import type { CertificateReading } from "./reading";
import { ExtensionOid, attempt, readCertificate, verifies } from "./reading";
import { examineEncoding } from "./encoding";

/** What a CA certificate is judged by. */
export interface AuthorityContext {
  /** UTC */
  readonly now: Date;
  /** The certificate of whoever signed it, where it is at hand and is another one. */
  readonly issuerPem?: string;
}

/**
 * What is wrong with a CA certificate that another tool made, and for whom.
 * Each rule was tried with the programs it names, or stands in the source that
 * its comment gives. The first certificate of the text counts.
 *
 * @returns empty where nothing is to be said; a text that is no certificate is a finding, too (`unreadable`)
 * @example
 * ```ts
 * examineAuthority(pem, { now }).map(({ code, fatalFor }) => [code, fatalFor]);
 * // [["no-key-usage", ["OpenSSL -x509_strict", "Python cryptography"]]]
 * ```
 */
export function examineAuthority(
  certificatePem: string,
  { now, issuerPem }: AuthorityContext,
): Finding[] {
  const certificate = attempt(() => readCertificate(certificatePem, ""));
  if (certificate === undefined) {
    return [unreadable("certificate")];
  }
  const issuer =
    issuerPem === undefined
      ? undefined
      : attempt(() => readCertificate(issuerPem, ""));
  if (issuerPem !== undefined && issuer === undefined) {
    return [
      ...examineReading(certificate, undefined, now),
      unreadable("issuer's certificate"),
    ];
  }
  return examineReading(certificate, issuer, now);
}

function unreadable(what: string): Finding {
  return {
    code: "unreadable",
    subject: "",
    message: `The ${what} cannot be read as X.509; give one PEM block that begins with "-----BEGIN CERTIFICATE-----".`,
    fatalFor: [...VERIFIERS],
  };
}

/** {@link examineAuthority}, of a certificate that has been read already. */
export function examineReading(
  certificate: CertificateReading,
  issuer: CertificateReading | undefined,
  now: Date,
): Finding[] {
  const found: Rule[] = [
    ...(certificate.version < 3
      ? [versionOne(certificate)]
      : [
          ...basicConstraints(certificate),
          ...keyUsage(certificate),
          ...extendedKeyUsage(certificate),
          ...keyIdentifiers(certificate, issuer),
        ]),
    ...nameOfIssuer(certificate, issuer),
    ...examineEncoding(certificate),
    ...examineKey(certificate, "authority"),
    ...examineSignature(certificate),
    ...dates(certificate, now),
  ];
  return found.map((rule) => ({ ...rule, subject: certificate.subject }));
}

/** RFC 5280 §6.1.4 (k): a version 1 certificate is no CA, unless one is told so by other means. */
function versionOne({ selfSigned, version }: CertificateReading): Rule {
  return {
    code: "version-1",
    message: `It is an X.509 v${version} certificate, which cannot say that it is a CA: "openssl x509 -req" without -extfile makes such. Issue it anew, with the same key, from a request with basicConstraints=critical,CA:TRUE.`,
    fatalFor: selfSigned
      ? // All others take a trust anchor on trust.
        [Stack.StrictOpenSsl, Stack.PythonCryptography, Stack.Cumulocity]
      : [...VERIFIERS, Stack.Cumulocity],
  };
}

/** RFC 5280 §4.2.1.9. */
function basicConstraints(certificate: CertificateReading): Rule[] {
  const { basicConstraints: basic, keyUsage: usage, selfSigned } = certificate;
  if (certificate.malformed.includes(ExtensionOid.BasicConstraints)) {
    return [];
  }
  if (basic === undefined) {
    return [
      {
        code: "no-basic-constraints",
        message:
          "It has no basicConstraints extension, so it does not say that it is a CA. Issue it anew, with the same key and basicConstraints=critical,CA:TRUE.",
        fatalFor: [
          ...(selfSigned
            ? [
                // OpenSSL takes keyCertSign, or nothing but a self-signed v1 certificate, for the word of a CA.
                ...(usage === undefined ? [Stack.OpenSsl, Stack.Node] : []),
                Stack.StrictOpenSsl,
                Stack.Go,
                Stack.Java,
                Stack.PythonCryptography,
                Stack.MbedTls,
              ]
            : VERIFIERS),
          Stack.Cumulocity,
        ],
      },
    ];
  }
  if (!basic.ca) {
    return [
      {
        code: "not-a-ca",
        message:
          "It says CA:FALSE, so nothing that it signs is accepted. Issue it anew, with the same key and basicConstraints=critical,CA:TRUE.",
        fatalFor: [...VERIFIERS, Stack.Cumulocity],
      },
    ];
  }
  const rules: Rule[] = [];
  if (!isCritical(certificate, ExtensionOid.BasicConstraints)) {
    rules.push({
      code: "basic-constraints-not-critical",
      message:
        "Its basicConstraints extension is not critical (RFC 5280 §4.2.1.9). Issue it anew, with the same key and basicConstraints=critical,CA:TRUE.",
      fatalFor: [Stack.StrictOpenSsl, Stack.PythonCryptography],
    });
  }
  if (basic.pathLength === undefined) {
    rules.push({
      code: "no-path-length",
      message:
        "It sets no path length, so it may make as many levels of further CAs as it likes. Give it one at its next issue: 0 for a CA that signs servers or devices only, 1 for a root above it.",
      fatalFor: [],
    });
  }
  return rules;
}

/** RFC 5280 §4.2.1.3: a CA that signs certificates must say so. */
function keyUsage(certificate: CertificateReading): Rule[] {
  const { keyUsage: usage, malformed } = certificate;
  if (malformed.includes(ExtensionOid.KeyUsage)) {
    return [];
  }
  if (usage === undefined) {
    return [
      {
        code: "no-key-usage",
        message:
          'It has no keyUsage extension: "openssl req -x509" writes none by itself. Issue it anew, with the same key and keyUsage=critical,keyCertSign,cRLSign.',
        fatalFor: [Stack.StrictOpenSsl, Stack.PythonCryptography],
      },
    ];
  }
  const rules: Rule[] = [];
  if ((usage & KeyUsageFlags.keyCertSign) === 0) {
    rules.push({
      code: "may-not-sign-certificates",
      message:
        "Its keyUsage lacks keyCertSign, so nothing that it signs is accepted. Issue it anew, with the same key and keyUsage=critical,keyCertSign,cRLSign.",
      fatalFor: VERIFIERS,
    });
  }
  if ((usage & KeyUsageFlags.cRLSign) === 0) {
    rules.push({
      code: "may-not-sign-revocation-lists",
      message:
        "Its keyUsage lacks cRLSign, so it can make no revocation list that is believed. Add cRLSign at its next issue.",
      fatalFor: [],
    });
  }
  if (!isCritical(certificate, ExtensionOid.KeyUsage)) {
    rules.push({
      code: "key-usage-not-critical",
      message:
        "Its keyUsage extension is not critical, as it should be (RFC 5280 §4.2.1.3). Nobody refuses it for that; make it critical at its next issue.",
      fatalFor: [],
    });
  }
  return rules;
}

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY = "2.5.29.37.0";

/** An extendedKeyUsage in a CA limits what stands below it; not by RFC 5280, but by what programs do. */
function extendedKeyUsage({
  extendedKeyUsage: usages,
}: CertificateReading): Rule[] {
  if (usages === undefined) {
    return [];
  }
  const missing = [
    ...(usages.includes(SERVER_AUTH) ? [] : ["servers"]),
    ...(usages.includes(CLIENT_AUTH) ? [] : ["devices"]),
  ];
  const any = usages.includes(ANY);
  return [
    {
      code: "extended-key-usage-in-ca",
      message:
        missing.length === 0
          ? "It has an extendedKeyUsage, which limits what stands below it to servers and devices. Leave it out at its next issue."
          : `Its extendedKeyUsage does not hold for ${missing.join(" and ")}, so certificates for ${missing.join(" and ")} below it are refused${any ? "; anyExtendedKeyUsage does not help with OpenSSL" : ""}. Issue it anew without extendedKeyUsage.`,
      fatalFor:
        missing.length < 2
          ? []
          : [
              Stack.OpenSsl,
              Stack.Node,
              ...(any ? [] : [Stack.Go, Stack.PythonCryptography]),
            ],
    },
  ];
}

/** RFC 5280 §4.2.1.1 and §4.2.1.2. */
function keyIdentifiers(
  certificate: CertificateReading,
  issuer: CertificateReading | undefined,
): Rule[] {
  const { authority, selfSigned, malformed } = certificate;
  const rules: Rule[] = [];
  if (
    certificate.subjectKeyIdentifier === undefined &&
    !malformed.includes(ExtensionOid.SubjectKeyIdentifier)
  ) {
    rules.push({
      code: "no-subject-key-identifier",
      message:
        "It has no subjectKeyIdentifier. Two CAs of one name cannot be told apart without. Add subjectKeyIdentifier=hash at its next issue.",
      fatalFor: [Stack.StrictOpenSsl],
    });
  }
  if (malformed.includes(ExtensionOid.AuthorityKeyIdentifier)) {
    return rules;
  }
  if (authority?.keyIdentifier === undefined && !selfSigned) {
    rules.push({
      code: "no-authority-key-identifier",
      message:
        "It has no authorityKeyIdentifier with a key identifier. Two CAs of one name cannot be told apart without. Add authorityKeyIdentifier=keyid:always at its next issue.",
      fatalFor: [
        Stack.StrictOpenSsl,
        ...(authority === undefined ? [] : [Stack.PythonCryptography]),
      ],
    });
  }
  if (authority === undefined) {
    return rules;
  }
  if (authority.namesIssuer || authority.serialNumber !== undefined) {
    rules.push({
      code: "authority-key-identifier-with-serial",
      message:
        'Its authorityKeyIdentifier names the serial number of the certificate above it ("issuer:always"). It works until that certificate is issued anew or cross-signed: then OpenSSL, Node.js and Java refuse this one. Write authorityKeyIdentifier=keyid:always at its next issue, and issue it before the one above.',
      fatalFor: [],
    });
  }
  return [...rules, ...mismatch(certificate, issuer)];
}

function mismatch(
  { authority }: CertificateReading,
  issuer: CertificateReading | undefined,
): Rule[] {
  if (issuer === undefined || authority === undefined) {
    return [];
  }
  const { keyIdentifier, serialNumber } = authority;
  const byKey =
    keyIdentifier !== undefined &&
    issuer.subjectKeyIdentifier !== undefined &&
    keyIdentifier !== issuer.subjectKeyIdentifier;
  const bySerial =
    serialNumber !== undefined &&
    serialNumber !== issuer.serialNumber.toString("hex");
  return byKey || bySerial
    ? [
        {
          code: "authority-key-identifier-mismatch",
          message: `Its authorityKeyIdentifier points at another certificate than the one above it (by ${byKey ? "key identifier" : "serial number"}). Put the certificate above that it was issued with, or issue it anew.`,
          fatalFor: [
            Stack.OpenSsl,
            Stack.Node,
            Stack.Java,
            ...(byKey ? [Stack.GnuTls] : []),
          ],
        },
      ]
    : [];
}

/** The name of the CA above: the same as its own, or another than the one that was given. */
function nameOfIssuer(
  certificate: CertificateReading,
  issuer: CertificateReading | undefined,
): Rule[] {
  const rules: Rule[] = [];
  const { subjectDer, issuerDer, selfSigned, authority } = certificate;
  if (!selfSigned && subjectDer.equals(issuerDer)) {
    const told = authority?.keyIdentifier !== undefined;
    rules.push({
      code: "subject-of-issuer",
      message: `It has the same subject as the CA above it${told ? "" : ", and no key identifiers that would tell the two apart"}, so programs take it for a root. Give each CA, and each new key of a CA, a subject of its own.`,
      fatalFor: told ? [] : [Stack.OpenSsl, Stack.Node, Stack.GnuTls],
    });
  }
  const signed =
    issuer === undefined ||
    (issuer.subjectDer.equals(issuerDer) &&
      issuer.publicKey !== undefined &&
      verifies(certificate.native, issuer.publicKey));
  if (!signed) {
    rules.push({
      code: "not-signed-by-issuer",
      message: `"${issuer.subject}" did not sign it. Give the certificate of "${certificate.issuer}" with the key that did.`,
      fatalFor: VERIFIERS,
    });
  }
  return rules;
}

/** OpenBao's `pki health-check` warns at these two distances. */
const [SOON_FOR_A_ROOT, SOON_FOR_AN_INTERMEDIATE] = [365, 60];

function dates(certificate: CertificateReading, now: Date): Rule[] {
  const { notBefore, notAfter, selfSigned } = certificate;
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
        message: `It ended on ${formatDate(notAfter)}. Renew it with the same key, and bring it to everyone who trusts it.`,
        // Java, and wolfSSL, look at no dates of a trust anchor.
        fatalFor: [
          ...VERIFIERS.filter((name) => !selfSigned || name !== Stack.Java),
          Stack.Cumulocity,
        ],
      },
    ];
  }
  const left = daysLeft(notAfter, now);
  return left < (selfSigned ? SOON_FOR_A_ROOT : SOON_FOR_AN_INTERMEDIATE)
    ? [
        {
          code: "expires-soon",
          message: `It ends on ${formatDate(notAfter)}, in ${left} ${left === 1 ? "day" : "days"}. Renew it now: ${selfSigned ? "everyone who trusts it needs the new one before" : "what it signs cannot be valid for longer"}.`,
          fatalFor: [],
        },
      ]
    : [];
}

function isCritical({ extensions }: CertificateReading, oid: string): boolean {
  return extensions.some(
    (extension) => extension.oid === oid && extension.critical,
  );
}
