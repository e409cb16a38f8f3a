import { X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readSubjectKeyIdentifier } from "../../pki/authority";
import { keyIdentifier, publicKeyDer } from "../../pki/key";
import { splitCertificates } from "../../pki/pem";
import { x509 } from "../../pki/webcrypto";

/** A CA certificate that may have signed a batch's certificates. */
export interface Issuer {
  readonly certificate: X509Certificate;
  readonly publicKey: KeyObject;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** It and the CAs above it, as far as they are known, PEM. */
  readonly pathPem: string;
}

/** The CA certificates that are at hand, by the identifier of their key. */
export class Issuers {
  private readonly byKey = new Map<string, Issuer[]>();
  /** Those that signed themselves, PEM. */
  readonly anchorsPem: string;

  /**
   * @param pem CA certificates in any order
   * @throws InputError naming `path` where one cannot be read
   */
  constructor(pem: string, path: string) {
    const texts = [...new Set(splitCertificates(pem, path))];
    const all = texts.map((text) => ({
      text,
      certificate: new X509Certificate(text),
    }));
    this.anchorsPem = all
      .filter(({ certificate }) => isIssued(certificate, certificate))
      .map(({ text }) => text)
      .join("");
    for (const { text, certificate } of all) {
      const above: typeof all = [];
      let top = certificate;
      while (!isIssued(top, top)) {
        const next = all.find(
          (one) => isIssued(top, one.certificate) && !above.includes(one),
        );
        if (next === undefined) {
          break;
        }
        above.push(next);
        top = next.certificate;
      }
      this.add(
        text,
        certificate,
        [text, ...above.map((one) => one.text)].join(""),
      );
    }
  }

  /** Those with this key, the lowercase hex of its identifier. */
  of(identifier: string): readonly Issuer[] {
    return this.byKey.get(identifier) ?? [];
  }

  /** Each once. */
  all(): readonly Issuer[] {
    return [...new Set([...this.byKey.values()].flat())];
  }

  private add(
    text: string,
    certificate: X509Certificate,
    pathPem: string,
  ): void {
    const { publicKey, validFromDate, validToDate } = certificate;
    const issuer = {
      certificate,
      publicKey,
      notBefore: validFromDate.getTime() / 1000,
      notAfter: validToDate.getTime() / 1000,
      pathPem,
    };
    // What a certificate calls its key counts; one without such a name goes by the usual way to make it.
    const identifiers = new Set([
      readSubjectKeyIdentifier(new x509.X509Certificate(text)),
      keyIdentifier(publicKeyDer(publicKey)),
    ]);
    for (const identifier of identifiers) {
      if (identifier !== undefined) {
        this.byKey.set(identifier, [...this.of(identifier), issuer]);
      }
    }
  }
}

function isIssued(subject: X509Certificate, issuer: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
