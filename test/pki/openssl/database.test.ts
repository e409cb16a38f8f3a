import {
  array,
  assert,
  constantFrom,
  oneof,
  property,
  string,
  tuple,
} from "fast-check";
import {
  canonicalHex,
  commonNameOf,
  looksLikeDatabase,
  parseDatabase,
  parseNumberFile,
  parseTime,
} from "../../../pki/openssl/database";

const VALID = "V\t271120214640Z\t\t1000\tunknown\t/C=PL/O=My IoT/CN=pump-1";
const REVOKED =
  "R\t271120214640Z\t261121012345Z,keyCompromise\t0A01\tunknown\t/CN=pump-2";

describe("a line", () => {
  test("of a valid certificate", () => {
    expect(parseDatabase(`${VALID}\n`)).toEqual({
      entries: [
        {
          line: 1,
          status: "valid",
          notAfter: new Date("2027-11-20T21:46:40Z"),
          serialNumber: "1000",
          file: "unknown",
          subject: "/C=PL/O=My IoT/CN=pump-1",
        },
      ],
      malformed: [],
    });
  });

  test("of a revoked one, with its reason", () => {
    expect(parseDatabase(REVOKED).entries[0]).toMatchObject({
      status: "revoked",
      serialNumber: "a01",
      revocation: {
        at: new Date("2026-11-21T01:23:45Z"),
        reason: "keyCompromise",
      },
    });
  });

  test("of a revoked one without a reason, and of one whose key was known since a time", () => {
    const revocation = (text: string): unknown =>
      parseDatabase(`R\t271120214640Z\t${text}\t01\tunknown\t/CN=a`).entries[0]
        ?.revocation;
    expect(revocation("261121012345Z")).toEqual({
      at: new Date("2026-11-21T01:23:45Z"),
    });
    expect(revocation("261121012345Z,keyTime,20261101000000Z")).toEqual({
      at: new Date("2026-11-21T01:23:45Z"),
      reason: "keyTime",
      detail: "20261101000000Z",
    });
  });

  test("with a tab in the subject, behind a backslash", () => {
    expect(
      parseDatabase("V\t271120214640Z\t\t01\tunknown\t/CN=a\\\tb").entries[0]
        ?.subject,
    ).toBe("/CN=a\tb");
  });

  test("after 2049 has a year of four digits", () => {
    expect(
      parseDatabase("E\t20511120214640Z\t\t01\tunknown\t/CN=a").entries[0],
    ).toMatchObject({
      status: "expired",
      notAfter: new Date("2051-11-20T21:46:40Z"),
    });
  });

  test.each([
    ["V\t271120214640Z\t\t1000", "has 4 fields"],
    ["X\t271120214640Z\t\t1000\tunknown\t/CN=a", '"X" is no status'],
    ["V\t271320214640Z\t\t1000\tunknown\t/CN=a", '"271320214640Z" is no time'],
    ["V\t270230214640Z\t\t1000\tunknown\t/CN=a", '"270230214640Z" is no time'],
    ["V\t271120214640Z\t\txyz\tunknown\t/CN=a", '"xyz" is no serial number'],
    ["R\t271120214640Z\t\t1000\tunknown\t/CN=a", "does not say when"],
    [
      "V\t271120214640Z\t261121012345Z\t1000\tunknown\t/CN=a",
      "says when it was revoked, and has status V",
    ],
    [
      "R\t271120214640Z\t261121012345Z,stolen\t1000\tunknown\t/CN=a",
      '"stolen" is no reason',
    ],
    [
      "R\t271120214640Z\tyesterday\t1000\tunknown\t/CN=a",
      '"yesterday" is no time of a revocation',
    ],
  ])("that is none is reported by its number: %j", (line, says) => {
    const { entries, malformed } = parseDatabase(
      `# kept by hand\n\n${line}\r\n${VALID}`,
    );
    expect(entries.map(({ serialNumber }) => serialNumber)).toEqual(["1000"]);
    expect(malformed).toEqual([
      { line: 3, message: expect.stringContaining(says) as string },
    ]);
  });
});

test("a database is known by what is in it", () => {
  expect(looksLikeDatabase(`${VALID}\n`)).toBe(true);
  expect(looksLikeDatabase(`# by hand\n${REVOKED}\n`)).toBe(true);
  expect(looksLikeDatabase("unique_subject = yes\n")).toBe(false);
});

test("common names: with a slash, beyond ASCII, and none at all", () => {
  expect(commonNameOf("/C=DE/CN=hall/pump-1/emailAddress=a@example.com")).toBe(
    "hall/pump-1",
  );
  expect(commonNameOf("/CN=K\\xC3\\xBChlung")).toBe("Kühlung");
  expect(commonNameOf("/C=DE/O=My IoT")).toBeUndefined();
});

test("numbers in files of their own", () => {
  expect(parseNumberFile("1002\n")).toBe("1002");
  expect(parseNumberFile("00AF\r\n")).toBe("af");
  expect(parseNumberFile("")).toBeUndefined();
  expect(parseNumberFile("1000\n1001\n")).toBeUndefined();
});

describe("properties", () => {
  test("any text is read without a crash, and every line is an entry, malformed, or empty", () => {
    const piece = constantFrom(
      "V",
      "R",
      "E",
      "\t",
      "\n",
      "\\",
      "271120214640Z",
      ",keyCompromise",
      "1000",
      "/CN=a",
      "#",
    );
    const text = array(
      oneof({ weight: 4, arbitrary: piece }, string({ maxLength: 5 })),
      {
        maxLength: 60,
      },
    ).map((parts) => parts.join(""));
    assert(
      property(text, (content) => {
        const { entries, malformed } = parseDatabase(content);
        const lines = content
          .split(/\r?\n/)
          .filter((line) => line !== "" && !line.startsWith("#"));
        expect(entries.length + malformed.length).toBe(lines.length);
        commonNameOf(content);
        looksLikeDatabase(content);
        parseNumberFile(content);
      }),
      { numRuns: 2000 },
    );
  });

  test("what is written as OpenSSL writes it comes back", () => {
    assert(
      property(
        tuple(constantFrom("V", "E"), string({ unit: "grapheme-ascii" })),
        ([letter, subject]) => {
          const line = `${letter}\t271120214640Z\t\t0F\tunknown\t${subject.replaceAll("\\", "")}`;
          expect(parseDatabase(line).entries[0]?.subject).toBe(
            subject.replaceAll("\\", ""),
          );
        },
      ),
    );
  });

  test("times are real ones or none", () => {
    assert(
      property(
        string({ unit: constantFrom("0", "1", "2", "9", "Z") }),
        (text) => {
          const time = parseTime(text);
          expect(time === undefined || !Number.isNaN(time.getTime())).toBe(
            true,
          );
        },
      ),
    );
    expect(canonicalHex("000")).toBe("0");
  });
});
