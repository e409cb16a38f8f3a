import type { CertificateReading } from "./reading";
import { ExtensionOid } from "./reading";
import type { Rule } from "./finding";
import { Stack, VERIFIERS } from "./finding";
import { extensionName } from "./names";

/** What Mbed TLS 2.28 reads; any other critical extension makes it refuse the file (x509_crt.c, oid.c). */
const READ_BY_MBED_TLS: readonly string[] = [
  ExtensionOid.BasicConstraints,
  ExtensionOid.KeyUsage,
  ExtensionOid.ExtendedKeyUsage,
  ExtensionOid.SubjectAlternativeName,
  "2.5.29.32",
];

/** The extensions of RFC 5280 §4.2.1, which a verifier of today knows. */
const STANDARD = /^2\.5\.29\.(14|15|17|18|19|30|31|32|33|35|36|37|46|54)$/;

/** Who refuses a standard extension for being critical, beside Mbed TLS. */
const CRITICAL: Readonly<Record<string, readonly string[]>> = {
  [ExtensionOid.SubjectKeyIdentifier]: [
    Stack.Go,
    Stack.PythonCryptography,
    Stack.MbedTls,
  ],
  "2.5.29.31": [Stack.Java, Stack.PythonCryptography, Stack.MbedTls],
};

/** Who refuses an extension that cannot be read; for all others it is everybody. */
const UNREADABLE: Readonly<Record<string, readonly string[]>> = {
  [ExtensionOid.SubjectKeyIdentifier]: [Stack.OpenSsl, Stack.Node, Stack.Go],
  [ExtensionOid.AuthorityKeyIdentifier]: [
    Stack.OpenSsl,
    Stack.Node,
    Stack.Go,
    Stack.PythonCryptography,
  ],
  [ExtensionOid.ExtendedKeyUsage]: [
    Stack.OpenSsl,
    Stack.Node,
    Stack.Go,
    Stack.PythonCryptography,
    Stack.MbedTls,
  ],
};

/** What is wrong with the form of a certificate: serial number, unreadable and critical extensions. */
export function examineEncoding(certificate: CertificateReading): Rule[] {
  return [
    ...serialNumber(certificate),
    ...malformed(certificate),
    ...critical(certificate),
  ];
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function serialNumber({ serialNumber: octets }: CertificateReading): Rule[] {
  if (((octets[0] ?? 0) & 0x80) !== 0) {
    return [
      {
        code: "negative-serial",
        message:
          "Its serial number is negative (RFC 5280 §4.1.2.2). Issue it anew with a positive one.",
        fatalFor: [Stack.PythonCryptography],
      },
    ];
  }
  if (octets.every((octet) => octet === 0)) {
    return [
      {
        code: "zero-serial",
        message:
          "Its serial number is 0, which RFC 5280 §4.1.2.2 forbids. Give it another at its next issue.",
        fatalFor: [],
      },
    ];
  }
  return octets.length > 20
    ? [
        {
          code: "long-serial",
          message: `Its serial number has ${octets.length} octets; RFC 5280 §4.1.2.2 allows 20. Give it a shorter one at its next issue.`,
          fatalFor: [],
        },
      ]
    : [];
}

function malformed(certificate: CertificateReading): Rule[] {
  return certificate.malformed.map((oid) => ({
    code: "malformed-extension",
    message: `Its extension ${extensionName(oid)} cannot be read. Issue it anew with a well-formed one.`,
    fatalFor: UNREADABLE[oid] ?? [...VERIFIERS],
  }));
}

/** RFC 5280 §4.2: who does not know a critical extension must refuse the certificate. */
function critical({ extensions, selfSigned }: CertificateReading): Rule[] {
  const oids = extensions
    .filter((extension) => extension.critical)
    .map(({ oid }) => oid);
  return oids.flatMap((oid) => {
    const name = extensionName(oid);
    if (!STANDARD.test(oid)) {
      return [
        {
          code: "unknown-critical-extension",
          message: `Its extension ${name} is critical and known to no common program. Issue it anew without it, or not critical.`,
          // Java looks at no extension of a trust anchor.
          fatalFor: VERIFIERS.filter(
            (stack) => !selfSigned || stack !== Stack.Java,
          ),
        },
      ];
    }
    if (READ_BY_MBED_TLS.includes(oid)) {
      return [];
    }
    return [
      oid === ExtensionOid.NameConstraints
        ? {
            code: "critical-name-constraints",
            message:
              "Its name constraints are critical, which Mbed TLS refuses (Mbed-TLS/mbedtls issue 8759), and with it the rest of the file. Where devices run Mbed TLS, issue it anew with constraints that are not critical.",
            fatalFor: [Stack.MbedTls],
          }
        : {
            code: "critical-extension",
            message: `Its extension ${name} is critical, which it need not be and not every program takes. Issue it anew with it not critical.`,
            fatalFor: CRITICAL[oid] ?? [Stack.MbedTls],
          },
    ];
  });
}
