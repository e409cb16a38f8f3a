import fc from "fast-check";
import { isDer } from "../../pki/der";
import { issue } from "./support/authority";
import { readDer } from "./support/der";
import { decodePem } from "../../pki/pem";

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

describe("one value in its only form", () => {
  test.each([
    ["BOOLEAN TRUE", "0101ff", true],
    ["BOOLEAN TRUE as BER may write it", "010101", false],
    ["BOOLEAN of two octets", "0102ff00", false],
    ["INTEGER 0", "020100", true],
    ["INTEGER without octets", "0200", false],
    ["INTEGER 127 with an octet too many", "0202007f", false],
    ["INTEGER 128", "02020080", true],
    ["INTEGER -1 with an octet too many", "0202ffff", false],
    ["INTEGER -129", "0202ff7f", true],
    ["NULL", "0500", true],
    ["NULL with content", "050100", false],
    ["BIT STRING, empty", "030100", true],
    ["BIT STRING without its count", "0300", false],
    ["BIT STRING of five bits", "03020308", true],
    ["BIT STRING with unused bits set", "0302030f", false],
    ["BIT STRING with eight unused bits", "03020800", false],
    ["BIT STRING, empty, with unused bits", "030101", false],
    ["OBJECT IDENTIFIER 2.5.29.15", "0603551d0f", true],
    ["OBJECT IDENTIFIER without arcs", "0600", false],
    ["OBJECT IDENTIFIER cut off", "06025581", false],
    ["OBJECT IDENTIFIER with leading zeros", "0603558001", false],
    ["OBJECT IDENTIFIER 2.100.3", "0603813403", true],
    ["UTF8String", "0c02c3a4", true],
    ["UTF8String that is none", "0c01c3", false],
    ["an empty SEQUENCE", "3000", true],
    ["a SEQUENCE of two", "3006 020101 0101ff", true],
    ["a SEQUENCE that ends within a value", "3004 020101 01", false],
    ["a SEQUENCE marked as octets", "1000", false],
    ["an OCTET STRING made of parts", "2403 040100", false],
    ["a value of unknown length", "3080 0500 0000", false],
    ["a length of two octets where one will do", "308102 0500", false],
    ["a length with a leading zero", "04820080".padEnd(264, "0"), false],
    ["a length of 128", `048180${"00".repeat(128)}`, true],
    ["a length beyond the end", "0405 00", false],
    ["a length of five octets", "30850000000002 0500", false],
    ["a tag of its own kind", "8001ff", true],
    ["a high tag", "9f1f00", true],
    ["a high tag that would be a low one", "9f1e00", false],
    ["a high tag with a leading zero", "9f800100", false],
    ["the end of contents", "0000", false],
    ["an octet after the end", "050000", false],
    ["nothing", "", false],
    ["a tag without length", "30", false],
  ])("%s: %s is %p", (_what, text, expected) => {
    expect(isDer(hex(text))).toBe(expected);
  });

  test("values may stand within each other, as deep as anything has them and no deeper", () => {
    const nested = (levels: number): Buffer =>
      Array.from({ length: levels }).reduce<Buffer>(
        (inner) => Buffer.concat([Buffer.from([0x30, inner.length]), inner]),
        hex("0500"),
      );
    expect(isDer(nested(60))).toBe(true);
    expect(isDer(Buffer.concat([hex("3082ffff"), nested(60)]))).toBe(false);
  });
});

describe("what is issued and what is not", () => {
  let der: Buffer;

  beforeAll(async () => {
    const { certificatePem } = await issue(undefined);
    der = decodePem("CERTIFICATE", certificatePem, "");
  });

  test("a certificate is DER, and no part of it is", () => {
    expect(isDer(der)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: der.length - 1 }), (length) => {
        expect(isDer(der.subarray(0, length))).toBe(false);
      }),
    );
  });

  test("octets after it are refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (more) => {
        expect(isDer(Buffer.concat([der, more]))).toBe(false);
      }),
    );
  });

  test("whatever is taken, another reader takes, too", () => {
    // Short tags only: the reader of these tests knows no others.
    const octets = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(octets, (bytes) => {
        fc.pre(bytes.every((octet) => (octet & 0x1f) !== 0x1f));
        if (isDer(bytes)) {
          expect(() => readDer(Buffer.from(bytes))).not.toThrow();
        }
      }),
      { numRuns: 5000 },
    );
  });
});
