import type { CertificateOrder } from "../../pki/order";
import { alternativeNamesOf, checkOrder, profileOf } from "../../pki/order";
import { formatProblem } from "../../pki/problem";
import { order } from "./support/authority";

const server = (overrides: Partial<CertificateOrder> = {}): CertificateOrder =>
  order({
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
    ...overrides,
  });
const ca = (overrides: Partial<CertificateOrder> = {}): CertificateOrder =>
  order({
    profile: "intermediate",
    subject: { commonName: "CA" },
    ...overrides,
  });

function problems(wanted: CertificateOrder): string[] {
  return checkOrder(wanted).map(formatProblem);
}

describe("accepted", () => {
  test.each([
    ["a device", order()],
    [
      "a device with names of every kind",
      order({ dnsNames: ["a.b"], ipAddresses: ["192.0.2.1"], uris: ["urn:x"] }),
    ],
    ["a server whose common name is its host name", server()],
    [
      "a server whose common name is an address",
      server({ subject: { commonName: "192.0.2.7" } }),
    ],
    [
      "a server for people, with a host name",
      server({ subject: { commonName: "Broker" }, dnsNames: ["localhost"] }),
    ],
    [
      "a server with an address alone",
      server({ subject: { commonName: "Broker" }, ipAddresses: ["::1"] }),
    ],
    ["an Ed25519 server", server({ key: { algorithm: "ED25519" } })],
    ["a root", order({ profile: "root" })],
    ["a CA with path length 0", ca({ pathLength: 0 })],
    ["a CA with path length 10", ca({ pathLength: 10 })],
    [
      "a CA with constraints",
      ca({ nameConstraints: { permittedDnsNames: ["example.com"] } }),
    ],
    ["a renewal point", order({ renewal: { beforeDays: 30 } })],
    ["an empty list of names of a CA", ca({ dnsNames: [] })],
  ])("%s", (_rule, wanted) => {
    expect(problems(wanted)).toEqual([]);
  });
});

