import { X509Certificate } from "node:crypto";
import { joinCertificates, splitCertificates } from "../pki/pem";
import type { SignerInputs } from "./schema";

/**
 * The root that a signer's chain ends below, PEM: while a CA is rotated the
 * bundle holds several, and a chain with one that has nothing to do with it is
 * refused by strict readers. All of them where none can be told to be the one.
 */
export function rootOfChain({
  certificatePem = "",
  chainPem = "",
  trustAnchorsPem,
  generations = [],
}: SignerInputs): string {
  const anchors =
    trustAnchorsPem ??
    // A preview in which another root is made does not know the bundle yet.
    joinCertificates(...generations.map((one) => one.certificatePem ?? ""));
  const last = splitCertificates(
    chainPem === "" ? certificatePem : chainPem,
  ).at(-1);
  if (last === undefined) {
    return anchors;
  }
  const top = new X509Certificate(last);
  const found = splitCertificates(anchors).find((pem) => {
    const anchor = new X509Certificate(pem);
    return top.checkIssued(anchor) && top.verify(anchor.publicKey);
  });
  return found ?? anchors;
}
