import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  CertificateList,
  Name,
  RelativeDistinguishedName,
  TBSCertList,
  Time,
  Version,
} from "@peculiar/asn1-x509";

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const TYPES = { commonName: "2.5.4.3", organization: "2.5.4.10" };

/** The name of an issuer, of the parts given; text as UTF-8 unless told otherwise. */
export function issuerName(
  commonName: string,
  organization?: string,
  form: "utf8String" | "printableString" = "utf8String",
): Name {
  return new Name(
    Object.entries({ organization, commonName }).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            new RelativeDistinguishedName([
              new AttributeTypeAndValue({
                type: TYPES[name as keyof typeof TYPES],
                value: new AttributeValue({ [form]: value }),
              }),
            ]),
          ],
    ),
  );
}

/** A revocation list without entries whose signature is none: for whoever reads its form alone. */
export function listOf(issuer: Name, nextUpdate?: Date): string {
  const signatureAlgorithm = new AlgorithmIdentifier({
    algorithm: ECDSA_WITH_SHA256,
  });
  const list = new CertificateList({
    tbsCertList: new TBSCertList({
      version: Version.v2,
      signature: signatureAlgorithm,
      issuer,
      thisUpdate: new Time(new Date("2026-01-01T00:00:00Z")),
      ...(nextUpdate !== undefined && { nextUpdate: new Time(nextUpdate) }),
    }),
    signatureAlgorithm,
    signature: new OctetString(new Uint8Array(8)).buffer,
  });
  const base64 = Buffer.from(AsnConvert.serialize(list)).toString("base64");
  return `-----BEGIN X509 CRL-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END X509 CRL-----\n`;
}

/** The same for a CA of this common name. */
export function emptyList(commonName: string): string {
  return listOf(issuerName(commonName));
}
