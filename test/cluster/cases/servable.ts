import { X509Certificate, createPrivateKey } from "node:crypto";
import { splitPem } from "../../support/certificates";
import type { StoredObject } from "./objects";
import { textOf } from "./objects";

/**
 * Why a broker that loads this Secret would serve nobody: the key of another
 * certificate, or a chain that does not lead to a root in it. Nothing where it
 * would serve.
 */
export function whyNotServable(secret: StoredObject): string | undefined {
  const chain = splitPem(textOf(secret, "tls.crt")).map(
    (pem) => new X509Certificate(pem),
  );
  const roots = splitPem(textOf(secret, "ca.crt")).map(
    (pem) => new X509Certificate(pem),
  );
  const [leaf] = chain;
  if (leaf === undefined || roots.length === 0) {
    return "it has no certificate, or no root";
  }
  if (!leaf.checkPrivateKey(createPrivateKey(textOf(secret, "tls.key")))) {
    return "the key is not the certificate's";
  }
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    const issuers = next === undefined ? roots : [next];
    if (!issuers.some((issuer) => isIssuedBy(certificate, issuer))) {
      return `certificate ${index} of the chain does not lead on`;
    }
  }
  return undefined;
}

function isIssuedBy(
  certificate: X509Certificate,
  issuer: X509Certificate,
): boolean {
  return (
    certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  );
}
