/** The blocks of a PEM text that hold revocation lists. */
export function revocationListsOf(pem: string): string[] {
  return (
    pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? []
  ).map((block) => `${block}\n`);
}

/** What is between the lines of a PEM block. */
export function bytesOf(block: string): Buffer {
  return Buffer.from(block.replace(/-----[^-]+-----/g, ""), "base64");
}
