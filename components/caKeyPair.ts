import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { splitPem } from "./pemBlocks";

/** The PEM texts of a CA that is to sign elsewhere. */
export interface CaTexts {
  readonly certificatePem: string;
  /** The CA up to, not including, the root. */
  readonly chainPem: string;
  readonly trustAnchorsPem: string;
  readonly privateKeyPem: string;
}

/** A CA with its key, as cert-manager wants it; or all that is wrong, each with the property it is about. */
export interface CaKeyPair {
  /** The CA, those above it, and the root that the last of them hangs from. PEM. */
  readonly chainToRootPem: string;
  /** PKCS#8 PEM, unencrypted. */
  readonly privateKeyPem: string;
  readonly problems: readonly string[];
}

/**
 * Puts a CA together for another signer, once it is sure that it is one: its
 * key belongs to its certificate, its chain is one chain and ends at a root.
 */
export function caKeyPair(texts: CaTexts): CaKeyPair {
  const problems: string[] = [];
  const refused = (problem: string): CaKeyPair => ({
    chainToRootPem: "",
    privateKeyPem: "",
    problems: [...problems, problem],
  });
  const read = (pem: string, path: string): X509Certificate[] =>
    splitPem(pem).flatMap((block) => {
      try {
        return [new X509Certificate(block)];
      } catch {
        problems.push(`${path}: holds what cannot be read as X.509.`);
        return [];
      }
    });
  const [certificate] = read(texts.certificatePem, "issuer.certificatePem");
  const chain = read(texts.chainPem, "issuer.chainPem");
  const anchors = read(texts.trustAnchorsPem, "issuer.trustAnchorsPem");
  if (certificate === undefined) {
    return refused("issuer.certificatePem: is missing.");
  }
  if (isSignedBy(certificate, certificate)) {
    return refused(ROOT_REFUSED);
  }
  if (!certificate.ca) {
    problems.push(
      "issuer.certificatePem: is no CA (basicConstraints), and cert-manager refuses it; give an IntermediateCA.",
    );
  }
  const path = [certificate, ...chain.filter((one) => !same(one, certificate))];
  const above = [...path.slice(1), anchorOf(path.at(-1), anchors)];
  const broken = path.find(
    (one, index) =>
      above[index] === undefined || !isSignedBy(one, above[index]),
  );
  if (broken !== undefined) {
    problems.push(
      `issuer.chainPem: ${JSON.stringify(broken.subject.replaceAll("\n", ", "))} is not signed by what stands above it, and cert-manager takes one unbroken chain only; give the CA's own chainPem and trustAnchorsPem.`,
    );
  }
  const key = readKey(texts.privateKeyPem);
  if (typeof key === "string") {
    return refused(`issuer.signer.privateKeyPem: ${key}`);
  }
  if (!certificate.checkPrivateKey(key)) {
    return refused(
      "issuer.signer.privateKeyPem: is not the key of issuer.certificatePem; give both of the same generation.",
    );
  }
  return {
    chainToRootPem: [...path, ...above.slice(-1)]
      .map((one) => one?.toString() ?? "")
      .join(""),
    privateKeyPem: key.export({ type: "pkcs8", format: "pem" }).toString(),
    problems,
  };
}

/** Why a root is not exported. */
export const ROOT_REFUSED =
  "issuer: is a root, and what is signed with a key that the cluster can read cannot be told from what you signed, for as long as devices trust that root; make an IntermediateCA below it and give that.";

function readKey(pem: string): KeyObject | string {
  if (pem === "") {
    return "is not known here, since the CA was adopted without its key; give existing.privateKeyPem, or make another IntermediateCA for the cluster.";
  }
  if (pem.includes("ENCRYPTED")) {
    return "is encrypted, and cert-manager reads no such keys; give it as existing with its passphrase.";
  }
  try {
    return createPrivateKey(pem);
  } catch {
    return "cannot be read; give the key in PEM.";
  }
}

/** The root that the last certificate of a chain hangs from; the newest where two have the same key. */
function anchorOf(
  last: X509Certificate | undefined,
  anchors: readonly X509Certificate[],
): X509Certificate | undefined {
  return anchors
    .filter((anchor) => last !== undefined && isSignedBy(last, anchor))
    .sort((one, other) => Date.parse(one.validTo) - Date.parse(other.validTo))
    .at(-1);
}

function isSignedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  return one.checkIssued(issuer) && one.verify(issuer.publicKey);
}

function same(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}
