import { REASONS } from "../../../interop/certificates/reasons";

// Of one that is not trusted; "num=20" is what a chain without it ends with.
const OPENSSL = /num=19:self-signed certificate in certificate chain/;

/** How a stack says it of a root that came along in the chain, where it has other words for that. */
const ROOT_IN_CHAIN: Readonly<Record<string, RegExp>> = {
  OpenSSL: OPENSSL,
  "OpenSSL strict": OPENSSL,
  Node: /SELF_SIGNED_CERT_IN_CHAIN|self-signed certificate in certificate chain/,
  NSS: /SEC_ERROR_UNTRUSTED_ISSUER/,
  // It takes the root for its own issuer, again and again.
  pyca: /candidates exhausted: chain construction exceeds max depth/,
};

/** Whether a stack refused a certificate because it trusts none of those above it, and for nothing else. */
export function isUntrusted(stack: string, verdict: string): boolean {
  const words = [REASONS[stack]?.unknownIssuer, ROOT_IN_CHAIN[stack]];
  return (
    verdict.startsWith("refused: ") &&
    words.some((pattern) => pattern?.test(verdict) === true)
  );
}
