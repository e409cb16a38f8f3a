import { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  id_kp_clientAuth,
  id_kp_serverAuth,
} from "@peculiar/asn1-x509";
import type { KeySpec } from "../../pki/key";
import type { CertificateOrder } from "../../pki/order";
import { PROFILES, ProfileName } from "../../pki/profile";
import type { Party } from "./support/authority";
import { DEFAULT_NOW, intermediate, issue, root } from "./support/authority";
import { extensionHex, readCertificate } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

const OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
};

const RSA: KeySpec = { algorithm: "RSA", rsaBits: 2048 };
const ED25519: KeySpec = { algorithm: "ED25519" };

/** The table of the profiles, in DER: one row a rule. */
interface Row {
  readonly rule: string;
  readonly order: Partial<CertificateOrder>;
  readonly basicConstraints: string;
  readonly keyUsage: string;
  readonly extendedKeyUsage?: string;
  readonly names?: string;
}

const CA_USAGE = "03020106";
const SIGN = "03020780";
const SIGN_AND_ENCIPHER = "030205a0";
const SERVER_AUTH = "300a06082b06010505070301";
const CLIENT_AUTH = "300a06082b06010505070302";

const ROWS: readonly Row[] = [
  {
    rule: "a root has no path length and may sign certificates and CRLs",
    order: { profile: "root" },
    basicConstraints: "30030101ff",
    keyUsage: CA_USAGE,
  },
  {
    rule: "a root has the path length it was given",
    order: { profile: "root", pathLength: 2 },
    basicConstraints: "30060101ff020102",
    keyUsage: CA_USAGE,
  },
  {
    rule: "path length 0 of a root is written",
    order: { profile: "root", pathLength: 0 },
    basicConstraints: "30060101ff020100",
    keyUsage: CA_USAGE,
  },
  {
    rule: "an intermediate has path length 0 by default, and it is written",
    order: { profile: "intermediate" },
    basicConstraints: "30060101ff020100",
    keyUsage: CA_USAGE,
  },
  {
    rule: "an intermediate has the path length it was given",
    order: { profile: "intermediate", pathLength: 1 },
    basicConstraints: "30060101ff020101",
    keyUsage: CA_USAGE,
  },
  {
    rule: "an RSA intermediate may do no more than another one",
    order: { profile: "intermediate", key: RSA },
    basicConstraints: "30060101ff020100",
    keyUsage: CA_USAGE,
  },
  {
    rule: "a server is no CA, signs, and has its common name among its names",
    order: {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      dnsNames: ["a.example.com"],
    },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: SERVER_AUTH,
    names: "DNS:mqtt.example.com, DNS:a.example.com",
  },
  {
    rule: "an RSA server may decrypt, too",
    order: {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      key: RSA,
    },
    basicConstraints: "3000",
    keyUsage: SIGN_AND_ENCIPHER,
    extendedKeyUsage: SERVER_AUTH,
    names: "DNS:mqtt.example.com",
  },
  {
    rule: "an Ed25519 server signs only",
    order: {
      profile: "server",
      subject: { commonName: "Broker" },
      key: ED25519,
      ipAddresses: ["192.0.2.7", "2001:db8::7"],
    },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: SERVER_AUTH,
    names: "IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7",
  },
  {
    rule: "a device is a client and nothing else, without names unless asked",
    order: { profile: "device", subject: { commonName: "a.example.com" } },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: CLIENT_AUTH,
  },
  {
    rule: "an RSA device only signs: no client decrypts in TLS",
    order: { profile: "device", key: RSA },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: CLIENT_AUTH,
  },
  {
    rule: "a device has the names it asked for, in the order DNS, IP, URI",
    order: {
      profile: "device",
      uris: ["urn:x:1"],
      ipAddresses: ["192.0.2.9"],
      dnsNames: ["b.example.com"],
    },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: CLIENT_AUTH,
    names: "DNS:b.example.com, IP Address:192.0.2.9, URI:urn:x:1",
  },
  {
    rule: "an initial device identity signs, and no extended key usage says what for",
    order: {
      profile: "initialDeviceIdentity",
      hardwareModuleName: { type: "1.2.3", serialNumber: "1" },
    },
    basicConstraints: "3000",
    keyUsage: SIGN,
    names: "othername:<unsupported>",
  },
  {
    rule: "an RSA initial device identity signs only",
    order: { profile: "initialDeviceIdentity", key: RSA },
    basicConstraints: "3000",
    keyUsage: SIGN,
  },
  {
    rule: "an RSA server that is to sign only does",
    order: {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      key: RSA,
      extensions: { keyUsage: ["digitalSignature"] },
    },
    basicConstraints: "3000",
    keyUsage: SIGN,
    extendedKeyUsage: SERVER_AUTH,
    names: "DNS:mqtt.example.com",
  },
];

let authority: Party;
let ca: Party;

beforeAll(async () => {
  authority = await root({ subject: { commonName: "Root of the table" } });
  ca = await intermediate(authority, { pathLength: 1 });
});

function issueRow(order: Partial<CertificateOrder>): Promise<Party> {
  switch (order.profile) {
    case "root":
      return root(order);
    case "intermediate":
      return intermediate(ca, { validityDays: 100, ...order });
    default:
      return issue(ca, order);
  }
}

