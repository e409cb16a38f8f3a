import fc from "fast-check";
import type { Device } from "../../../../pki/batch/device";
import { ProblemList } from "../../../../pki/batch/manifest";
import { JsonDevices } from "../../../../pki/batch/manifest/jsonDevices";
import { compileTemplates } from "../../../../pki/batch/nameTemplates";
import { formatProblem } from "../../../../pki/problem";

const PATH = "devices/fleet.ndjson";
const TEMPLATES = compileTemplates({ subject: {}, uris: ["urn:x:{site}"] });
const HOW = 'write one device a line, such as {"id":"thermometer-1"}.';

/** Reads a text in blocks of so many bytes. */
function read(text: string, size = 1_000_000): [Device[], string[]] {
  const problems = new ProblemList();
  const reader = new JsonDevices(PATH, TEMPLATES, problems);
  const bytes = Buffer.from(text);
  const devices: Device[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    devices.push(...reader.read(bytes.subarray(at, at + size)));
  }
  devices.push(...reader.finish());
  return [devices, problems.shown().map(formatProblem)];
}

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text);
const names = fc.array(
  word.filter((text) => !text.includes(";")),
  { minLength: 1, maxLength: 3 },
);
const device = fc.record(
  {
    id: word,
    dnsNames: names,
    uris: names,
    serialNumber: word,
    validityDays: fc.integer({ min: 1, max: 36_500 }),
    site: word,
  },
  { requiredKeys: ["id"] },
);

test("what was written comes out, each with its line, wherever a block ends", () => {
  const line = fc.record({
    device,
    joined: fc.boolean(),
    blanks: fc.array(fc.constantFrom("\n", "\r\n", " \n"), { maxLength: 2 }),
    end: fc.constantFrom("\n", "\r\n"),
  });
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 60 }),
      (lines, size) => {
        let text = "";
        const expected = lines.map(({ blanks, joined, ...of }) => {
          const { site, ...rest } = of.device;
          text += blanks.join("");
          const source = `${PATH}:${text.split("\n").length}`;
          const lists = Object.entries(of.device).map(([name, value]) => [
            name,
            joined && Array.isArray(value) ? value.join(";") : value,
          ]);
          text += JSON.stringify(Object.fromEntries(lists)) + of.end;
          return {
            ...rest,
            ...(site !== undefined && { columns: { site } }),
            source,
          };
        });
        expect(read(text, size)).toEqual([expected, []]);
      },
    ),
    { numRuns: 300 },
  );
});

test("a last line without an end, null and empty texts are as good as any", () => {
  expect(
    read('{"id":"a","site":null,"serialNumber":"","dnsNames":[]}\n{"id":"b"}'),
  ).toEqual([
    [
      { id: "a", source: `${PATH}:1` },
      { id: "b", source: `${PATH}:2` },
    ],
    [],
  ]);
});

test.each([
  ['{"id":"b"', `${PATH}:2: is no JSON`],
  ["b,c", `${PATH}:2: is no JSON`],
  ["[1]", `${PATH}:2: [1] is no object; ${HOW}`],
  ["null", `${PATH}:2: null is no object; ${HOW}`],
  ["7", `${PATH}:2: 7 is no object; ${HOW}`],
  ["{}", `${PATH}:2.id: is missing; every device needs an id of its own.`],
  ['{"id":7}', `${PATH}:2.id: 7 is not a text; write a text.`],
  ['{"id":null}', `${PATH}:2.id: null is not a text; write a text.`],
  [
    '{"id":"b","serialNumber":7}',
    `${PATH}:2.serialNumber: 7 is not a text; write a text.`,
  ],
  [
    '{"id":"b","validityDays":"7"}',
    `${PATH}:2.validityDays: "7" is not a number of days; write a number of days.`,
  ],
  [
    '{"id":"b","dnsNames":[7]}',
    `${PATH}:2.dnsNames: [7] is not a list of texts; write a list of texts.`,
  ],
  [
    '{"id":"b","uris":{}}',
    `${PATH}:2.uris: {} is not a list of texts; write a list of texts.`,
  ],
  ['{"id":"b","site":7}', `${PATH}:2.site: 7 is not a text; write a text.`],
  [
    '{"id":"b","dnsName":"x"}',
    `${PATH}:2: "dnsName" is no known column and no template uses it; known are id, dnsNames, uris, serialNumber, validityDays, site.`,
  ],
  [
    '{"id":"b","sites":null}',
    `${PATH}:2: "sites" is no known column and no template uses it; known are id,`,
  ],
  [
    '{"id":"b","__proto__":"x"}',
    `${PATH}:2: "__proto__" is no known column and no template uses it`,
  ],
])("%s is refused by its line, and the rest is read", (line, message) => {
  const [devices, problems] = read(`{"id":"a"}\n${line}\n{"id":"c"}\n`);
  expect(devices.map(({ id }) => id)).toEqual(["a", "c"]);
  expect(problems).toEqual([expect.stringContaining(message)]);
});

test("no part of a broken line is told that may be a secret", () => {
  const [, problems] = read('{"id":"a","password":"hunter2\n');
  expect(problems.join("")).not.toContain("hunter2");
});

test("a line that does not end is refused before it fills the memory", () => {
  expect(() => read(`{"id":"a"}\n${"x".repeat(3_000_000)}`, 100_000)).toThrow(
    `${PATH}:2: has more than 1 MiB; write one device a line.`,
  );
});
