import fc from "fast-check";
import type { Device } from "../../../pki/batch/device";
import {
  NO_TEMPLATES,
  compileTemplates,
  withoutTemplates,
} from "../../../pki/batch/nameTemplates";
import type { DeviceProfile } from "../../../pki/batch/plan";
import { deviceOrder } from "../../../pki/batch/plan";
import { InputError, formatProblem } from "../../../pki/problem";

const DEVICE: Device = {
  id: "a",
  serialNumber: "TH-1",
  columns: { site: "berlin", "Hardware Version": "2" },
  source: "m.csv:2",
};
const PROFILE: DeviceProfile = {
  subject: {
    organization: "My IoT Cloud",
    organizationalUnits: ["{site}", "Things"],
    locality: "{{{site}}",
  },
  dnsNames: ["{id}.{site}.example", "fleet.example"],
  uris: ["urn:device:{serialNumber}:{Hardware Version}"],
  key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
};

test("every placeholder is listed, and filled in", () => {
  const templates = compileTemplates(PROFILE);
  expect([...templates.columns]).toEqual(["site", "Hardware Version"]);
  expect(
    templates.uses.map(({ placeholder, path }) => [placeholder, path]),
  ).toEqual([
    ["id", "dnsNames[0]"],
    ["site", "dnsNames[0]"],
    ["serialNumber", "uris[0]"],
    ["Hardware Version", "uris[0]"],
    ["site", "subject.organizationalUnits[0]"],
    ["site", "subject.locality"],
  ]);
  expect(templates.expand(DEVICE)).toEqual({
    subject: {
      organization: "My IoT Cloud",
      organizationalUnits: ["berlin", "Things"],
      locality: "{berlin}",
    },
    dnsNames: ["a.berlin.example", "fleet.example"],
    uris: ["urn:device:TH-1:2"],
  });
});

test("any text without placeholders stays as it is, with each brace written twice", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = text.replaceAll("{", "{{");
      const templates = compileTemplates({
        subject: { organization: escaped },
        uris: [escaped],
      });
      const expansion = templates.expand(DEVICE);
      expect(templates.plain).toBe(true);
      expect(expansion.uris).toEqual([text]);
      expect(expansion.subject.organization).toBe(text);
    }),
  );
});

test("any value comes out between the texts around it", () => {
  const text = fc.string().filter((value) => !value.includes("{"));
  fc.assert(
    fc.property(text, text, fc.string({ minLength: 1 }), (one, two, site) => {
      const templates = compileTemplates({
        subject: {},
        uris: [`${one}{site}${two}`],
      });
      const device = { ...DEVICE, columns: { site } };
      expect(templates.expand(device).uris).toEqual([one + site + two]);
    }),
  );
});

test("a profile without placeholders costs nothing: all devices share one expansion", () => {
  const templates = compileTemplates({ subject: {}, dnsNames: ["a.example"] });
  expect(templates.plain).toBe(true);
  expect(templates.expand(DEVICE)).toBe(templates.expand({ ...DEVICE }));
  expect(templates.check(DEVICE)).toEqual([]);
  expect(NO_TEMPLATES.columns.size).toBe(0);
});

test("a profile is read once", () => {
  expect(compileTemplates(PROFILE)).toBe(compileTemplates(PROFILE));
});

test.each([
  ["{id", "opens a brace that is never closed"],
  ["{", "opens a brace that is never closed"],
  ["{}", 'holds "{}", which is no placeholder'],
  ["{ id}", 'holds "{ id}", which is no placeholder'],
  ["{a{b}}", 'holds "{a{b}", which is no placeholder'],
  ["{__proto__}", 'holds "{__proto__}", which is no placeholder'],
  ["{1}", 'holds "{1}", which is no placeholder'],
])("%s is refused", (text, message) => {
  const profile = {
    subject: { organizationalUnits: ["x", text] },
    dnsNames: [text],
  };
  expect(() => compileTemplates(profile)).toThrow(InputError);
  try {
    compileTemplates(profile);
  } catch (error) {
    const { problems } = error as InputError;
    expect(problems.map(({ path }) => path)).toEqual([
      "dnsNames[0]",
      "subject.organizationalUnits[1]",
    ]);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.message).toContain(
      'write placeholders as {id}, {serialNumber} or {column}, and "{{" for a brace.',
    );
  }
});

test.each<[string, Partial<Device>, string[]]>([
  ["all is well", {}, []],
  [
    "values are missing, each said once",
    { columns: {}, serialNumber: "" },
    [
      'm.csv:2.site: is empty, and dnsNames[0] "{id}.{site}.example" needs it; write a value.',
      'm.csv:2.serialNumber: is empty, and uris[0] "urn:device:{serialNumber}:{Hardware Version}" needs it; write a value.',
      'm.csv:2.Hardware Version: is empty, and uris[0] "urn:device:{serialNumber}:{Hardware Version}" needs it; write a value.',
    ],
  ],
  [
    "a value makes no host name",
    { columns: { site: "b_1", "Hardware Version": "2" } },
    [
      'm.csv:2.dnsNames[0]: "a.b_1.example" is no host name; write labels of A-Z a-z 0-9 and -, joined by dots, without scheme or port.',
    ],
  ],
  [
    "a value makes a list hold one text twice",
    { columns: { site: "Things", "Hardware Version": "2" } },
    [
      'm.csv:2.subject.organizationalUnits[1]: "Things" stands at organizationalUnits[0] already; leave one out.',
    ],
  ],
  [
    "a value makes a text too long for a subject",
    { columns: { site: `b.${"x".repeat(63)}`, "Hardware Version": "2" } },
    [
      expect.stringMatching(
        /^m\.csv:2\.subject\.organizationalUnits\[0\]: .* has 65 characters/,
      ) as string,
    ],
  ],
])("the check of a device says where %s", (_what, part, expected) => {
  const device = { ...DEVICE, ...part };
  const templates = compileTemplates(PROFILE);
  const found = templates.check(device).map(formatProblem);
  expect(found).toHaveLength(expected.length);
  expect(found).toEqual(expect.arrayContaining(expected));
});

describe("the order of a device", () => {
  test("has the names of its own row first, then the batch's that it lacks", () => {
    const device = {
      ...DEVICE,
      dnsNames: ["own.example", "Fleet.example"],
      uris: ["urn:own"],
    };
    expect(deviceOrder(device, PROFILE)).toMatchObject({
      subject: {
        commonName: "a",
        serialNumber: "TH-1",
        organizationalUnits: ["berlin", "Things"],
      },
      dnsNames: ["own.example", "Fleet.example", "a.berlin.example"],
      uris: ["urn:own", "urn:device:TH-1:2"],
    });
  });

  test("is refused where a value is missing, whoever forgot to check", () => {
    expect(() => deviceOrder({ ...DEVICE, columns: {} }, PROFILE)).toThrow(
      /^m\.csv:2\.site: is empty/,
    );
  });

  test("for no device in particular leaves out all that hangs on one, and what cannot be read", () => {
    const { subject, dnsNames, uris } = PROFILE;
    expect(
      withoutTemplates({ subject, dnsNames: dnsNames ?? [], uris: uris ?? [] }),
    ).toEqual({
      subject: {
        organization: "My IoT Cloud",
        organizationalUnits: ["Things"],
      },
      dnsNames: ["fleet.example"],
      uris: [],
    });
    expect(withoutTemplates({ subject: {}, uris: ["{"] }).uris).toEqual([]);
  });
});
