import { ObjectIdentifier } from "asn1js";
import fc from "fast-check";
import { objectIdentifierProblem } from "../../pki/objectIdentifier";
import { readDer, readOid } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

const arc = fc.oneof(
  fc.nat(200),
  fc.nat(),
  fc.integer({ min: 0, max: 2 ** 48 - 1 }),
);
const identifier = fc.oneof(
  fc
    .tuple(fc.nat(1), fc.nat(39), fc.array(arc, { maxLength: 8 }))
    .map(([first, second, rest]) => [first, second, ...rest].join(".")),
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 ** 47 }),
      fc.array(arc, { maxLength: 8 }),
    )
    .map(([second, rest]) => [2, second, ...rest].join(".")),
);

function encode(value: string): Buffer {
  return Buffer.from(new ObjectIdentifier({ value }).toBER());
}

test("what is accepted is encoded as itself, whatever its numbers", () => {
  fc.assert(
    fc.property(identifier, (oid) => {
      fc.pre(oid.length <= 128);
      expect(objectIdentifierProblem(oid)).toBeUndefined();
      expect(readOid(readDer(encode(oid)))).toBe(oid);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["1.3.6.1.4.1.32473.1", true],
  ["2.999", true],
  ["0.0", true],
  ["1.39.281474976710655", true],
  // asn1js writes an identifier without a single octet for numbers from 2^49 on.
  ["1.39.281474976710656", false],
  ["2.25.329800735698586629295641978511506172918", false],
  ["1", false],
  ["", false],
  ["3.1", false],
  ["1.40", false],
  ["0.40.1", false],
  ["1.2.", false],
  [".1.2", false],
  ["1..2", false],
  ["1.02", false],
  ["1.-2", false],
  ["1.2e3", false],
  ["1.2\n", false],
  ["serverAuth", false],
  [`1.2${".1".repeat(70)}`, false],
])("%p: accepted is %p", (oid, accepted) => {
  expect(objectIdentifierProblem(oid)).toEqual(
    accepted
      ? undefined
      : (expect.stringMatching(
          /is no object identifier; write numbers joined by dots/,
        ) as string),
  );
});

describeOpenSsl("OpenSSL", (openssl) => {
  test.each(["1.3.6.1.4.1.32473.1.128.16384", "2.999.3", "0.39.7"])(
    "reads %s as it was written",
    (oid) => {
      const file = openssl.file("oid.der", encode(oid));
      const shown = openssl.run(
        ["asn1parse", "-inform", "DER", "-in"].concat(file),
      );
      expect(shown.trim().split(":").at(-1)).toBe(oid);
    },
  );
});
