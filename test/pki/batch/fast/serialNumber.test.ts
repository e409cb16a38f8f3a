import { newSerialNumbers } from "../../../../pki/batch/fast/serialNumber";
import { newSerialNumber } from "../../../../pki/certificate";

const COUNT = 20_000;

/** What the rule says of one serial number, and the bits that are left to chance. */
function ruleOf(serialNumber: Buffer): { bytes: number; topBits: number } {
  return {
    bytes: serialNumber.length,
    topBits: serialNumber.readUInt8(0) >> 6,
  };
}

describe("serial numbers made many at a time", () => {
  const bytes = newSerialNumbers(COUNT);
  const ours = Array.from({ length: COUNT }, (_, index) =>
    bytes.subarray(17 * index, 17 * index + 17),
  );

  test("follow the rule of those made one at a time", () => {
    const rules = (list: readonly Buffer[]): Set<string> =>
      new Set(list.map((one) => JSON.stringify(ruleOf(one))));
    const library = Array.from({ length: 200 }, () =>
      Buffer.from(newSerialNumber(), "hex"),
    );
    expect(rules(ours)).toEqual(rules(library));
    expect(rules(ours)).toEqual(new Set(['{"bytes":17,"topBits":1}']));
  });

  test("are all distinct", () => {
    expect(new Set(ours.map((one) => one.toString("hex"))).size).toBe(COUNT);
  });

  test("leave every other bit to chance", () => {
    for (let bit = 2; bit < 136; bit += 1) {
      const set = ours.filter(
        (one) => ((one[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0,
      ).length;
      // Seven standard deviations.
      expect(Math.abs(set - COUNT / 2)).toBeLessThan(7 * Math.sqrt(COUNT / 4));
    }
  });

  test("are as many as asked for", () => {
    expect(newSerialNumbers(0)).toHaveLength(0);
    expect(newSerialNumbers(3)).toHaveLength(51);
  });
});