describe("what a profile writes", () => {
  test.each(ROWS)("$rule", async (row) => {
    const party = await issueRow(row.order);
    const pem = party.certificatePem;
    const isRoot = row.order.profile === "root";
    const read = readCertificate(pem);

    expect(extensionHex(pem, OID.basicConstraints)).toBe(row.basicConstraints);
    expect(extensionHex(pem, OID.keyUsage)).toBe(row.keyUsage);
    expect(extensionHex(pem, OID.extendedKeyUsage)).toBe(row.extendedKeyUsage);
    expect(new X509Certificate(pem).subjectAltName).toBe(row.names);

    // OCTET STRING with SHA-1 of the key; SEQUENCE with [0] keyIdentifier and nothing else.
    const signer = isRoot ? party : ca;
    expect(extensionHex(pem, OID.subjectKeyIdentifier)).toBe(
      `0414${party.subjectKeyIdentifier}`,
    );
    expect(extensionHex(pem, OID.authorityKeyIdentifier)).toBe(
      `30168014${signer.subjectKeyIdentifier}`,
    );

    const critical = [...read.extensions]
      .filter(([, extension]) => extension.critical)
      .map(([oid]) => oid);
    expect(critical.sort()).toEqual([OID.keyUsage, OID.basicConstraints]);
    expect([...read.extensions.keys()].sort()).toEqual(
      [
        OID.subjectKeyIdentifier,
        OID.keyUsage,
        OID.basicConstraints,
        OID.authorityKeyIdentifier,
        ...(row.extendedKeyUsage === undefined ? [] : [OID.extendedKeyUsage]),
        ...(row.names === undefined ? [] : [OID.subjectAlternativeName]),
      ].sort(),
    );
  });

  test.each(ROWS)("$rule: another ASN.1 reader sees the same", async (row) => {
    const { certificatePem } = await issueRow(row.order);
    const { extensions } = readCertificate(certificatePem);
    const value = (oid: string): Buffer =>
      extensions.get(oid)?.value ?? Buffer.alloc(0);

    const basic = AsnConvert.parse(
      value(OID.basicConstraints),
      BasicConstraints,
    );
    const isCa = ["root", "intermediate"].includes(row.order.profile ?? "");
    expect(basic.cA).toBe(isCa);
    expect(new X509Certificate(certificatePem).ca).toBe(isCa);
    const authorityKey = AsnConvert.parse(
      value(OID.authorityKeyIdentifier),
      AuthorityKeyIdentifier,
    );
    expect(authorityKey.authorityCertIssuer).toBeUndefined();
    expect(authorityKey.authorityCertSerialNumber).toBeUndefined();
    if (row.extendedKeyUsage !== undefined) {
      expect([
        ...AsnConvert.parse(value(OID.extendedKeyUsage), ExtendedKeyUsage),
      ]).toEqual([
        row.order.profile === "server" ? id_kp_serverAuth : id_kp_clientAuth,
      ]);
    }
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  test.each(ROWS)("accepts it strictly: $rule", async ({ order }) => {
    const party = await issueRow(order);
    const purpose = { server: "sslserver", device: "sslclient" }[
      order.profile ?? ""
    ];
    const isRoot = order.profile === "root";
    expect(
      openssl.refusal({
        chain: isRoot
          ? [party.certificatePem]
          : [party.certificatePem, ca.certificatePem],
        anchors: [(isRoot ? party : authority).certificatePem],
        at: DEFAULT_NOW,
        args: purpose === undefined ? [] : ["-purpose", purpose],
      }),
    ).toBe("");
  });

  test("shows path length 0, which some tools drop", async () => {
    const { certificatePem } = await intermediate(authority);
    expect(
      openssl.run(
        ["x509", "-noout", "-ext", "basicConstraints,keyUsage"],
        certificatePem,
      ),
    ).toMatch(
      /Basic Constraints: critical\s+CA:TRUE, pathlen:0\s+X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\s*$/,
    );
  });

  test("refuses a device as a server and a server as a client", async () => {
    const anchors = [authority.certificatePem];
    const server = await issue(ca, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    const device = await issue(ca);
    for (const [leaf, purpose] of [
      [server, "sslclient"],
      [device, "sslserver"],
    ] as const) {
      expect(
        openssl.refusal({
          chain: [leaf.certificatePem, ca.certificatePem],
          anchors,
          at: DEFAULT_NOW,
          args: ["-purpose", purpose],
        }),
      ).toMatch(/unsupported certificate purpose|unsuitable certificate/);
    }
  });
});

describe("the table of profiles", () => {
  test.each([
    ["root", 3650, undefined, ["ECDSA", "RSA", "ED25519"]],
    ["intermediate", 1825, 0, ["ECDSA", "RSA", "ED25519"]],
    ["server", 365, undefined, ["ECDSA", "RSA", "ED25519"]],
    ["device", 365, undefined, ["ECDSA", "RSA"]],
  ])("%s: %d days, path length %p, keys %p", (name, days, length, keys) => {
    expect(PROFILES[name]).toMatchObject({
      name,
      validityDays: days,
      keyAlgorithms: keys,
    });
    expect(PROFILES[name]?.pathLength).toBe(length);
  });

  test("the names are those of the table", () => {
    expect(Object.values(ProfileName).sort()).toEqual(
      Object.keys(PROFILES).sort(),
    );
  });
});
