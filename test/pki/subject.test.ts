import fc from "fast-check";
import type { Subject } from "../../pki/subject";
import {
  checkSubject,
  encodeSubject,
  formatSubject,
  sameSubject,
} from "../../pki/subject";
import { issue } from "./support/authority";
import { readCertificate, readDer, readName } from "./support/der";
import { describeOpenSsl } from "./support/openssl";
import { anyText } from "./support/texts";

const UTF8_STRING = 12;
const PRINTABLE_STRING = 19;

const FULL: Subject = {
  serialNumber: "SN 1-2/3",
  commonName: "Zentrale, Gerät 7",
  organizationalUnit: "PKI",
  organization: "My IoT Cloud",
  locality: "Köln",
  province: "NRW",
  country: "DE",
};

/** OIDs of X.520 and RFC 4519 with the string types of RFC 5280 §4.1.2.4. */
const ENCODED = [
  ["2.5.4.6", PRINTABLE_STRING, "DE"],
  ["2.5.4.8", UTF8_STRING, "NRW"],
  ["2.5.4.7", UTF8_STRING, "Köln"],
  ["2.5.4.10", UTF8_STRING, "My IoT Cloud"],
  ["2.5.4.11", UTF8_STRING, "PKI"],
  ["2.5.4.3", UTF8_STRING, "Zentrale, Gerät 7"],
  ["2.5.4.5", PRINTABLE_STRING, "SN 1-2/3"],
] as const;

function attributes(subject: Subject): [string, number, string][] {
  const der = Buffer.from(encodeSubject(subject).toArrayBuffer());
  return readName(readDer(der)).map(({ oid, tag, text }) => [oid, tag, text]);
}

