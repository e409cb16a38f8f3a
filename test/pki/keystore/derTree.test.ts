import fc from "fast-check";
import { readDer } from "../../../pki/keystore/derTree";

const read = (hex: string) => readDer(Buffer.from(hex, "hex"));

describe("an OCTET STRING (X.690 §8.7)", () => {
  test.each([
    ["in one piece", "0403414243"],
    ["in pieces", "240704014104024243"],
    ["in pieces, of unknown length", "2480040141040242430000"],
    ["in pieces of pieces", "2480240304014124040402" + "42430000"],
    ["in pieces, behind a context-specific tag", "a080040141040242430000"],
    ["of a context-specific tag", "8003414243"],
  ])("%s", (_what, hex) => {
    expect(read(hex).octets.toString()).toBe("ABC");
  });

  test("what stands in it is not looked at", () => {
    expect(read("040430020500").children).toEqual([]);
  });
});

test.each([
  ["020200ff", { integer: 255 }],
  ["02030f4240", { integer: 1_000_000 }],
  ["0201ff", { integer: -1 }],
  ["02050100000000", { integer: 0 }],
  ["06092a864886f70d01070a", { identifier: "1.2.840.113549.1.7.10", text: "" }],
  ["1e060050004b0049", { text: "PKI", identifier: "" }],
  ["1e00", { text: "" }],
])("%s", (hex, value) => {
  expect(read(hex)).toMatchObject(value);
});

test("bytes behind a value are passed over", () => {
  expect(read("0201070500").integer).toBe(7);
});

describe("refused", () => {
  test.each([
    ["nothing", ""],
    ["a value that is cut off", "040341"],
    ["a member that is longer than what it stands in", "30030404ab"],
    ["a value of unknown length without its end", "3080020101"],
    ["more levels than a store has", "3080".repeat(100) + "0000".repeat(100)],
    ["a bomb of levels", "3080".repeat(100_000)],
    ["a time that is none", "1800"],
    ["a length of terabytes", "308600ffffffffff00"],
    ["more values than fit a Secret", `3083030d40${"0500".repeat(100_000)}`],
  ])("%s", (_what, hex) => {
    expect(() => read(hex)).toThrow(RangeError);
  });

  test("whatever is no BER, by one kind of error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readDer(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
