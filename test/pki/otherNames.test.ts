import fc from "fast-check";
import type { AlternativeNames } from "../../pki/alternativeNames";
import {
  checkAlternativeNames,
  encodeAlternativeNames,
  foldAlternativeName,
  isEmpty,
  otherKindsOfNames,
  readAlternativeNames,
  withCommonName,
} from "../../pki/alternativeNames";
import { formatProblem } from "../../pki/problem";
import { issue } from "./support/authority";
import type { Der } from "./support/der";
import { child, readCertificate, readDer, readOid } from "./support/der";
import { describeOpenSsl } from "./support/openssl";
import { anyText } from "./support/texts";

const HARDWARE_MODULE_NAME = "1.3.6.1.5.5.7.8.4";
const USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3";

function encoded(names: AlternativeNames): readonly Der[] {
  return readDer(Buffer.from(encodeAlternativeNames(names).value)).children;
}

describe("names of every kind", () => {
  const ALL: AlternativeNames = {
    dnsNames: ["a.example"],
    ipAddresses: ["192.0.2.7"],
    uris: ["urn:x:1"],
    emailAddresses: ["a@example.com"],
    otherNames: [{ type: USER_PRINCIPAL_NAME, value: "u@exämple" }],
    hardwareModuleName: { type: "1.3.6.1.4.1.32473.7", serialNumber: "SN-1" },
  };

  test("stand in the order DNS, IP, URI, e-mail, others, each with its tag", () => {
    expect(checkAlternativeNames(ALL)).toEqual([]);
    expect(encoded(ALL).map(({ tag }) => tag)).toEqual([
      0x82, 0x87, 0x86, 0x81, 0xa0, 0xa0,
    ]);
  });

  test("an otherName is its kind and a UTF8String within [0] (RFC 5280 §4.2.1.6)", () => {
    const { otherNames = [] } = ALL;
    const [name] = encoded({ otherNames });
    const [type, explicit] = name?.children ?? [];
    expect(type && readOid(type)).toBe(USER_PRINCIPAL_NAME);
    expect(explicit?.tag).toBe(0xa0);
    const value = explicit && child(explicit, 0);
    expect([value?.tag, value?.content.toString()]).toEqual([12, "u@exämple"]);
  });

  test("a hardwareModuleName is the kind of hardware and the octets of its serial number (RFC 4108 §5)", () => {
    const { hardwareModuleName } = ALL;
    const [name] = encoded({
      ...(hardwareModuleName && { hardwareModuleName }),
    });
    const [type, explicit] = name?.children ?? [];
    expect(type && readOid(type)).toBe(HARDWARE_MODULE_NAME);
    const [hardware, serial] = explicit?.children[0]?.children ?? [];
    expect(hardware && readOid(hardware)).toBe("1.3.6.1.4.1.32473.7");
    expect([serial?.tag, serial?.content.toString()]).toEqual([4, "SN-1"]);
  });

  test("any text survives as an otherName, or is refused", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(40),
          fc.string({ unit: "binary" }),
          fc.constant("a\ud800"),
        ),
        (value) => {
          const otherNames = [{ type: "1.2.3", value }];
          if (checkAlternativeNames({ otherNames }).length === 0) {
            const [name] = encoded({ otherNames });
            expect(name?.children[1]?.children[0]?.content.toString()).toBe(
              value,
            );
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(
      checkAlternativeNames({
        otherNames: [{ type: "1.2.3", value: "a\ud800" }],
      }),
    ).toHaveLength(1);
  });

  test("what is written is read back: names that certificates are compared by", () => {
    const names = fc.record({
      dnsNames: fc.uniqueArray(fc.domain(), { maxLength: 3 }),
      ipAddresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), {
        maxLength: 3,
      }),
      uris: fc.uniqueArray(fc.webUrl(), { maxLength: 2 }),
      emailAddresses: fc.constantFrom([], ["a@example.com", "b@c"]),
    });
    fc.assert(
      fc.property(names, (wanted) => {
        fc.pre(checkAlternativeNames(wanted).length === 0 && !isEmpty(wanted));
        const read = readAlternativeNames(encodeAlternativeNames(wanted));
        expect({
          ...read,
          ipAddresses: (read.ipAddresses ?? []).map(foldAlternativeName),
        }).toStrictEqual({
          ...wanted,
          ipAddresses: wanted.ipAddresses.map(foldAlternativeName),
        });
        expect(otherKindsOfNames(encodeAlternativeNames(wanted))).toEqual([]);
      }),
    );
  });

  test("those that are not read are named by their kind", () => {
    expect(otherKindsOfNames(encodeAlternativeNames(ALL))).toEqual([
      "otherName",
      "otherName",
    ]);
    expect(otherKindsOfNames(null)).toEqual([]);
  });

  test("each kind alone is a name", () => {
    expect(isEmpty({})).toBe(true);
    for (const [kind, value] of Object.entries<unknown>({ ...ALL })) {
      expect(isEmpty({ [kind]: value })).toBe(false);
    }
  });
});

