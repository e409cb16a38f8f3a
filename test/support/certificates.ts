import { X509Certificate, createHash } from "node:crypto";

/** The certificates of a PEM text, in their order, each with a line break at its end. */
export function splitPem(pem: string): string[] {
  const blocks =
    /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
  return (pem.match(blocks) ?? []).map((block) => `${block}\n`);
}

/** The certificate at a place of a PEM text; the first one by default. */
export function certificateAt(pem: string, index = 0): X509Certificate {
  const block = splitPem(pem)[index];
  if (block === undefined) {
    throw new Error(`the text holds no certificate at place ${index}`);
  }
  return new X509Certificate(block);
}

/** What stays and what changes when a certificate is renewed. */
export interface Identity {
  readonly subject: string;
  /** SHA-256 of the public key. */
  readonly publicKey: string;
  readonly subjectKeyIdentifier: string;
}

/** Who a certificate is for, whatever its dates. */
export function identityOf(certificate: X509Certificate): Identity {
  return {
    subject: certificate.subject,
    publicKey: createHash("sha256")
      .update(certificate.publicKey.export({ type: "spki", format: "der" }))
      .digest("hex"),
    subjectKeyIdentifier: subjectKeyIdentifier(certificate),
  };
}

/** Reads the extension from the bytes, so that no library of the product has a say. */
function subjectKeyIdentifier(certificate: X509Certificate): string {
  // OID 2.5.29.14, then an OCTET STRING of 22 octets with an OCTET STRING of 20.
  const start = Buffer.from("0603551d0e04160414", "hex");
  const index = certificate.raw.indexOf(start);
  if (index < 0) {
    throw new Error(`${certificate.subject} has no subject key identifier`);
  }
  const from = index + start.length;
  return certificate.raw.subarray(from, from + 20).toString("hex");
}

/** The id ThingsBoard looks a certificate up by: SHA3-256 over the PEM body without its line breaks. */
export function credentialsId(pem: string): string {
  const body = pem
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("-----"))
    .join("");
  return createHash("sha3-256").update(body, "ascii").digest("hex");
}
