import type { KeyObject } from "node:crypto";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import { decodePem } from "./pem";
import type { Problem } from "./problem";
import { InputError, quote } from "./problem";
import { subtle } from "./webcrypto";

/** Key algorithms, by the names `@pulumi/tls` has for them. */
export const KeyAlgorithm = {
  Ecdsa: "ECDSA",
  Rsa: "RSA",
  Ed25519: "ED25519",
} as const;

/** Elliptic curves for ECDSA. P-224 is left out: few TLS stacks take it. */
export const EcdsaCurve = {
  P256: "P256",
  P384: "P384",
  P521: "P521",
} as const;

/** What kind of key to make. */
export interface KeySpec {
  /** One of {@link KeyAlgorithm}. */
  readonly algorithm: string;
  /** One of {@link EcdsaCurve}; for ECDSA only. */
  readonly ecdsaCurve?: string;
  /** Size of the modulus in bits, 2048 to 4096; for RSA only. */
  readonly rsaBits?: number;
}

/** ECDSA on P-256: small, fast, and read by every TLS stack a device may run. */
export const DEFAULT_KEY: KeySpec = { algorithm: "ECDSA", ecdsaCurve: "P256" };

const CURVES: Readonly<Record<string, { webCrypto: string; hash: string }>> = {
  P256: { webCrypto: "P-256", hash: "SHA-256" },
  P384: { webCrypto: "P-384", hash: "SHA-384" },
  P521: { webCrypto: "P-521", hash: "SHA-512" },
};

const NODE_CURVES: Readonly<Record<string, string>> = {
  prime256v1: "P256",
  secp384r1: "P384",
  secp521r1: "P521",
  secp224r1: "P224",
};

/** Every mistake in the description of a key; empty where it is good. */
export function checkKeySpec(key: KeySpec): Problem[] {
  switch (key.algorithm) {
    case "ECDSA":
      return checkCurve(key);
    case "RSA":
      return checkRsa(key);
    case "ED25519":
      return unexpected(key, ["ecdsaCurve", "rsaBits"]);
    default:
      return [
        {
          path: "algorithm",
          message: `${quote(key.algorithm)} is no known key algorithm; write "ECDSA", "RSA" or "ED25519".`,
        },
      ];
  }
}

function checkCurve(key: KeySpec): Problem[] {
  const problems = unexpected(key, ["rsaBits"]);
  if (key.ecdsaCurve === "P224") {
    problems.push({
      path: "ecdsaCurve",
      message:
        '"P224" is below the 128-bit level and unknown to most TLS stacks; write "P256".',
    });
  } else if (
    key.ecdsaCurve === undefined ||
    !Object.hasOwn(CURVES, key.ecdsaCurve)
  ) {
    problems.push({
      path: "ecdsaCurve",
      message: `${quote(key.ecdsaCurve)} is no known curve; write "P256", "P384" or "P521".`,
    });
  }
  return problems;
}

function checkRsa(key: KeySpec): Problem[] {
  const problems = unexpected(key, ["ecdsaCurve"]);
  const bits = key.rsaBits;
  if (bits === undefined || !Number.isInteger(bits)) {
    problems.push({
      path: "rsaBits",
      message: `${quote(bits)} is no key size; write 2048, 3072 or 4096.`,
    });
  } else if (bits < 2048) {
    problems.push({
      path: "rsaBits",
      message: `${bits} bits are too small; write 2048 at least (NIST SP 800-57).`,
    });
  } else if (bits > 4096 || bits % 256 !== 0) {
    problems.push({
      path: "rsaBits",
      message: `${bits} bits are not taken by every TLS stack; write 2048, 3072 or 4096.`,
    });
  }
  return problems;
}

function unexpected(
  key: KeySpec,
  fields: readonly ("ecdsaCurve" | "rsaBits")[],
): Problem[] {
  return fields
    .filter((field) => key[field] !== undefined)
    .map((field) => ({
      path: field,
      message: `${quote(key[field])} says nothing about a key of algorithm ${quote(key.algorithm)}; leave it out.`,
    }));
}

/** Says what kind of key this is, `undefined` for kinds we do not use. */
export function describeKey(key: KeyObject): KeySpec | undefined {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case "ec": {
      const curve = NODE_CURVES[details?.namedCurve ?? ""];
      return curve === undefined
        ? undefined
        : { algorithm: "ECDSA", ecdsaCurve: curve };
    }
    case "rsa":
      return { algorithm: "RSA", rsaBits: details?.modulusLength ?? 0 };
    case "ed25519":
      return { algorithm: "ED25519" };
    default:
      return undefined;
  }
}

/** A key for people: `ECDSA P256`, `RSA 2048`. */
export function formatKeySpec(key: KeySpec): string {
  return [key.algorithm, key.ecdsaCurve ?? key.rsaBits]
    .filter((part) => part !== undefined)
    .join(" ");
}

/**
 * Reads an unencrypted private key in any of the PEM forms OpenSSL writes.
 *
 * @throws InputError naming `path`; the message says nothing of the key.
 */
export function readPrivateKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new InputError([
      {
        path,
        message:
          "is no unencrypted private key in PEM; give PKCS#8, SEC1 or PKCS#1 text.",
      },
    ]);
  }
}

/**
 * Reads a public key in PEM (SubjectPublicKeyInfo), as its DER.
 *
 * @throws InputError naming `path`; the message says nothing of the key, which may be a private one by mistake.
 */
