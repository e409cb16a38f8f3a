import * as fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import {
  changedKeys,
  containsSecret,
  containsUnknown,
  equal,
  fromWire,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
  toWire,
  UNKNOWN,
} from "../../engine/values";

const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Keys that mean something to JavaScript or to the protocol are nobody's property names. */
const name = fc
  .string({ maxLength: 8 })
  .filter((key) => key !== "__proto__" && key !== SIGNATURE);

const { value } = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, UNKNOWN),
    fc.boolean(),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((number) => (number === 0 ? 0 : number)),
    fc.string(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    tie("value").map(secret),
  ),
}));
const properties = fc.dictionary(name, value, {
  maxKeys: 5,
  noNullPrototype: true,
});

describe("values on the wire", () => {
  test("come back as they were sent, secrets and unknowns included", () => {
    fc.assert(
      fc.property(properties, (sent: PropertyMap) => {
        const received = fromWire(
          Struct.deserializeBinary(toWire(sent).serializeBinary()),
        );
        expect(received).toEqual(sent);
        expect(equal(received, sent)).toBe(true);
      }),
    );
  });

  test("hold no secret once everything is revealed, and keep what they say", () => {
    fc.assert(
      fc.property(value, (sealed) => {
        const open = revealAll(secret(sealed));
        expect(containsSecret(open)).toBe(false);
        expect(containsUnknown(open)).toBe(containsUnknown(sealed));
        expect(equal(revealAll(open), open)).toBe(true);
      }),
    );
  });

  test("output values become what they carry", () => {
    const wire = Struct.fromJavaScript({
      plain: { [SIGNATURE]: OUTPUT, value: "text" },
      hidden: { [SIGNATURE]: OUTPUT, value: "text", secret: true },
      unknown: { [SIGNATURE]: OUTPUT, dependencies: ["urn:x"] },
      hiddenUnknown: [{ [SIGNATURE]: OUTPUT, secret: true }],
    });
    expect(fromWire(wire)).toEqual({
      plain: "text",
      hidden: secret("text"),
      unknown: UNKNOWN,
      hiddenUnknown: [secret(UNKNOWN)],
    });
  });
});

describe("comparing values", () => {
  test("does not depend on the order of keys, but on secrecy", () => {
    expect(equal({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(equal({ a: secret("x") }, { a: "x" })).toBe(false);
    expect(equal({ a: secret("x") }, { a: secret("x") })).toBe(true);
    expect(equal({ a: 1 }, { a: 1, b: null })).toBe(false);
  });

  test("names what was added, removed and changed", () => {
    expect(changedKeys({ a: 1, b: 2, c: 3 }, { b: 2, c: 4, d: 5 })).toEqual([
      "-a",
      "~c",
      "+d",
    ]);
    fc.assert(
      fc.property(properties, properties, (before, after) => {
        expect(changedKeys(before, after).length === 0).toBe(
          equal(before, after),
        );
      }),
    );
  });

  test("a secret within a secret is one secret", () => {
    expect(reveal(secret(secret("x")))).toBe("x");
  });
});
