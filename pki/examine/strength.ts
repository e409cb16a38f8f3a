import type { CertificateReading } from "./reading";
import { Stack, VERIFIERS } from "./finding";
import type { Rule } from "./finding";

/** Names of the curves that every program knows, as OpenSSL writes them. */
const GOOD_CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/** Where a certificate stands in a chain. */
export type Role = "authority" | "leaf";

const NEW_KEY: Readonly<Record<Role, string>> = {
  authority:
    "Make a new CA with a key on P-256 and move over to it; a key cannot be changed in place.",
  leaf: "Issue a new certificate for a new key on P-256.",
};

/** Python's cryptography looks at the keys of CAs only. */
function strict(role: Role): string[] {
  return role === "authority" ? [Stack.PythonCryptography] : [];
}

/** What is wrong with the kind or the size of a certificate's key (NIST SP 800-57 part 1, RFC 5480 §2.1.1). */
export function examineKey(
  { publicKey, explicitCurve }: CertificateReading,
  role: Role,
): Rule[] {
  if (explicitCurve) {
    return [
      {
        code: "explicit-curve",
        message: `Its key spells the parameters of its curve out instead of naming the curve (RFC 5480 §2.1.1). Write the key again with "openssl ec -param_enc named_curve" and issue the certificate anew.`,
        fatalFor: [...VERIFIERS, Stack.ThingsBoard],
      },
    ];
  }
  switch (publicKey?.asymmetricKeyType) {
    case "ec":
      return curve(publicKey.asymmetricKeyDetails?.namedCurve ?? "", role);
    case "rsa":
    case "rsa-pss":
      return modulus(publicKey.asymmetricKeyDetails?.modulusLength ?? 0, role);
    case "ed25519":
      return [
        {
          code: "ed25519-key",
          message: `Its key is of kind Ed25519, which Mbed TLS cannot read and Cumulocity's proof of possession cannot use. ${NEW_KEY[role]}`,
          fatalFor: [Stack.MbedTls, Stack.PythonCryptography, Stack.Cumulocity],
        },
      ];
    default:
      return [
        {
          code: "unusual-key",
          message: `Its key is of a kind that few programs know (${publicKey?.asymmetricKeyType ?? "unreadable"}). ${NEW_KEY[role]}`,
          fatalFor: [],
        },
      ];
  }
}

function curve(name: string, role: Role): Rule[] {
  if (GOOD_CURVES.includes(name)) {
    return [];
  }
  return [
    {
      code: "unusual-curve",
      message: `Its key is on the curve ${name}, which not every program knows. ${NEW_KEY[role]}`,
      fatalFor:
        name === "secp224r1"
          ? [Stack.Java, ...strict(role)]
          : [
              Stack.GnuTls,
              Stack.Go,
              Stack.Java,
              ...strict(role),
              // Java, again: no handshake succeeds.
              ...(role === "leaf" ? [Stack.ThingsBoard] : []),
            ],
    },
  ];
}

function modulus(bits: number, role: Role): Rule[] {
  return bits >= 2048
    ? []
    : [
        {
          code: "small-rsa-key",
          message: `Its RSA key has ${bits} bits; 2048 is the least (NIST SP 800-57). ${NEW_KEY[role]}`,
          fatalFor: [Stack.OpenSslLevel2, ...strict(role), Stack.MbedTls],
        },
      ];
}

/** Signature algorithms with a broken hash, by their OIDs (RFC 3279 §2.2). */
const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.2": "MD2",
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.10040.4.3": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
};

/** Whether the hash under the signature is one that can be forged (RFC 6194, RFC 6151). */
export function examineSignature({
  signatureAlgorithm,
  selfSigned,
}: CertificateReading): Rule[] {
  const hash = WEAK_SIGNATURES[signatureAlgorithm];
  if (hash === undefined) {
    return [];
  }
  return [
    {
      code: "weak-signature",
      message: `It is signed with ${hash}, which can be forged. ${
        selfSigned
          ? "Nobody looks at a root's own signature, so nothing fails by it; sign with SHA-256 at its next issue."
          : "Issue it anew, with the same key, signed with SHA-256."
      }`,
      fatalFor: selfSigned
        ? []
        : [
            Stack.OpenSslLevel2,
            Stack.GnuTls,
            Stack.Go,
            Stack.PythonCryptography,
            Stack.MbedTls,
          ],
    },
  ];
}