describe("refused", () => {
  test.each([
    [
      "a profile nobody knows",
      order({ profile: "client" }),
      /^profile: "client" is no known profile; write one of root, intermediate, link, server, device, initialDeviceIdentity\.$/,
    ],
    [
      "a profile named like something every object has",
      order({ profile: "toString" }),
      /^profile: "toString" is no known profile/,
    ],
    [
      "a mistake in the subject",
      ca({ subject: { commonName: "" } }),
      /^subject\.commonName: "" is empty/,
    ],
    [
      "a device whose common name is no MQTT client id",
      order({ subject: { commonName: "a:b" } }),
      /^subject\.commonName: "a:b" contains ":"/,
    ],
    [
      "a mistake in the key",
      order({ key: { algorithm: "RSA", rsaBits: 1024 } }),
      /^key\.rsaBits: 1024 bits are too small/,
    ],
    [
      "an Ed25519 device",
      order({ key: { algorithm: "ED25519" } }),
      /^key\.algorithm: "ED25519" is not for profile "device"; write one of ECDSA, RSA\.$/,
    ],
    ["no days", order({ validityDays: 0 }), /^validityDays: 0 is no validity/],
    [
      "less than no days",
      order({ validityDays: -1 }),
      /^validityDays: -1 is no validity/,
    ],
    [
      "half a day",
      order({ validityDays: 0.5 }),
      /^validityDays: 0\.5 is no validity/,
    ],
    [
      "a renewal before the beginning",
      order({ renewal: { beforeDays: 90 } }),
      /^renewal\.beforeDays: 90 is no renewal point/,
    ],
    [
      "a host name that is none",
      server({ dnsNames: ["a_b"] }),
      /^dnsNames\[0\]: "a_b" is no host name/,
    ],
    [
      "a URI that is none",
      order({ uris: ["x"] }),
      /^uris\[0\]: "x" is no absolute URI/,
    ],
    [
      "names of a CA",
      ca({ dnsNames: ["a.b"] }),
      /^dnsNames: a CA has no alternative names; leave them out of profile "intermediate"\.$/,
    ],
    [
      "a server without a host name",
      server({ subject: { commonName: "My Broker" } }),
      /^dnsNames: a server certificate needs at least one host name or address.*"My Broker" is no host name/,
    ],
    [
      "a path length of a leaf",
      order({ pathLength: 0 }),
      /^pathLength: 0 says nothing about a certificate that is no CA/,
    ],
    [
      "constraints of a leaf",
      order({ nameConstraints: { permittedDnsNames: ["a.b"] } }),
      /^nameConstraints: stand in CA certificates only/,
    ],
    [
      "a path length below 0",
      ca({ pathLength: -1 }),
      /^pathLength: -1 is no path length constraint/,
    ],
    [
      "a path length of 11",
      ca({ pathLength: 11 }),
      /^pathLength: 11 is no path length constraint/,
    ],
    [
      "half a path length",
      ca({ pathLength: 0.5 }),
      /^pathLength: 0\.5 is no path length constraint/,
    ],
    [
      "a mistake in the constraints",
      ca({ nameConstraints: { permittedDnsNames: ["*.a.b"] } }),
      /^nameConstraints\.permittedDnsNames\[0\]: .*has a wildcard/,
    ],
    [
      "a key usage that is not for a leaf",
      order({ extensions: { keyUsage: ["digitalSignature", "cRLSign"] } }),
      /^extensions\.keyUsage\[1\]: "cRLSign" is not for profile "device"/,
    ],
    [
      "a server that is a client only",
      server({ extensions: { extendedKeyUsage: ["clientAuth"] } }),
      /^extensions\.extendedKeyUsage: lacks "serverAuth"/,
    ],
    [
      "an extension with a mistake",
      ca({ extensions: { crlDistributionPoints: ["ca.crl"] } }),
      /^extensions\.crlDistributionPoints\[0\]: "ca\.crl" is no URL/,
    ],
    [
      "an e-mail address of a CA among its names",
      ca({ emailAddresses: ["a@b"] }),
      /^dnsNames: a CA has no alternative names/,
    ],
    [
      "days beside dates",
      order({ validity: { notAfter: "2030-01-01T00:00:00Z" } }),
      /^validityDays: 90 stands beside validity/,
    ],
    [
      "constraints that constrain nothing",
      ca({ nameConstraints: {} }),
      /^nameConstraints: constrains nothing/,
    ],
  ])("%s", (_rule, wanted, message) => {
    expect(problems(wanted)).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });

  test("all of it at once", () => {
    const paths = checkOrder(
      server({
        subject: { commonName: "x".repeat(65), country: "Germany" },
        key: { algorithm: "ECDSA", ecdsaCurve: "P224" },
        validityDays: 0,
        dnsNames: ["ok.example", "no_name"],
        ipAddresses: ["no address"],
        pathLength: 1,
      }),
    ).map(({ path }) => path);
    expect(paths).toEqual([
      "subject.country",
      "subject.commonName",
      "key.ecdsaCurve",
      "validityDays",
      "dnsNames[1]",
      "ipAddresses[0]",
      "pathLength",
    ]);
  });
});

describe("the names a certificate gets", () => {
  test("a server's common name joins them, a device's does not", () => {
    const names = { dnsNames: ["a.example"] };
    expect(alternativeNamesOf(server(names)).dnsNames).toEqual([
      "mqtt.example.com",
      "a.example",
    ]);
    const device = order({ subject: { commonName: "d.example" }, ...names });
    expect(alternativeNamesOf(device).dnsNames).toEqual(["a.example"]);
  });

  test("the profile of an order is the one it names", () => {
    expect(profileOf(server())?.name).toBe("server");
    expect(profileOf(order({ profile: "hasOwnProperty" }))).toBeUndefined();
  });
});
