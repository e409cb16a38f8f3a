import type { KeySpec } from "./key";
import { objectIdentifierProblem } from "./objectIdentifier";
import type { Problem } from "./problem";
import { quote } from "./problem";
import type { Profile } from "./profile";
import { x509 } from "./webcrypto";

/** The bits of keyUsage by the names of RFC 5280 §4.2.1.3. */
const KEY_USAGES: Readonly<Record<string, x509.KeyUsageFlags>> = {
  digitalSignature: x509.KeyUsageFlags.digitalSignature,
  nonRepudiation: x509.KeyUsageFlags.nonRepudiation,
  keyEncipherment: x509.KeyUsageFlags.keyEncipherment,
  dataEncipherment: x509.KeyUsageFlags.dataEncipherment,
  keyAgreement: x509.KeyUsageFlags.keyAgreement,
  keyCertSign: x509.KeyUsageFlags.keyCertSign,
  cRLSign: x509.KeyUsageFlags.cRLSign,
};

/** Extended key usages by the names of RFC 5280 §4.2.1.12. */
const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  serverAuth: x509.ExtendedKeyUsage.serverAuth,
  clientAuth: x509.ExtendedKeyUsage.clientAuth,
  codeSigning: x509.ExtendedKeyUsage.codeSigning,
  emailProtection: x509.ExtendedKeyUsage.emailProtection,
  timeStamping: x509.ExtendedKeyUsage.timeStamping,
  OCSPSigning: x509.ExtendedKeyUsage.ocspSigning,
};

/** The object identifier of an extended key usage, from its name or from itself; `undefined` for neither. */
export function extendedKeyUsageOid(usage: string): string | undefined {
  if (Object.hasOwn(EXTENDED_KEY_USAGES, usage)) {
    return EXTENDED_KEY_USAGES[usage];
  }
  return objectIdentifierProblem(usage) === undefined ? usage : undefined;
}

/** keyUsage by name, where the order does not say: a CA signs; an RSA leaf may also be asked to decrypt, by TLS 1.2 clients without ECDHE. */
export function defaultKeyUsage(profile: Profile, key: KeySpec): string[] {
  if (profile.ca) {
    return ["keyCertSign", "cRLSign"];
  }
  return key.algorithm === "RSA" && profile.keyEncipherment
    ? ["digitalSignature", "keyEncipherment"]
    : ["digitalSignature"];
}

/** keyUsage (critical), from names that have been checked. */
export function encodeKeyUsage(usages: readonly string[]): x509.Extension {
  const flags = usages.reduce(
    (bits, usage) => bits | (KEY_USAGES[usage] ?? 0),
    0,
  );
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a union of flags is a number to TypeScript
  const usage: x509.KeyUsageFlags = flags;
  return new x509.KeyUsagesExtension(usage, true);
}

/** Every key usage that this kind of certificate cannot have, or cannot do without. */
export function checkKeyUsage(
  usages: readonly string[],
  profile: Profile,
  key: KeySpec,
): Problem[] {
  const allowed = allowedKeyUsages(profile, key);
  const needed = profile.ca ? ["keyCertSign"] : ["digitalSignature"];
  return [
    ...usages.flatMap((usage, index) =>
      allowed.includes(usage)
        ? []
        : [
            {
              path: `keyUsage[${index}]`,
              message: `${quote(usage)} is not for profile "${profile.name}" with a key of ${quote(key.algorithm)}; write from ${allowed.join(", ")}.`,
            },
          ],
    ),
    ...needed
      .filter((usage) => !usages.includes(usage))
      .map((usage) => ({
        path: "keyUsage",
        message: `lacks "${usage}", without which profile "${profile.name}" is of no use; add it.`,
      })),
  ];
}

function allowedKeyUsages(profile: Profile, key: KeySpec): string[] {
  if (profile.ca) {
    // digitalSignature lets a CA sign OCSP responses itself.
    return ["keyCertSign", "cRLSign", "digitalSignature"];
  }
  const byKey: Readonly<Record<string, readonly string[]>> = {
    RSA: ["keyEncipherment", "dataEncipherment"],
    ECDSA: ["keyAgreement"],
  };
  return [
    "digitalSignature",
    "nonRepudiation",
    ...(byKey[key.algorithm] ?? []),
  ];
}

function repeatedUsage(usage: string, first: number, index: number): Problem[] {
  return first < index
    ? [
        {
          path: `extendedKeyUsage[${index}]`,
          message: `${quote(usage)} stands at extendedKeyUsage[${first}] already; leave one out.`,
        },
      ]
    : [];
}

/** Every extended key usage that is unknown, and each of the profile's own that is missing. */
export function checkExtendedKeyUsage(
  usages: readonly string[],
  profile: Profile,
): Problem[] {
  if (profile.name === "root") {
    return [
      {
        path: "extendedKeyUsage",
        message:
          "has no place in a root, where verifiers read it in different ways; constrain the intermediates below it.",
      },
    ];
  }
  const oids = usages.map(extendedKeyUsageOid);
  return [
    ...usages.flatMap((usage, index) =>
      oids[index] === undefined
        ? [
            {
              path: `extendedKeyUsage[${index}]`,
              message: `${quote(usage)} is no extended key usage; write one of ${Object.keys(EXTENDED_KEY_USAGES).join(", ")}, or an object identifier.`,
            },
          ]
        : repeatedUsage(usage, oids.indexOf(oids[index]), index),
    ),
    ...profile.extendedKeyUsage
      .filter((usage) => !oids.includes(extendedKeyUsageOid(usage)))
      .map((usage) => ({
        path: "extendedKeyUsage",
        message: `lacks "${usage}", which profile "${profile.name}" is for; add it.`,
      })),
  ];
}
