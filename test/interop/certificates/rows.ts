import type { KeySpec } from "../../../pki/key";
import { SignatureScheme } from "../../../pki/key";
import type { CertificateOrder } from "../../../pki/order";
import { PROFILES } from "../../../pki/profile";
import { NO_EXPIRATION } from "../../../pki/validity";

/** A profile in one of its forms: a row of the table. */
export interface Row {
  readonly profile: string;
  /** What is special about it. */
  readonly form: string;
  /** What is ordered beyond what every certificate of the profile has. */
  readonly order?: Partial<CertificateOrder>;
  /** What is ordered for the CAs above. */
  readonly authorities?: Partial<CertificateOrder>;
  /** How a CA with an RSA key signs; PKCS#1 v1.5 by default. */
  readonly signatureScheme?: string;
  /** What the client asks for, where it is another name. */
  readonly host?: string;
}

/** Every key a certificate may have, by the name of its form. */
const KEYS: Readonly<Record<string, KeySpec>> = {
  "P-256": { algorithm: "ECDSA", ecdsaCurve: "P256" },
  "P-384": { algorithm: "ECDSA", ecdsaCurve: "P384" },
  "P-521": { algorithm: "ECDSA", ecdsaCurve: "P521" },
  "RSA 2048": { algorithm: "RSA", rsaBits: 2048 },
  "RSA 3072": { algorithm: "RSA", rsaBits: 3072 },
  "RSA 4096": { algorithm: "RSA", rsaBits: 4096 },
  Ed25519: { algorithm: "ED25519" },
};
const RSA: KeySpec = { algorithm: "RSA", rsaBits: 2048 };

/** A row for each key that the profile allows. */
function rowsByKey(
  profile: string,
  rest: Omit<Row, "profile" | "form">,
): Row[] {
  return Object.entries(KEYS)
    .filter(([, { algorithm }]) =>
      PROFILES[profile]?.keyAlgorithms.includes(algorithm),
    )
    .map(([form, key]) => ({
      ...rest,
      profile,
      form,
      order: { ...rest.order, key },
    }));
}

const CONSTRAINTS = {
  permittedDnsNames: ["my-iot-cloud.com", "my-iot-cloud.net"],
  excludedDnsNames: ["internal.my-iot-cloud.com"],
  excludedIpRanges: ["0.0.0.0/0", "::/0"],
};
const extensions = {
  crlDistributionPoints: ["http://pki.my-iot-cloud.com/ca.crl"],
  ocspUrls: ["http://ocsp.my-iot-cloud.com"],
  issuerUrls: ["http://pki.my-iot-cloud.com/ca.cer"],
  policies: [
    {
      oid: "1.3.6.1.4.1.55555.1.1",
      practiceStatementUrl: "https://pki.my-iot-cloud.com/cps",
    },
  ],
  custom: [{ oid: "1.3.6.1.4.1.55555.2.1", valueBase64: "DAVoZWxsbw==" }],
};
const SUBJECT = {
  country: "DE",
  province: "Baden-Württemberg",
  locality: "Köln",
  organization: "My IoT Cloud",
  organizationalUnit: "Fleet",
  commonName: "thermometer-berlin-01",
  serialNumber: "SN-0001",
};
const HARDWARE = { type: "1.3.6.1.4.1.55555.3.1", serialNumber: "SN-0001" };

const root = { profile: "root" };
const intermediate = { profile: "intermediate" };
const server = { profile: "server" };
const device = { profile: "device" };
const UNENDING = { validity: { notAfter: NO_EXPIRATION } };

const pss = { order: { key: RSA }, signatureScheme: SignatureScheme.Pss };
const critical = { nameConstraints: { ...CONSTRAINTS, critical: true } };
const wildcard = { dnsNames: ["*.eu.my-iot-cloud.com"] };
const others = {
  ipAddresses: ["2001:db8::7"],
  uris: ["mqtts://mqtt.my-iot-cloud.com"],
};
const uri = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const principal = { type: "1.3.6.1.4.1.311.20.2.3", value: "t1@my-iot-cloud" };
const years = { order: { validityDays: 10_000 }, authorities: UNENDING };

/** New rows go here. */
export const ROWS: readonly Row[] = [
  ...rowsByKey("root", {}),
  { ...root, form: "RSA-PSS", ...pss },
  { ...root, form: "path length 1", order: { pathLength: 1 } },
  { ...root, form: "no expiration", order: UNENDING },
  ...rowsByKey("intermediate", {}),
  { ...intermediate, form: "RSA-PSS", ...pss },
  {
    ...intermediate,
    form: "name constraints",
    order: { nameConstraints: CONSTRAINTS },
  },
  { ...intermediate, form: "critical name constraints", order: critical },
  { ...intermediate, form: "CRL, AIA, policy, OID", order: { extensions } },
  ...rowsByKey("server", {}),
  {
    ...server,
    form: "wildcard",
    order: wildcard,
    host: "mqtt.eu.my-iot-cloud.com",
  },
  {
    ...server,
    form: "IPv4 address",
    order: { ipAddresses: ["192.0.2.7"] },
    host: "192.0.2.7",
  },
  { ...server, form: "IPv6 and URI beside", order: others },
  { ...server, form: "CRL, AIA, policy, OID", order: { extensions } },
  { ...server, form: "after 2050", ...years },
  ...rowsByKey("device", {}),
  { ...device, form: "DNS name", order: { dnsNames: ["t1.my-iot-cloud.com"] } },
  { ...device, form: "URI", order: { uris: [uri] } },
  {
    ...device,
    form: "e-mail",
    order: { emailAddresses: ["t1@my-iot-cloud.com"] },
  },
  { ...device, form: "otherName", order: { otherNames: [principal] } },
  { ...device, form: "whole subject", order: { subject: SUBJECT } },
  { ...device, form: "CRL, AIA, policy, OID", order: { extensions } },
  ...rowsByKey("initialDeviceIdentity", {
    order: { ...UNENDING, hardwareModuleName: HARDWARE },
    authorities: UNENDING,
  }),
];