const goodSubject: fc.Arbitrary<Subject> = fc.record(
  {
    country: fc.constantFrom("DE", "AT", "CH", "US"),
    province: anyText(128),
    locality: anyText(128),
    organization: anyText(64),
    organizationalUnit: anyText(64),
    commonName: anyText(64),
    serialNumber: fc.stringMatching(/^[A-Za-z0-9'()+,\-./:=?]{1,64}$/),
  },
  { requiredKeys: ["commonName"] },
);

describe("encoding", () => {
  test("attributes stand in the order C, ST, L, O, OU, CN, serialNumber, country and serial number as PrintableString, all else as UTF8String", () => {
    expect(attributes(FULL)).toEqual(ENCODED);
  });

  test("an attribute left out is not written", () => {
    expect(attributes({ commonName: "x" })).toEqual([
      ["2.5.4.3", UTF8_STRING, "x"],
    ]);
  });

  test("every good subject comes out of the certificate as it went in, whatever characters it holds", async () => {
    const fields: readonly [keyof Subject, string][] = [
      ["country", "2.5.4.6"],
      ["province", "2.5.4.8"],
      ["locality", "2.5.4.7"],
      ["organization", "2.5.4.10"],
      ["organizationalUnit", "2.5.4.11"],
      ["commonName", "2.5.4.3"],
      ["serialNumber", "2.5.4.5"],
    ];
    await fc.assert(
      fc.asyncProperty(goodSubject, async (subject) => {
        expect(checkSubject(subject)).toEqual([]);
        const { certificatePem } = await issue(undefined, {
          profile: "root",
          subject,
        });
        const read = readCertificate(certificatePem);
        expect(
          readName(read.subject).map(({ oid, text }) => [oid, text]),
        ).toEqual(
          fields.flatMap(([field, oid]) =>
            subject[field] === undefined ? [] : [[oid, subject[field]]],
          ),
        );
        expect(read.issuer.content).toEqual(read.subject.content);
      }),
      { numRuns: 60 },
    );
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  test("reads the subject as it was written", async () => {
    const { certificatePem } = await issue(undefined, {
      profile: "root",
      subject: FULL,
    });
    const shown = openssl.run(
      ["x509", "-noout", "-subject", "-nameopt", "sep_comma_plus,utf8,sname"],
      certificatePem,
    );
    expect(shown.trim()).toBe(
      "subject=C=DE,ST=NRW,L=Köln,O=My IoT Cloud,OU=PKI,CN=Zentrale, Gerät 7,serialNumber=SN 1-2/3",
    );
  });
});

describe("refusals", () => {
  const rows: readonly {
    readonly rule: string;
    readonly subject: object;
    readonly path: string;
    readonly message: RegExp;
  }[] = [
    {
      rule: "an empty common name",
      subject: { commonName: "" },
      path: "commonName",
      message: /is empty; write 1 to 64/,
    },
    {
      rule: "a common name of blanks",
      subject: { commonName: "   " },
      path: "commonName",
      message: /is empty/,
    },
    {
      rule: "no common name",
      subject: { organization: "x" },
      path: "commonName",
      message: /undefined is empty/,
    },
    {
      rule: "a common name that is no text",
      subject: { commonName: 7 },
      path: "commonName",
      message: /7 is empty/,
    },
    {
      rule: "a common name of 65 characters",
      subject: { commonName: "x".repeat(65) },
      path: "commonName",
      message: /has 65 characters; X.509 allows 64/,
    },
    {
      rule: "a province of 129 characters",
      subject: { commonName: "x", province: "p".repeat(129) },
      path: "province",
      message: /has 129 characters; X.509 allows 128/,
    },
    {
      rule: "an empty organization",
      subject: { commonName: "x", organization: "" },
      path: "organization",
      message: /is empty/,
    },
    {
      rule: "a blank at an end",
      subject: { commonName: "x " },
      path: "commonName",
      message: /begins or ends with a blank/,
    },
    {
      rule: "a control character",
      subject: { commonName: "a\u0000b" },
      path: "commonName",
      message: /control character/,
    },
    {
      rule: "a country in small letters",
      subject: { commonName: "x", country: "de" },
      path: "country",
      message: /two capital letters/,
    },
    {
      rule: "a country of three letters",
      subject: { commonName: "x", country: "DEU" },
      path: "country",
      message: /has 3 characters/,
    },
    {
      rule: "a serial number that no PrintableString holds",
      subject: { commonName: "x", serialNumber: "SN_1" },
      path: "serialNumber",
      message: /PrintableString/,
    },
    {
      rule: "one value and a list of them",
      subject: { commonName: "x", organization: "A", organizations: ["B"] },
      path: "organizations",
      message:
        /stands beside organization; write all values into organizations/,
    },
    {
      rule: "a value twice in a list",
      subject: { commonName: "x", organizationalUnits: ["A", "B", "A"] },
      path: "organizationalUnits[2]",
      message: /"A" stands at organizationalUnits\[0\] already/,
    },
    {
      rule: "an empty value in a list",
      subject: { commonName: "x", organizations: ["A", ""] },
      path: "organizations[1]",
      message: /is empty; write 1 to 64 characters/,
    },
    {
      rule: "an e-mail address that is none",
      subject: { commonName: "x", emailAddress: "pki at example.com" },
      path: "emailAddress",
      message: /is no e-mail address/,
    },
    {
      rule: "half of a surrogate pair",
      subject: { commonName: "a\udc00" },
      path: "commonName",
      message: /control character/,
    },
    {
      rule: "an attribute nobody knows",
      subject: { commonName: "x", title: "Dr" },
      path: "title",
      message: /is no attribute of a subject; known are country/,
    },
  ];

  test.each(rows)("$rule", ({ subject, path, message }) => {
    expect(checkSubject(subject as unknown as Subject)).toEqual([
      { path, message: expect.stringMatching(message) as string },
    ]);
  });

  test("all of them at once", () => {
    const problems = checkSubject({
      country: "d",
      organization: "",
      commonName: "x".repeat(70),
    });
    expect(problems.map(({ path }) => path)).toEqual([
      "country",
      "organization",
      "commonName",
    ]);
  });

  test("64 characters count as 64 even where UTF-16 needs two units for each", () => {
    expect(checkSubject({ commonName: "😀".repeat(64) })).toEqual([]);
  });
});

describe("comparison and text", () => {
  test("the text for people has the order of the encoding", () => {
    expect(formatSubject(FULL)).toBe(
      "C=DE, ST=NRW, L=Köln, O=My IoT Cloud, OU=PKI, CN=Zentrale\\, Gerät 7, serialNumber=SN 1-2/3",
    );
  });

  test("two subjects that differ never read the same", () => {
    const tricky = fc.record(
      {
        organization: fc.stringMatching(/^[AB,=\\ OU]{1,8}$/),
        organizationalUnit: fc.stringMatching(/^[AB,=\\ OU]{1,8}$/),
        commonName: fc.constant("x"),
      },
      { requiredKeys: ["commonName"] },
    );
    fc.assert(
      fc.property(tricky, tricky, (one, other) => {
        fc.pre(!sameSubject(one, other));
        expect(formatSubject(one)).not.toBe(formatSubject(other));
      }),
      { numRuns: 500 },
    );
    expect(
      formatSubject({ organization: "A, OU=B", commonName: "x" }),
    ).not.toBe(
      formatSubject({
        organization: "A",
        organizationalUnit: "B",
        commonName: "x",
      }),
    );
  });

  test("two subjects are the same where every attribute is, whatever their order", () => {
    const { commonName, ...rest } = FULL;
    expect(sameSubject(FULL, { commonName, ...rest })).toBe(true);
  });

  test("each attribute makes two subjects differ", () => {
    for (const field of Object.keys(FULL) as (keyof Subject)[]) {
      expect(sameSubject(FULL, { ...FULL, [field]: "other" })).toBe(false);
    }
  });
});
