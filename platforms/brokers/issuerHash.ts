import { createHash } from "node:crypto";
import { AsnConvert, AsnSerializer } from "@peculiar/asn1-schema";
import type { Name } from "@peculiar/asn1-x509";
import {
  AttributeTypeAndValue,
  AttributeValue,
  CertificateList,
  RelativeDistinguishedName,
} from "@peculiar/asn1-x509";

/**
 * The hash of a revocation list's issuer, eight hexadecimal digits: in a folder
 * of such lists OpenSSL and Erlang look for `<hash>.r0`.
 *
 * Source: `openssl crl -hash`; OpenSSL's X509_NAME_hash is SHA-1 over the name
 * in its canonical form, of which the first four bytes count, the lowest first.
 *
 * @param der a CRL
 * @throws where that is none
 */
export function issuerHash(der: Uint8Array): string {
  const { issuer } = AsnConvert.parse(der, CertificateList).tbsCertList;
  const digest = createHash("sha1").update(canonical(issuer)).digest();
  return digest.readUInt32LE(0).toString(16).padStart(8, "0");
}

/** Texts as UTF-8, ASCII letters small, spaces single and none at the ends; no SEQUENCE around the sets. */
function canonical(name: Name): Buffer {
  return Buffer.concat(
    name.map((set) =>
      Buffer.from(
        AsnSerializer.serialize(
          new RelativeDistinguishedName(
            set.map(
              ({ type, value }) =>
                new AttributeTypeAndValue({ type, value: plain(value) }),
            ),
          ),
        ),
      ),
    ),
  );
}

function plain(value: AttributeValue): AttributeValue {
  // What is no text stays as it is.
  return value.anyValue !== undefined
    ? value
    : new AttributeValue({
        utf8String: value
          .toString()
          .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
          .replace(/[ \t\n\v\f\r]+/g, " ")
          .replace(/^ | $/g, ""),
      });
}
