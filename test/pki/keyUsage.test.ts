import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import type { KeySpec } from "../../pki/key";
import { DEFAULT_KEY } from "../../pki/key";
import {
  checkExtendedKeyUsage,
  checkKeyUsage,
  defaultKeyUsage,
  encodeKeyUsage,
  extendedKeyUsageOid,
} from "../../pki/keyUsage";
import type { Profile } from "../../pki/profile";
import { PROFILES } from "../../pki/profile";
import type { Party } from "./support/authority";
import { DEFAULT_NOW, issue, order, root } from "./support/authority";
import { extensionHex, readDer } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

/** Numbers of the bits, RFC 5280 §4.2.1.3. */
const BITS: readonly [string, number][] = [
  ["digitalSignature", 0],
  ["nonRepudiation", 1],
  ["keyEncipherment", 2],
  ["dataEncipherment", 3],
  ["keyAgreement", 4],
  ["keyCertSign", 5],
  ["cRLSign", 6],
];

const RSA: KeySpec = { algorithm: "RSA", rsaBits: 2048 };
const ED25519: KeySpec = { algorithm: "ED25519" };

function profile(name: string): Profile {
  const found = PROFILES[name];
  if (found === undefined) {
    throw new Error(`no profile ${name}`);
  }
  return found;
}

/** A named bit list (X.690 §11.2.2): bits from the left, zeros at the end left out. */
function byHand(numbers: readonly number[]): string {
  const last = Math.max(...numbers);
  const octet = numbers.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return Buffer.from([7 - last, octet]).toString("hex");
}

describe("keyUsage", () => {
  test("every set of bits is a critical BIT STRING without zeros at its end", () => {
    fc.assert(
      fc.property(fc.subarray([...BITS], { minLength: 1 }), (bits) => {
        const { critical, value } = encodeKeyUsage(bits.map(([name]) => name));
        const read = readDer(Buffer.from(value));
        expect(critical).toBe(true);
        expect(read.tag).toBe(3);
        expect(read.content.toString("hex")).toBe(
          byHand(bits.map(([, number]) => number)),
        );
      }),
    );
  });

  test.each([
    ["a CA", "intermediate", RSA, ["keyCertSign", "cRLSign"]],
    ["an RSA server", "server", RSA, ["digitalSignature", "keyEncipherment"]],
    ["another server", "server", DEFAULT_KEY, ["digitalSignature"]],
    [
      "an RSA device from the factory",
      "initialDeviceIdentity",
      RSA,
      ["digitalSignature"],
    ],
  ])("%s has by default what its profile says", (_who, name, key, usages) => {
    expect(defaultKeyUsage(profile(name), key)).toEqual(usages);
    expect(checkKeyUsage(usages, profile(name), key)).toEqual([]);
  });

  const refusals: readonly [string, string, KeySpec, string[], RegExp[]][] = [
    [
      "a leaf that signs certificates",
      "device",
      DEFAULT_KEY,
      ["digitalSignature", "keyCertSign"],
      [/^keyUsage\[1\]: "keyCertSign" is not for profile "device"/],
    ],
    [
      "keyEncipherment of an elliptic curve",
      "server",
      DEFAULT_KEY,
      ["digitalSignature", "keyEncipherment"],
      [
        /^keyUsage\[1\]: "keyEncipherment" is not for .* with a key of "ECDSA"; write from digitalSignature, nonRepudiation, keyAgreement\.$/,
      ],
    ],
    [
      "keyAgreement of Ed25519",
      "server",
      ED25519,
      ["digitalSignature", "keyAgreement"],
      [/^keyUsage\[1\]: "keyAgreement" is not for/],
    ],
    [
      "a CA that encrypts, and does not sign",
      "root",
      RSA,
      ["keyEncipherment"],
      [/^keyUsage\[0\]: "keyEncipherment"/, /^keyUsage: lacks "keyCertSign"/],
    ],
    [
      "nothing at all",
      "device",
      DEFAULT_KEY,
      [],
      [/^keyUsage: lacks "digitalSignature"/],
    ],
    [
      "a usage nobody knows",
      "device",
      DEFAULT_KEY,
      ["digitalSignature", "constructor"],
      [/^keyUsage\[1\]: "constructor" is not for/],
    ],
  ];

  test.each(refusals)("%s is refused", (_what, name, key, usages, messages) => {
    const said = checkKeyUsage(usages, profile(name), key);
    expect(said.map(({ path, message }) => `${path}: ${message}`)).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });
});

