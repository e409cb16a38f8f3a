import fc from "fast-check";
import type { Device } from "../../../../pki/batch/device";
import { parseManifest } from "../../../../pki/batch/manifest";
import { ProblemList } from "../../../../pki/batch/manifest";
import { CsvDevices } from "../../../../pki/batch/manifest/csvDevices";
import {
  NO_TEMPLATES,
  compileTemplates,
} from "../../../../pki/batch/nameTemplates";
import { InputError } from "../../../../pki/problem";

const PATH = "devices/fleet.csv";
const COLUMNS = [
  "id",
  "dnsNames",
  "uris",
  "serialNumber",
  "validityDays",
] as const;

function problemsOf(text: string): string[] {
  try {
    parseManifest(text, PATH);
  } catch (error) {
    if (error instanceof InputError) {
      return error.message.split("\n");
    }
    throw error;
  }
  throw new Error("the manifest was not refused");
}

/** A field as RFC 4180 writes it. */
function field(text: string, quoted: boolean): string {
  return quoted || /[",\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}

/** Texts with everything that CSV must quote; blanks at the ends are cut by design. */
const fieldText = fc
  .string({
    unit: fc.constantFrom("a", "Ü", '"', ",", "'", " ", "\r\n", "/", "é"),
    maxLength: 12,
  })
  .filter((text) => text.trim() === text);
const listPart = fieldText.filter((text) => text !== "" && !text.includes(";"));

const device = fc.record(
  {
    id: fieldText.filter((text) => text !== ""),
    dnsNames: fc.array(listPart, { minLength: 1, maxLength: 3 }),
    uris: fc.array(listPart, { minLength: 1, maxLength: 3 }),
    serialNumber: fieldText.filter((text) => text !== ""),
    validityDays: fc.integer({ min: 1, max: 36_500 }),
  },
  { requiredKeys: ["id"] },
);

describe("what was written comes out", () => {
  test("whatever the columns' order, quotes, line ends and byte order mark", () => {
    const form = fc.record({
      columns: fc.shuffledSubarray([...COLUMNS], { minLength: 5 }),
      lineEnd: fc.constantFrom("\n", "\r\n"),
      mark: fc.constantFrom("", "\uFEFF"),
      last: fc.boolean(),
      quoted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(device, { maxLength: 6 }), form, (devices, how) => {
        const rows = devices.map((row) =>
          how.columns
            .map((column) => {
              const value = row[column];
              const text = Array.isArray(value)
                ? value.join(";")
                : String(value ?? "");
              return field(text, how.quoted);
            })
            .join(","),
        );
        const text =
          how.mark +
          [how.columns.join(","), ...rows].join(how.lineEnd) +
          (how.last ? how.lineEnd : "");
        const read = parseManifest(text, PATH);
        expect(read.map(({ source, ...row }) => row)).toEqual(devices);
      }),
      { numRuns: 300 },
    );
  });

  test("each with its own line, whatever stands before it and wherever a block ends", () => {
    const text = fc
      .string({
        unit: fc.constantFrom("a", '"', ",", "\n", "\r", "\r\n", "ü", "😀"),
        maxLength: 8,
      })
      .filter((value) => value.trim() === value);
    const row = fc.record({
      blanks: fc.array(fc.constantFrom("\n", "\r\n", " \n"), { maxLength: 3 }),
      id: text.filter((value) => value !== ""),
      serialNumber: text,
      end: fc.constantFrom("\n", "\r\n"),
      quoted: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (rows, sizes) => {
          let csv = "id,serialNumber\n";
          const expected = rows.map(({ blanks, id, serialNumber, ...row }) => {
            csv += blanks.join("");
            csv += `${field(id, row.quoted)},${field(serialNumber, row.quoted)}`;
            const line = csv.split(/\r\n|\n|\r/).length;
            csv += row.end;
            return {
              id,
              ...(serialNumber !== "" && { serialNumber }),
              source: `${PATH}:${line}`,
            };
          });
          const problems = new ProblemList();
          const reader = new CsvDevices(PATH, NO_TEMPLATES, problems);
          const bytes = Buffer.from(csv);
          const read: Device[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            read.push(...reader.read(bytes.subarray(at, at + size)));
            at += size;
          }
          expect([...read, ...reader.finish()]).toEqual(expected);
          expect(problems.shown()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("free columns that templates use, and no others", () => {
    const templates = compileTemplates({
      subject: { organizationalUnit: "{site}" },
      uris: ["urn:x:{line}"],
    });
    expect(
      parseManifest("id,site,line\na, berlin ,7\nb,,8\n", PATH, templates),
    ).toEqual([
      { id: "a", columns: { site: "berlin", line: "7" }, source: `${PATH}:2` },
      { id: "b", columns: { line: "8" }, source: `${PATH}:3` },
    ]);
    expect(() => parseManifest("id,site,lines\n", PATH, templates)).toThrow(
      new InputError([
        {
          path: `${PATH}:1`,
          message: `"lines" is no known column and no template uses it; known are ${COLUMNS.join(", ")}, line, site.`,
        },
        {
          path: `${PATH}:1`,
          message: `names no column "line", which uris[0] "urn:x:{line}" needs; add it.`,
        },
      ]),
    );
  });

  test("each device with the line on which its row ends", () => {
    const text = 'id,uris\n\na,\n"b",\n\nc,urn:c\n';
    expect(parseManifest(text, PATH).map(({ source }) => source)).toEqual([
      `${PATH}:3`,
      `${PATH}:4`,
      `${PATH}:6`,
    ]);
  });

  test("also where one line ends with CRLF and another with LF, as two editors leave it", () => {
    const ids = (text: string): string[] =>
      parseManifest(text, PATH).map(({ id }) => id);
    expect(ids("id,uris\r\na,\nb,\r\nc,")).toEqual(["a", "b", "c"]);
    expect(ids("id,uris\na,\r\nb,\nc,")).toEqual(["a", "b", "c"]);
    expect(ids("id\r\na\nb\n")).toEqual(["a", "b"]);
  });

  test("a header alone is a fleet without devices", () => {
    expect(parseManifest("id\n", PATH)).toEqual([]);
  });

  test("blanks around values and empty parts of lists are cut", () => {
    const [read] = parseManifest(
      " id , dnsNames ,uris\n a , x.de ; ; y.de ,;\n",
      PATH,
    );
    expect(read).toEqual<Device>({
      id: "a",
      dnsNames: ["x.de", "y.de"],
      source: `${PATH}:2`,
    });
  });

  test("an empty field is as good as none", () => {
    expect(parseManifest("id,serialNumber,validityDays\na,,\n", PATH)).toEqual([
      { id: "a", source: `${PATH}:2` },
    ]);
  });
});

describe("refused", () => {
  test("every row with too many or too few fields, each by its line", () => {
    expect(problemsOf("id,uris\na,\nb\n\nc,,\nd,urn:d\ne,f,g\n")).toEqual([
      `${PATH}:3: has 1 fields where the header names 2: "b".`,
      `${PATH}:5: has 3 fields where the header names 2: "c,,".`,
      `${PATH}:7: has 3 fields where the header names 2: "e,f,g".`,
    ]);
  });

  test("every column that is unknown or stands there twice", () => {
    expect(problemsOf("id,name,id,validity\na,b,c,d\n")).toEqual([
      `${PATH}:1: "name" is no known column and no template uses it; known are ${COLUMNS.join(", ")}.`,
      `${PATH}:1: column "id" stands there twice; leave one out.`,
      `${PATH}:1: "validity" is no known column and no template uses it; known are ${COLUMNS.join(", ")}.`,
    ]);
  });

  test.each([
    ["no id column", "uris\nurn:a\n", /:1: names no column "id"/],
    [
      "no header",
      "thermometer-1\nthermometer-2\n",
      /:1: "thermometer-1" is no known column/,
    ],
    [
      "a header after blank lines",
      "\n\nname\n",
      /:3: "name" is no known column/,
    ],
    [
      "semicolons for commas",
      "id;uris\na;urn:a\n",
      /:1: "id;uris" is no known column/,
    ],
    [
      "nothing",
      "",
      /^devices\/fleet\.csv: is empty; the first line names the columns: id,/,
    ],
    ["blank lines", "\n\n", /^devices\/fleet\.csv: is empty/],
    ["UTF-16", `\uFFFD\uFFFDi\u0000d\u0000\n`, /is no known column/],
  ])("%s", (_rule, text, message) => {
    expect(problemsOf(text)[0]).toMatch(message);
  });

  test.each([
    ["a quote that is never closed", 'id\na\n"b\n'],
    ["text after a closing quote", 'id\na\n"b"c\n'],
    ["a quote within a bare field", 'id\na\nb"c\n'],
  ])("%s, by its line", (_rule, text) => {
    const [problem] = problemsOf(text);
    expect(problem).toMatch(
      /^devices\/fleet\.csv:[34]: is no well-formed CSV: /,
    );
  });

  test("a quote that is never closed, however long the rest is, by the line on which it begins", () => {
    const rest = "b,c\n".repeat(300_000);
    expect(problemsOf(`id\n"x\r\ny"\n"open\n${rest}`)).toEqual([
      `${PATH}:4: has a row of more than 1 MiB; most likely a quote that begins here is never closed.`,
    ]);
    expect(problemsOf('id\n\n"open\nb\n')).toEqual([
      `${PATH}:3: is no well-formed CSV: Quote Not Closed: the parsing is finished with an opening quote.`,
    ]);
  });

  test.each(["abc", "0x10", "1e2", "9O", "12.5", "-1", "+5", "٣"])(
    "a validity of %p, by its line, with what stands there",
    (days) => {
      const text = `id,validityDays\na,90\nb,${days}\n`;
      expect(problemsOf(text)).toEqual([
        `${PATH}:3.validityDays: ${JSON.stringify(days)} is no validity; write a whole number of days, 1 at least.`,
      ]);
    },
  );
});
