import { AsnConvert } from "@peculiar/asn1-schema";
import {
  CertificatePolicies,
  PolicyInformation,
  PolicyQualifierInfo,
  id_qt_csp,
} from "@peculiar/asn1-x509";
import * as asn1js from "asn1js";
import { isDer } from "./der";
import { extendedKeyUsageOid } from "./keyUsage";
import { objectIdentifierProblem } from "./objectIdentifier";
import type { Problem } from "./problem";
import { below, quote } from "./problem";
import { x509 } from "./webcrypto";

/** A certificate policy (RFC 5280 §4.2.1.4). */
export interface CertificatePolicy {
  /** Object identifier of the policy. */
  readonly oid: string;
  /** Where the certification practice statement stands; left out, none is named. */
  readonly practiceStatementUrl?: string;
}

/** An extension of one's own, or one this package has no argument for. */
export interface CustomExtension {
  readonly oid: string;
  /** Whether a client that does not know it must refuse the certificate. Default false. */
  readonly critical?: boolean;
  /** DER of the value, in base64. */
  readonly valueBase64: string;
}

/** What a certificate carries beyond its profile (RFC 5280 §4.2). */
export interface Extensions {
  /** keyUsage in the place of the profile's, by the names of RFC 5280: `digitalSignature`, `keyEncipherment`, … */
  readonly keyUsage?: readonly string[];
  /** extendedKeyUsage in the place of the profile's: `serverAuth`, `clientAuth`, … or object identifiers. */
  readonly extendedKeyUsage?: readonly string[];
  /** Where the issuer's CRL is, `http://` or `ldap://` (§4.2.1.13). */
  readonly crlDistributionPoints?: readonly string[];
  /** Where the issuer's OCSP responder is (§4.2.2.1). */
  readonly ocspUrls?: readonly string[];
  /** Where the issuer's certificate is, in DER (§4.2.2.1). */
  readonly issuerUrls?: readonly string[];
  readonly policies?: readonly CertificatePolicy[];
  readonly custom?: readonly CustomExtension[];
}

/** Those that an argument of their own or the profile decides. */
const OWN_ARGUMENT: Readonly<Record<string, string>> = {
  "2.5.29.14": "the subject key identifier follows from the key",
  "2.5.29.15": "write keyUsage",
  "2.5.29.17": "write dnsNames, ipAddresses, uris or emailAddresses",
  "2.5.29.19": "the profile and pathLength say it",
  "2.5.29.30": "write nameConstraints",
  "2.5.29.31": "write crlDistributionPoints",
  "2.5.29.32": "write policies",
  "2.5.29.35": "the authority key identifier follows from the issuer",
  "2.5.29.37": "write extendedKeyUsage",
  "1.3.6.1.5.5.7.1.1": "write ocspUrls or issuerUrls",
};

const LOCATIONS = ["crlDistributionPoints", "ocspUrls", "issuerUrls"] as const;

/** Every mistake in the locations, policies and custom extensions; key usages are looked at with their profile. */
export function checkExtensions(extensions: Extensions): Problem[] {
  return [
    ...LOCATIONS.flatMap((list) =>
      (extensions[list] ?? []).flatMap((url, index) =>
        checkLocation(`${list}[${index}]`, url),
      ),
    ),
    ...(extensions.policies ?? []).flatMap((policy, index) =>
      below(`policies[${index}]`, checkPolicy(policy)),
    ),
    ...(extensions.custom ?? []).flatMap((custom, index) =>
      below(`custom[${index}]`, checkCustom(custom)),
    ),
    ...repeated("policies", extensions.policies),
    ...repeated("custom", extensions.custom),
  ];
}

function checkLocation(path: string, url: string): Problem[] {
  // The parser of browsers puts in slashes that are missing; a certificate says what was written.
  if (
    !URL.canParse(url) ||
    !/^[a-z]+:\/\//i.test(url) ||
    /[^\x21-\x7e]/.test(url)
  ) {
    return [
      {
        path,
        message: `${quote(url)} is no URL; write one such as "http://pki.example.com/ca.crl".`,
      },
    ];
  }
  const { protocol } = new URL(url);
  // A client that checks a certificate to open a TLS connection would need one to do it.
  return ["http:", "ldap:"].includes(protocol)
    ? []
    : [
        {
          path,
          message: `${quote(url)} is not fetched by any client while it verifies; write http:// (RFC 5280 §8: https would depend on itself).`,
        },
      ];
}