describe("refusals", () => {
  const rows: readonly [string, AlternativeNames, RegExp][] = [
    [
      "an e-mail address that is none",
      { emailAddresses: ["a@example.com", "a"] },
      /^emailAddresses\[1\]: "a" is no e-mail address/,
    ],
    [
      "an e-mail address twice",
      { emailAddresses: ["a@example.com", "A@example.com"] },
      /^emailAddresses\[1\]: .* stands at emailAddresses\[0\] already/,
    ],
    [
      "an otherName of no kind",
      { otherNames: [{ type: "upn", value: "u" }] },
      /^otherNames\[0\]\.type: "upn" is no object identifier/,
    ],
    [
      "an otherName without a value",
      { otherNames: [{ type: "1.2.3", value: "" }] },
      /^otherNames\[0\]\.value: "" is empty/,
    ],
    [
      "hardware of no kind",
      { hardwareModuleName: { type: "", serialNumber: "1" } },
      /^hardwareModuleName\.type: "" is no object identifier/,
    ],
    [
      "hardware without a serial number",
      { hardwareModuleName: { type: "1.2.3", serialNumber: "" } },
      /^hardwareModuleName\.serialNumber: "" is empty/,
    ],
  ];

  test.each(rows)("%s", (_what, names, message) => {
    expect(checkAlternativeNames(names).map(formatProblem)).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });
});

test("a common name that is an address joins once, whatever its spelling", () => {
  const names = withCommonName(
    { ipAddresses: ["2001:DB8:0:0::7"] },
    "2001:db8::7",
  );
  expect(names.ipAddresses).toEqual(["2001:DB8:0:0::7"]);
});

describeOpenSsl("OpenSSL", (openssl) => {
  test("reads them by their kinds", async () => {
    const { certificatePem } = await issue(undefined, {
      emailAddresses: ["a@example.com"],
      otherNames: [{ type: USER_PRINCIPAL_NAME, value: "u@example.com" }],
      hardwareModuleName: { type: "1.3.6.1.4.1.32473.7", serialNumber: "SN-1" },
    });
    const shown = openssl.run(
      ["x509", "-noout", "-ext", "subjectAltName"],
      certificatePem,
    );
    expect(shown).toMatch(
      /email:a@example\.com, othername: (UPN:)+:?u@example\.com, othername: (Hardware Module Name|1\.3\.6\.1\.5\.5\.7\.8\.4):+<unsupported>/,
    );
    const value =
      readCertificate(certificatePem).extensions.get("2.5.29.17")?.value;
    const parsed = openssl.run([
      ..."asn1parse -inform DER -in".split(" "),
      openssl.file("san.der", value ?? Buffer.alloc(0)),
    ]);
    expect(parsed).toMatch(
      /OBJECT\s+:(1\.3\.6\.1\.5\.5\.7\.8\.4|Hardware Module Name)/,
    );
    expect(parsed).toMatch(
      /OBJECT\s+:1\.3\.6\.1\.4\.1\.32473\.7\n.*OCTET STRING\s+:SN-1/,
    );
  });
});