export function readPublicKey(pem: string, path: string): Buffer {
  try {
    const der = decodePem("PUBLIC KEY", pem, path);
    return publicKeyDer(
      createPublicKey({ key: der, format: "der", type: "spki" }),
    );
  } catch {
    throw new InputError([
      {
        path,
        message:
          'is no public key in PEM; give the text that begins with "-----BEGIN PUBLIC KEY-----".',
      },
    ]);
  }
}

/** A new key, made by the operating system's random source. */
export function generateKey(spec: KeySpec): KeyObject {
  switch (spec.algorithm) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: spec.rsaBits ?? 2048 })
        .privateKey;
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
    default: {
      const curve = CURVES[spec.ecdsaCurve ?? "P256"]?.webCrypto ?? "P-256";
      return generateKeyPairSync("ec", { namedCurve: curve }).privateKey;
    }
  }
}

/** A private key as unencrypted PKCS#8 PEM (RFC 5208), the form every broker reads. */
export function exportPkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** DER of the SubjectPublicKeyInfo of a private or public key. */
export function publicKeyDer(key: KeyObject): Buffer {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return publicKey.export({ type: "spki", format: "der" });
}

/**
 * The key identifier of RFC 5280 §4.2.1.2, method 1: SHA-1 over the bits of
 * the public key, in lowercase hex.
 */
export function keyIdentifier(spki: Uint8Array): string {
  const info = AsnConvert.parse(spki, SubjectPublicKeyInfo);
  return createHash("sha1")
    .update(Buffer.from(info.subjectPublicKey))
    .digest("hex");
}

/** How an RSA key signs (RFC 8017). */
export const SignatureScheme = {
  /** PKCS#1 v1.5, which every stack verifies. */
  Pkcs1: "RSASSA-PKCS1-v1_5",
  /** PSS with SHA-256 and a salt of 32 bytes. */
  Pss: "RSASSA-PSS",
} as const;

/** Every mistake in a signature scheme; empty where it is good. */
export function checkSignatureScheme(
  scheme: string,
  algorithm: string | undefined,
): Problem[] {
  const schemes: readonly string[] = Object.values(SignatureScheme);
  if (!schemes.includes(scheme)) {
    return [
      {
        path: "signatureScheme",
        message: `${quote(scheme)} is no signature scheme; write "RSASSA-PKCS1-v1_5" or "RSASSA-PSS".`,
      },
    ];
  }
  return algorithm === undefined || algorithm === "RSA"
    ? []
    : [
        {
          path: "signatureScheme",
          message: `${quote(scheme)} is for RSA keys, and this CA's is ${quote(algorithm)}; leave it out.`,
        },
      ];
}

/** A key that signs certificates, with the signature algorithm that suits it. */
export interface SigningKey {
  readonly key: CryptoKey;
  readonly algorithm: Algorithm | EcdsaParams | RsaPssParams;
  /** See {@link keyIdentifier}. */
  readonly keyIdentifier: string;
}

/**
 * Makes a private key ready to sign: ECDSA with the hash of its curve's
 * strength, RSA with SHA-256, Ed25519.
 *
 * @param scheme one of {@link SignatureScheme}, for RSA keys. Default PKCS#1 v1.5.
 *
 * @throws InputError naming `path` for a key no profile signs with.
 */
export async function importSigningKey(
  key: KeyObject,
  path: string,
  scheme: string = SignatureScheme.Pkcs1,
): Promise<SigningKey> {
  const spec = describeKey(key);
  const problems: Problem[] =
    spec === undefined
      ? [
          {
            path: "",
            message:
              "is a key of a kind that signs no certificates; use ECDSA, RSA or Ed25519.",
          },
        ]
      : checkKeySpec(spec);
  if (spec === undefined || problems.length > 0) {
    throw new InputError(problems.map(({ message }) => ({ path, message })));
  }
  const algorithm = signatureAlgorithm(spec, scheme);
  const imported = await subtle.importKey(
    "pkcs8",
    key.export({ type: "pkcs8", format: "der" }),
    algorithm.importAs,
    false,
    ["sign"],
  );
  return {
    key: imported,
    algorithm: algorithm.signWith,
    keyIdentifier: keyIdentifier(publicKeyDer(key)),
  };
}

function signatureAlgorithm(
  spec: KeySpec,
  scheme: string,
): {
  importAs: Algorithm | EcKeyImportParams | RsaHashedImportParams;
  signWith: Algorithm | EcdsaParams | RsaPssParams;
} {
  if (spec.algorithm === "RSA" && scheme === SignatureScheme.Pss) {
    const name = "RSA-PSS";
    return {
      importAs: { name, hash: "SHA-256" },
      signWith: { name, saltLength: 32 },
    };
  }
  if (spec.algorithm === "RSA") {
    const name = SignatureScheme.Pkcs1;
    return {
      importAs: { name, hash: "SHA-256" },
      signWith: { name },
    };
  }
  if (spec.algorithm === "ED25519") {
    return { importAs: { name: "Ed25519" }, signWith: { name: "Ed25519" } };
  }
  const curve = CURVES[spec.ecdsaCurve ?? ""] ?? {
    webCrypto: "P-256",
    hash: "SHA-256",
  };
  return {
    importAs: { name: "ECDSA", namedCurve: curve.webCrypto },
    signWith: { name: "ECDSA", hash: curve.hash },
  };
}