function checkPolicy({
  oid,
  practiceStatementUrl,
}: CertificatePolicy): Problem[] {
  const message = objectIdentifierProblem(oid);
  return [
    ...(message === undefined ? [] : [{ path: "oid", message }]),
    ...(practiceStatementUrl === undefined ||
    (URL.canParse(practiceStatementUrl) &&
      /^https?:/.test(practiceStatementUrl) &&
      !/[^\x21-\x7e]/.test(practiceStatementUrl))
      ? []
      : [
          {
            path: "practiceStatementUrl",
            message: `${quote(practiceStatementUrl)} is no URL; write where the document stands, with http:// or https://.`,
          },
        ]),
  ];
}

function checkCustom({ oid, valueBase64 }: CustomExtension): Problem[] {
  const message = objectIdentifierProblem(oid);
  const problems: Problem[] =
    message === undefined ? [] : [{ path: "oid", message }];
  const own = Object.hasOwn(OWN_ARGUMENT, oid) ? OWN_ARGUMENT[oid] : undefined;
  if (own !== undefined) {
    problems.push({
      path: "oid",
      message: `${quote(oid)} is not for this list: ${own}.`,
    });
  }
  if (!isBase64Der(valueBase64)) {
    problems.push({
      path: "valueBase64",
      message: `${quote(valueBase64)} is no DER in base64; encode the extension's value, such as "DAVoZWxsbw==" for the UTF8String "hello".`,
    });
  }
  return problems;
}

function isBase64Der(base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 && isDer(bytes);
}

function repeated(
  path: string,
  list: readonly { readonly oid: string }[] = [],
): Problem[] {
  return list.flatMap(({ oid }, index) => {
    const first = list.findIndex((other) => other.oid === oid);
    return first < index
      ? [
          {
            path: `${path}[${index}].oid`,
            message: `${quote(oid)} stands at ${path}[${first}] already; leave one out (RFC 5280 §4.2).`,
          },
        ]
      : [];
  });
}

/** Locations, policies and custom extensions, ready for a certificate. */
export function encodeExtensions(extensions: Extensions): x509.Extension[] {
  const { crlDistributionPoints = [], policies = [], custom = [] } = extensions;
  const { ocspUrls = [], issuerUrls = [] } = extensions;
  const list: x509.Extension[] = [];
  if (crlDistributionPoints.length > 0) {
    list.push(
      new x509.CRLDistributionPointsExtension([...crlDistributionPoints]),
    );
  }
  if (ocspUrls.length + issuerUrls.length > 0) {
    list.push(
      new x509.AuthorityInfoAccessExtension({
        ...(ocspUrls.length > 0 && { ocsp: ocspUrls.map(location) }),
        ...(issuerUrls.length > 0 && { caIssuers: issuerUrls.map(location) }),
      }),
    );
  }
  if (policies.length > 0) {
    list.push(encodePolicies(policies));
  }
  return [
    ...list,
    ...custom.map(
      ({ oid, critical = false, valueBase64 }) =>
        new x509.Extension(oid, critical, Buffer.from(valueBase64, "base64")),
    ),
  ];
}

function location(value: string): x509.GeneralName {
  return new x509.GeneralName("url", value);
}

function encodePolicies(
  policies: readonly CertificatePolicy[],
): x509.Extension {
  const value = new CertificatePolicies(
    policies.map(
      ({ oid, practiceStatementUrl }) =>
        new PolicyInformation({
          policyIdentifier: oid,
          ...(practiceStatementUrl !== undefined && {
            policyQualifiers: [
              new PolicyQualifierInfo({
                policyQualifierId: id_qt_csp,
                qualifier: new asn1js.IA5String({
                  value: practiceStatementUrl,
                }).toBER(),
              }),
            ],
          }),
        }),
    ),
  );
  return new x509.Extension("2.5.29.32", false, AsnConvert.serialize(value));
}

/** extendedKeyUsage; `undefined` where nothing is to be said. */
export function encodeExtendedKeyUsage(
  usages: readonly string[],
): x509.Extension | undefined {
  return usages.length === 0
    ? undefined
    : new x509.ExtendedKeyUsageExtension(
        usages.map((usage) => extendedKeyUsageOid(usage) ?? usage),
        false,
      );
}
