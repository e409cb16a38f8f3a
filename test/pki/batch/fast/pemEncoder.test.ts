import fc from "fast-check";
import { PemEncoder } from "../../../../pki/batch/fast/pemEncoder";
import { encodePem } from "../../../../pki/pem";

const bytes = fc.uint8Array({ maxLength: 600 });
const label = fc.constantFrom("CERTIFICATE", "PRIVATE KEY");

describe("PEM", () => {
  test("is byte for byte what the library writes, as a string and in a buffer", () => {
    fc.assert(
      fc.property(bytes, label, fc.nat(40), (der, name, offset) => {
        const expected = encodePem(name, der);
        const encoder = new PemEncoder(name);
        // Not one empty line of encodePem more or less, nor any byte around.
        expect(encoder.encode(Buffer.from(der))).toBe(expected);
        expect(encoder.lengthOf(der.length)).toBe(expected.length);
        const target = Buffer.alloc(offset + expected.length + 5, 0x2e);
        const end = encoder.write(der, target, offset);
        expect(target.toString("latin1", offset, end)).toBe(expected);
        expect(target.toString("latin1", 0, offset)).toBe(".".repeat(offset));
        expect(target.toString("latin1", end)).toBe(".....");
      }),
      { numRuns: 1000 },
    );
  });

  test("stands in a JSON text as it is", () => {
    fc.assert(
      fc.property(bytes, label, (der, name) => {
        const encoder = new PemEncoder(name, "\\n");
        const text = encoder.encode(Buffer.from(der));
        expect(JSON.parse(`"${text}"`)).toBe(encodePem(name, der));
        const target = Buffer.alloc(encoder.lengthOf(der.length));
        expect(encoder.write(der, target, 0)).toBe(target.length);
        expect(target.toString()).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("is refused where there is no room for it", () => {
    const encoder = new PemEncoder("CERTIFICATE");
    const der = Buffer.alloc(10);
    const target = Buffer.alloc(encoder.lengthOf(10));
    expect(() => encoder.write(der, target, 1)).toThrow(RangeError);
    expect(target).toEqual(Buffer.alloc(target.length));
  });
});
