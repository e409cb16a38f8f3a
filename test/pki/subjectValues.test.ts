import fc from "fast-check";
import type { Subject } from "../../pki/subject";
import {
  checkSubject,
  encodeSubject,
  equivalentSubjects,
  formatSubject,
  readSubject,
  sameSubject,
  subjectValues,
} from "../../pki/subject";
import { x509 } from "../../pki/webcrypto";
import { issue } from "./support/authority";
import { readDer, readName } from "./support/der";
import { describeOpenSsl } from "./support/openssl";
import { anyText } from "./support/texts";

const UTF8_STRING = 12;
const PRINTABLE_STRING = 19;
const IA5_STRING = 22;

function attributes(subject: Subject): [string, number, string][] {
  const der = Buffer.from(encodeSubject(subject).toArrayBuffer());
  return readName(readDer(der)).map(({ oid, tag, text }) => [oid, tag, text]);
}

describe("several values, and an e-mail address", () => {
  const MANY: Subject = {
    country: "DE",
    organizations: ["My IoT Cloud", "Its Parent"],
    organizationalUnits: ["One", "Two", "Three"],
    commonName: "Device CA",
    emailAddress: "pki@example.com",
  };

  test("each value is an attribute of its own, in their order; the address is an IA5String", () => {
    expect(checkSubject(MANY)).toEqual([]);
    expect(attributes(MANY)).toEqual([
      ["2.5.4.6", PRINTABLE_STRING, "DE"],
      ["2.5.4.10", UTF8_STRING, "My IoT Cloud"],
      ["2.5.4.10", UTF8_STRING, "Its Parent"],
      ["2.5.4.11", UTF8_STRING, "One"],
      ["2.5.4.11", UTF8_STRING, "Two"],
      ["2.5.4.11", UTF8_STRING, "Three"],
      ["2.5.4.3", UTF8_STRING, "Device CA"],
      ["1.2.840.113549.1.9.1", IA5_STRING, "pki@example.com"],
    ]);
    expect(formatSubject(MANY)).toBe(
      "C=DE, O=My IoT Cloud, O=Its Parent, OU=One, OU=Two, OU=Three, CN=Device CA, emailAddress=pki@example.com",
    );
  });

  test("a list of one is the same name as the value alone, and no other one", () => {
    const one: Subject = { organization: "A", commonName: "x" };
    expect(sameSubject(one, { organizations: ["A"], commonName: "x" })).toBe(
      true,
    );
    expect(
      sameSubject(one, { organizations: ["A", "B"], commonName: "x" }),
    ).toBe(false);
    expect(
      equivalentSubjects(MANY, {
        ...MANY,
        organizationalUnits: ["ONE", " two ", "three"],
      }),
    ).toBe(true);
    expect(
      equivalentSubjects(MANY, {
        ...MANY,
        organizationalUnits: ["Two", "One", "Three"],
      }),
    ).toBe(false);
  });

  test("what is written is read back equal, whatever characters it holds", () => {
    const list = fc.uniqueArray(anyText(64), { minLength: 1, maxLength: 3 });
    const subject = fc.record(
      {
        country: fc.constantFrom("DE", "US"),
        province: anyText(128),
        locality: anyText(128),
        organizations: list,
        organizationalUnits: list,
        commonName: anyText(64),
        emailAddress: fc.constantFrom("a@b", "first.last+x@example.com"),
        serialNumber: fc.stringMatching(/^[A-Za-z0-9'()+,\-./:=?]{1,64}$/),
      },
      { requiredKeys: ["commonName"] },
    );
    fc.assert(
      fc.property(subject, (wanted) => {
        expect(checkSubject(wanted)).toEqual([]);
        const read = readSubject(encodeSubject(wanted));
        expect(sameSubject(read, wanted)).toBe(true);
        // Octets, too: a name that is read and written again is the same name to every client.
        expect(encodeSubject(read).toArrayBuffer()).toEqual(
          encodeSubject(wanted).toArrayBuffer(),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("any text at all survives, or is refused", () => {
    // Halves of surrogate pairs among them, which are no characters.
    const text = fc.string({ unit: "binary", maxLength: 70 });
    const half = fc
      .tuple(text, fc.integer({ min: 0xd800, max: 0xdfff }), text)
      .map(([before, unit, after]) =>
        [before, String.fromCharCode(unit), after].join(""),
      );
    let survived = 0;
    fc.assert(
      fc.property(fc.oneof(text, half), (organization) => {
        const wanted = { organization, commonName: "x" };
        if (checkSubject(wanted).length === 0) {
          survived += 1;
          const der = Buffer.from(encodeSubject(wanted).toArrayBuffer());
          expect(readName(readDer(der))[0]?.text).toBe(organization);
        }
      }),
      { numRuns: 2000 },
    );
    expect(survived).toBeGreaterThan(100);
    expect(checkSubject({ commonName: "a\ud800b" })).toHaveLength(1);
  });

  test("the values of an attribute are found by its name, however they were written", () => {
    expect(subjectValues(MANY, "organization")).toEqual([
      "My IoT Cloud",
      "Its Parent",
    ]);
    expect(
      subjectValues({ organization: "A", commonName: "x" }, "organization"),
    ).toEqual(["A"]);
    expect(subjectValues({ commonName: "x" }, "emailAddress")).toEqual([]);
    expect(subjectValues(MANY, "toString")).toEqual([]);
  });

  describeOpenSsl("OpenSSL", (openssl) => {
    test("reads every value in its order", async () => {
      const { certificatePem } = await issue(undefined, {
        profile: "root",
        subject: MANY,
      });
      const shown = openssl.run(
        ["x509", "-noout", "-subject", "-nameopt", "sep_comma_plus,utf8,sname"],
        certificatePem,
      );
      expect(shown.trim()).toBe(
        "subject=C=DE,O=My IoT Cloud,O=Its Parent,OU=One,OU=Two,OU=Three,CN=Device CA,emailAddress=pki@example.com",
      );
    });

    test("writes names that are read: attributes in other string types, several in one set, and kinds unknown here", () => {
      const config = openssl.file(
        "names.cnf",
        "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=nombstr\n[dn]\nC=DE\nO=Old Tools\n0.OU=One\n1.OU=Two\nCN=Jürgen\n+GN=Given\nemailAddress=a@example.com\n",
      );
      const pem = openssl.run([
        ..."req -x509 -newkey rsa:2048 -nodes -utf8 -keyout".split(" "),
        ...[openssl.path("names.key"), "-config", config],
      ]);
      expect(readSubject(new x509.X509Certificate(pem).subjectName)).toEqual({
        country: "DE",
        organization: "Old Tools",
        organizationalUnits: ["One", "Two"],
        commonName: "Jürgen",
        emailAddress: "a@example.com",
      });
    });
  });
});