describe("extendedKeyUsage", () => {
  test.each([
    ["serverAuth", "1.3.6.1.5.5.7.3.1"],
    ["OCSPSigning", "1.3.6.1.5.5.7.3.9"],
    ["1.3.6.1.4.1.311.20.2.2", "1.3.6.1.4.1.311.20.2.2"],
    ["toString", undefined],
    ["clientauth", undefined],
  ])("%s is %p", (usage, oid) => {
    expect(extendedKeyUsageOid(usage)).toBe(oid);
  });

  test.each([
    ["by name and more", "server", ["serverAuth", "clientAuth"], []],
    ["by number", "device", ["1.3.6.1.5.5.7.3.2"], []],
    ["of an intermediate", "intermediate", ["clientAuth"], []],
    ["of an initial device identity", "initialDeviceIdentity", [], []],
    [
      "that the profile is for, left out",
      "server",
      ["clientAuth"],
      [/^extendedKeyUsage: lacks "serverAuth"/],
    ],
    [
      "nobody knows",
      "device",
      ["clientAuth", "mqtt"],
      [/^extendedKeyUsage\[1\]: "mqtt" is no extended key usage; write one of/],
    ],
    [
      "twice, by name and by number",
      "device",
      ["clientAuth", "1.3.6.1.5.5.7.3.2"],
      [
        /^extendedKeyUsage\[1\]: "1\.3\.6\.1\.5\.5\.7\.3\.2" stands at extendedKeyUsage\[0\] already/,
      ],
    ],
    ["of a root", "root", ["serverAuth"], [/has no place in a root/]],
  ])("one %s", (_what, name, usages, messages) => {
    const said = checkExtendedKeyUsage(usages, profile(name));
    expect(said.map(({ path, message }) => `${path}: ${message}`)).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  let authority: Party;

  beforeAll(async () => {
    authority = await root();
  });

  test("reads every key usage by its name", async () => {
    const names = ["digitalSignature", "nonRepudiation", "keyEncipherment"];
    const { certificatePem } = await issue(authority, {
      key: RSA,
      extensions: { keyUsage: names },
    });
    expect(extensionHex(certificatePem, "2.5.29.15")).toBe("030205e0");
    expect(
      openssl.run(["x509", "-noout", "-ext", "keyUsage"], certificatePem),
    ).toMatch(
      /Key Usage: critical\s+Digital Signature, Non Repudiation, Key Encipherment\s*$/,
    );
  });

  test("takes a certificate with both usages for either purpose", async () => {
    const leaf = await issue(authority, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      extensions: { extendedKeyUsage: ["serverAuth", "clientAuth", "1.2.3"] },
    });
    expect(new X509Certificate(leaf.certificatePem).keyUsage).toEqual([
      "1.3.6.1.5.5.7.3.1",
      "1.3.6.1.5.5.7.3.2",
      "1.2.3",
    ]);
    for (const purpose of ["sslserver", "sslclient"]) {
      expect(
        openssl.refusal({
          chain: [leaf.certificatePem],
          anchors: [authority.certificatePem],
          at: DEFAULT_NOW,
          args: ["-purpose", purpose],
        }),
      ).toBe("");
    }
  });

  test("holds leaves to the extended key usage of the CA above them", async () => {
    const ca = await issue(authority, {
      profile: "intermediate",
      subject: { commonName: "Clients only" },
      extensions: { extendedKeyUsage: ["clientAuth"] },
    });
    const server = await issue(ca, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    const device = await issue(ca, order());
    const refusal = (leaf: Party, purpose: string): string =>
      openssl.refusal({
        chain: [leaf.certificatePem, ca.certificatePem],
        anchors: [authority.certificatePem],
        at: DEFAULT_NOW,
        args: ["-purpose", purpose],
      });
    expect(refusal(device, "sslclient")).toBe("");
    expect(refusal(server, "sslserver")).toMatch(
      /unsupported certificate purpose|unsuitable certificate/,
    );
  });
});
