import { describeOpenSsl } from "../pki/support/openssl";
import { readCertificate } from "../pki/support/der";
import { Bench, NO_CHANGE } from "./support/batch";
import { changedPaths, readDevice, snapshot } from "./support/devices";
import type { Properties } from "./support/wire";

const bench = new Bench();
const NEVER = "99991231235959Z";
const HARDWARE = "1.3.6.1.4.1.32473.7";

/** Devices from the factory: no end, so the CA above has none either. */
function factory(overrides: Properties = {}): Properties {
  return {
    profile: "initialDeviceIdentity",
    hardwareType: HARDWARE,
    validityDays: null,
    validity: { notAfter: NEVER },
    truncate: true,
    devices: [{ id: "a", serialNumber: "SN-a" }, { id: "b" }],
    ...overrides,
  };
}

async function refusals(overrides: Properties): Promise<string[]> {
  const batch = bench.batch(["a", "b"]);
  return bench.plugin.check(batch.urn, { ...batch.inputs, ...overrides });
}

describe("a batch with extensions", () => {
  const extensions = {
    keyUsage: ["digitalSignature", "nonRepudiation"],
    crlDistributionPoints: ["http://pki.example.com/device-ca.crl"],
    policies: [{ oid: "1.2.3" }],
    custom: [{ oid: "1.2.4", critical: true, valueBase64: "BQA=" }],
  };

  test("is issued, and a second plan keeps all of it", async () => {
    // Batch.create sees that nothing is left to do.
    const batch = await bench.batch(["a", "b"], { extensions }).create();
    const { extensions: read } = readCertificate(
      readDevice(batch.output, "a").certificatePem,
    );
    expect([...read.keys()]).toEqual(
      expect.arrayContaining(["2.5.29.31", "2.5.29.32", "1.2.4"]),
    );
    expect(read.get("2.5.29.15")?.value.toString("hex")).toBe("030206c0");
  });

  test("is issued anew, for the same keys, when one of them changes", async () => {
    const batch = await bench.batch(["a", "b"], { extensions }).create();
    const before = snapshot(batch.output);
    const changed = { ...extensions, policies: [{ oid: "1.2.5" }] };
    expect(await batch.update({ extensions: changed })).toBe(
      "+0 new, 2 changed, 0 due, 0 unchanged",
    );
    expect(
      changedPaths(before, snapshot(batch.output)).filter((path) =>
        path.endsWith("key.pem"),
      ),
    ).toEqual([]);
    expect(batch.outs).toMatchObject({ issued: 0, renewed: 2 });
  });
});

describe("a batch from the factory", () => {
  test("ends with its issuer where it may not outlive it, and a second plan keeps it", async () => {
    const batch = await bench.batch([], factory()).create();
    const { certificate } = readDevice(batch.output, "a");
    expect(certificate.validToDate).toEqual(bench.above.ca.validity.notAfter);
    expect(certificate.keyUsage).toBeUndefined();
    expect(
      readCertificate(
        readDevice(batch.output, "b").certificatePem,
      ).extensions.has("2.5.29.17"),
    ).toBe(false);
  });

  test("is refused where it would outlive its issuer, once for all devices", async () => {
    expect(await refusals(factory({ truncate: false }))).toEqual([
      expect.stringMatching(
        /^validity\.notAfter: "99991231235959Z" would outlive the issuer/,
      ),
    ]);
  });

  test("another kind of hardware is another certificate for the device that has a serial number", async () => {
    const batch = await bench.batch([], factory()).create();
    expect(await batch.update({ hardwareType: "1.2.3" })).toBe(
      "+0 new, 1 changed, 0 due, 1 unchanged",
    );
    expect(
      await bench.plugin.diff(batch.urn, batch.outs, batch.inputs),
    ).toEqual(NO_CHANGE);
  });

  describeOpenSsl("OpenSSL", (openssl) => {
    test("shows the hardware's kind and serial number, and no extended key usage", async () => {
      const batch = await bench.batch([], factory()).create();
      const { certificatePem } = readDevice(batch.output, "a");
      const text = openssl.run(["x509", "-noout", "-text"], certificatePem);
      expect(text).toMatch(/serialNumber ?= ?SN-a/);
      expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
      expect(text).not.toMatch(/Extended Key Usage/);
      const names = readCertificate(certificatePem).extensions.get("2.5.29.17");
      const parsed = openssl.run([
        ..."asn1parse -inform DER -in".split(" "),
        openssl.file("san.der", names?.value ?? Buffer.alloc(0)),
      ]);
      expect(parsed).toMatch(
        /OBJECT\s+:1\.3\.6\.1\.4\.1\.32473\.7\n.*OCTET STRING\s+:SN-a/,
      );
    });
  });
});

describe("refusals", () => {
  test.each([
    [
      "a profile that is not for devices",
      { profile: "server" },
      [/^dnsNames: |^profile: "server" is not for devices/],
    ],
    [
      "hardware that is no object identifier",
      { hardwareType: "pump" },
      [/^hardwareType: "pump" is no object identifier/],
    ],
    [
      "an extension with a mistake",
      { extensions: { ocspUrls: ["x"] } },
      [/^extensions\.ocspUrls\[0\]: "x" is no URL/],
    ],
    [
      "an end that is past",
      { validityDays: null, validity: { notAfter: "2020-01-01T00:00:00Z" } },
      [/^validity\.notAfter: "2020-01-01T00:00:00Z" is past/],
    ],
  ])("%s", async (_what, overrides, messages) => {
    const said = await refusals(overrides);
    for (const message of messages) {
      expect(said).toContainEqual(expect.stringMatching(message));
    }
  });

  test("a signing policy that all devices break alike is said once, and at each device what it has for itself", async () => {
    const signingPolicy = {
      organization: "supplied",
      commonName: "supplied",
    };
    expect(
      await refusals({
        signer: { ...bench.above.signer, signingPolicy },
        devices: [{ id: "a" }, { id: "b", serialNumber: "1" }, { id: "c" }],
      }),
    ).toEqual([
      expect.stringMatching(
        /^subject\.organization: is missing; the issuer's signing policy/,
      ),
      expect.stringMatching(/^devices\[1\]\.serialNumber: "1" is not allowed/),
    ]);
  });
});
