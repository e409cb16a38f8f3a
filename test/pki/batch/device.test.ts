import { relative, resolve, sep } from "node:path";
import fc from "fast-check";
import type { Device } from "../../../pki/batch/device";
import { idProblem } from "../../../pki/batch/deviceId";
import { checkDevice, checkDevices } from "../../../pki/batch/device";
import { folderName } from "../../../pki/batch/folderName";
import { checkAlternativeNames } from "../../../pki/alternativeNames";
import { below, formatProblem } from "../../../pki/problem";
import { checkSubject } from "../../../pki/subject";
import { checkValidityDays } from "../../../pki/validity";

/** The rule of the ids in other words: what an MQTT client id in Cumulocity may hold. */
function isId(id: string): boolean {
  const allowed = /[^A-Za-z0-9._@/-]/;
  return (
    id.length > 0 &&
    id.length <= 64 &&
    !allowed.test(id) &&
    id.replaceAll(".", "") !== ""
  );
}

const goodId = fc
  .stringMatching(/^[A-Za-z0-9._@/-]{1,64}$/)
  .filter((id) => id.replaceAll(".", "") !== "");

function device(id: string, rest: Partial<Device> = {}): Device {
  return { id, source: "m.csv:2", ...rest };
}

describe("ids", () => {
  test("are accepted exactly where the rule says so", () => {
    const almost = fc.stringMatching(/^[A-Za-z0-9._@/:% ü-]{0,70}$/);
    fc.assert(
      fc.property(fc.oneof(goodId, almost, fc.string()), (id) => {
        expect(idProblem(id) === undefined).toBe(isId(id));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["", /is empty; use A-Z/],
    ["a:b", /"a:b" contains ":"; MQTT client ids in Cumulocity may not/],
    ["x".repeat(65), /has 65 characters, and a common name 64 at most/],
    ["a b", /"a b" holds a character that a client id may not/],
    ["gerät", /holds a character/],
    ["a\nb", /holds a character/],
    ["a\\b", /holds a character/],
    ["a+b", /holds a character/],
    ["a#", /holds a character/],
    [".", /is nothing but dots/],
    ["..", /is nothing but dots/],
  ])("%p is refused with what to write instead", (id, message) => {
    expect(idProblem(id)).toMatch(message);
    expect(idProblem(id)).toContain("use A-Z a-z 0-9 . _ @ / - (1 to 64");
  });
});

describe("folders", () => {
  const BASE = resolve("/out/devices");

  test("every device has one directly in the output, and never outside it", () => {
    fc.assert(
      fc.property(goodId, (id) => {
        const folder = resolve(BASE, folderName(id));
        const inside = relative(BASE, folder);
        expect(inside).not.toBe("");
        expect(inside.split(sep)).toHaveLength(1);
        expect(inside.startsWith("..")).toBe(false);
        // A folder that hides itself is one that a copy forgets.
        expect(inside.startsWith(".")).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("two ids never share one", () => {
    const tricky = fc.stringMatching(/^[./A2FEe_@-]{1,12}$/).filter(isId);
    const anyId = fc.oneof(goodId, tricky);
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        fc.pre(one !== other);
        expect(folderName(one)).not.toBe(folderName(other));
      }),
      { numRuns: 1000 },
    );
  });

  test("a slash is told from every other character", () => {
    const others = Array.from("AZaz09._@-%");
    for (const [one, other] of others.flatMap((character) => [
      ["a/b", `a${character}b`],
      ["/a", `${character}a`],
      ["a/", `a${character}`],
    ])) {
      expect(folderName(one ?? "")).not.toBe(folderName(other ?? ""));
    }
  });

  test("none is a place where the batch keeps a file of its own", () => {
    expect(["inventory.csv", "inventory.csv.partial"]).not.toContain(
      folderName("inventory.csv"),
    );
    expect(folderName("inventory.csv.partial")).not.toBe(
      "inventory.csv.partial",
    );
  });

  test("two ids that differ in case only never share one, also where file names ignore case, or are refused", () => {
    const problems = checkDevices([
      device("Sensor-1"),
      device("sensor-1", { source: "m.csv:3" }),
    ]);
    expect(
      problems.length > 0 ||
        folderName("Sensor-1").toLowerCase() !==
          folderName("sensor-1").toLowerCase(),
    ).toBe(true);
  });
});

describe("a list of devices", () => {
  test("is accepted where every row is good", () => {
    expect(
      checkDevices([
        device("a", { validityDays: 1 }),
        device("b/1", { dnsNames: ["b.example"], uris: ["urn:b"] }),
        device("c", { serialNumber: "TH-000103" }),
      ]),
    ).toEqual([]);
  });

  test("names a duplicate with both places", () => {
    const problems = checkDevices([
      device("a"),
      device("b", { source: "m.csv:3" }),
      device("a", { source: "m.csv:4" }),
      device("a", { source: "m.csv:5" }),
    ]);
    expect(problems.map(formatProblem)).toEqual([
      'm.csv:4.id: "a" stands at m.csv:2 already; every device needs an id of its own.',
      'm.csv:5.id: "a" stands at m.csv:2 already; every device needs an id of its own.',
    ]);
  });

  test.each([
    ["an id", device("a:b"), /^m\.csv:2\.id: "a:b" contains ":"/],
    [
      "a host name",
      device("a", { dnsNames: ["ok.de", "a_b"] }),
      /^m\.csv:2\.dnsNames\[1\]: /,
    ],
    ["a URI", device("a", { uris: ["x"] }), /^m\.csv:2\.uris\[0\]: /],
    [
      "a validity of 0",
      device("a", { validityDays: 0 }),
      /^m\.csv:2\.validityDays: 0 is no validity/,
    ],
    [
      "a validity that is no number",
      device("a", { validityDays: Number.NaN }),
      /^m\.csv:2\.validityDays: /,
    ],
    [
      "a serial number that no PrintableString holds",
      device("a", { serialNumber: "TH_1" }),
      /^m\.csv:2\.serialNumber: .*PrintableString/,
    ],
    [
      "a serial number of 65 characters",
      device("a", { serialNumber: "1".repeat(65) }),
      /^m\.csv:2\.serialNumber: .*has 65 characters/,
    ],
    [
      "an empty serial number",
      device("a", { serialNumber: "" }),
      /^m\.csv:2\.serialNumber: "" is empty/,
    ],
  ])("refuses %s at its place", (_rule, row, message) => {
    expect(checkDevices([row]).map(formatProblem)).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });

  test("says all that is wrong at once", () => {
    const problems = checkDevices([
      device("", { validityDays: -1 }),
      device("", { source: "m.csv:3", uris: ["x"] }),
    ]);
    expect(problems.map(({ path }) => path)).toEqual([
      "m.csv:2.id",
      "m.csv:2.validityDays",
      "m.csv:3.id",
      "m.csv:3.uris[0]",
    ]);
  });
});

describe("one device", () => {
  const text = (unit: string): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...Array.from(unit)), maxLength: 12 });
  const names = (unit: string): fc.Arbitrary<string[]> =>
    fc.array(text(unit), { maxLength: 2 });
  const anyDevice = fc.record(
    {
      id: fc.oneof(text("aZ0._@/-: ü"), goodId),
      dnsNames: names("aB0.-*_ü"),
      uris: fc.oneof(
        names("urn:aA0 /%ü#"),
        names("aA0:._ -").map((parts) => parts.map((part) => `urn:${part}`)),
      ),
      serialNumber: fc.oneof(text("aZ0 '()+,-./:=?_ü"), fc.string()),
      validityDays: fc.oneof(fc.integer(), fc.double()),
    },
    { requiredKeys: ["id"] },
  );

  test("is found good or bad at first sight exactly where a close look finds it so", () => {
    fc.assert(
      fc.property(anyDevice, (row) => {
        const one: Device = { ...row, source: "m.csv:2" };
        const { id, serialNumber, validityDays } = one;
        const message = idProblem(id);
        const closely = [
          ...(message === undefined ? [] : [{ path: "id", message }]),
          ...checkAlternativeNames(one),
          ...(serialNumber === undefined
            ? []
            : checkSubject({ commonName: "a", serialNumber })),
          ...(validityDays === undefined
            ? []
            : checkValidityDays(validityDays)),
        ];
        expect(checkDevice(one)).toEqual(below("m.csv:2", closely));
      }),
      { numRuns: 5_000 },
    );
  });

  test("that is good allocates nothing", () => {
    expect(checkDevice(device("a"))).toBe(checkDevice(device("b")));
  });
});
