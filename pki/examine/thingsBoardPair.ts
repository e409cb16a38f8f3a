import type { KeyObject } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { SubjectPublicKeyInfo } from "@peculiar/asn1-x509";
import { publicKeyDer } from "../key";
import { belongsTo } from "./pair";
import type { CertificateReading } from "./reading";
import { attempt, hasExplicitCurve } from "./reading";
import { deaf, fails } from "./thingsBoardAnswer";

/** OpenSSL's names of the curves that Java makes handshakes with. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
/** Below this many bits, Java has no signature for TLS 1.3. */
const SHORTEST_RSA = 1024;

/**
 * What Java makes of a key with its certificate.
 *
 * @throws Refusal
 */
export function checkPair(key: KeyObject, leaf: CertificateReading): void {
  if (leaf.explicitCurve) {
    throw fails(
      "explicit curve parameters",
      'The certificate spells the parameters of its curve out. Write the key again with "openssl ec -param_enc named_curve", and have the certificate issued for it anew.',
    );
  }
  const { publicKey } = leaf;
  if (publicKey === undefined || family(key) !== family(publicKey)) {
    throw fails(
      "key of another kind than the certificate's",
      `The private key is of kind ${family(key)}, the certificate is for one of kind ${family(publicKey)}. Give the key that the certificate was issued for.`,
    );
  }
  if (!belongsTo(key, leaf) && !hasPoint(key, publicKey)) {
    throw deaf(
      "other key of the certificate's kind",
      "the private key is not the certificate's. Give the key that the certificate was issued for.",
    );
  }
  // Of a key that spells its curve out, OpenSSL has no name for that.
  checkKind(publicKey);
}

function checkKind(key: KeyObject): void {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined && !CURVES.includes(namedCurve)) {
    throw deaf(
      `curve ${namedCurve}`,
      `Java makes none with keys on the curve ${namedCurve}. Use P-256.`,
    );
  }
  if (["XDH", "DSA"].includes(family(key))) {
    throw deaf(
      `${family(key)} key`,
      `Java makes none with keys of the kind ${family(key)}. Use ECDSA on P-256.`,
    );
  }
  if (modulusLength !== undefined && modulusLength < SHORTEST_RSA) {
    throw deaf(
      "RSA key too short",
      `it takes an RSA key of ${SHORTEST_RSA} bits at least, and devices want 2048. This one has ${modulusLength}.`,
    );
  }
}

/** What Java calls the algorithm of a key. */
function family(key: KeyObject | undefined): string {
  const type = key?.asymmetricKeyType ?? "unknown";
  const names: Readonly<Record<string, string>> = {
    "rsa-pss": "RSASSA-PSS",
    ed25519: "EdDSA",
    ed448: "EdDSA",
    x25519: "XDH",
    x448: "XDH",
  };
  return names[type] ?? type.toUpperCase();
}

/** Whether a key that spells its curve out is the other one's all the same: its public point is. */
function hasPoint(key: KeyObject, publicKey: KeyObject): boolean {
  const [own, other] = [key, publicKey].map((one) =>
    attempt(() => AsnConvert.parse(publicKeyDer(one), SubjectPublicKeyInfo)),
  );
  return (
    own !== undefined &&
    other !== undefined &&
    hasExplicitCurve(own.algorithm) &&
    Buffer.from(own.subjectPublicKey).equals(
      Buffer.from(other.subjectPublicKey),
    )
  );
}
