import { AsnConvert } from "@peculiar/asn1-schema";
import { AuthorityKeyIdentifier, GeneralName, Name } from "@peculiar/asn1-x509";
import { newSerialNumber } from "../../pki/certificate";
import { formatProblem } from "../../pki/problem";
import { x509 } from "../../pki/webcrypto";
import { checkCertificateForm } from "../../rotation/generationCertificates";
import { readChange } from "../../rotation/ledger";
import { checkStillTrusted } from "../../rotation/liveCertificates";
import { RULES } from "../../rotation/refusal";
import { root } from "../pki/support/authority";
import { caExtensions, craft } from "../pki/support/craft";
import { LIVE, ROWS, SOAK, TWO, known, never } from "./invariantRows";
import { NOW, code, inDays, ledger } from "./ledgers";

describe("every invariant", () => {
  test("has a row", () => {
    // I13 is for the engine to keep, by `protect`: test/e2e/rotation/protected.test.ts.
    expect([...new Set(ROWS.map(({ rule }) => rule)), "I13"]).toEqual([
      ...RULES,
    ]);
  });

  test.each(ROWS)("$rule refuses: $title", async ({ rule, refused, says }) => {
    const problems = await refused();
    expect(problems.map(formatProblem)).toEqual(
      expect.arrayContaining([expect.stringMatching(says)]),
    );
    for (const problem of problems) {
      // What other folders check are problems without a rule of their own.
      expect("rule" in problem ? problem.rule : rule).toBe(
        "rule" in problem && problem.rule === "I2" ? "I2" : rule,
      );
    }
  });

  test.each(ROWS)(
    "$rule allows what comes nearest: $title",
    async ({ allowed }) => {
      expect((await allowed()).map(formatProblem)).toEqual([]);
    },
  );

  test("I7: an issuer named by its serial number is refused", async () => {
    const { subjectName } = (await root()).signer.certificate;
    const identifier = AsnConvert.serialize(
      new AuthorityKeyIdentifier({
        authorityCertIssuer: [
          new GeneralName({
            directoryName: AsnConvert.parse(subjectName.toArrayBuffer(), Name),
          }),
        ],
        authorityCertSerialNumber: new Uint8Array([0x42]).buffer,
      }),
    );
    const { certificatePem } = await craft({
      subject: [{ CN: ["CA"] }],
      extensions: [
        ...caExtensions(),
        new x509.SubjectKeyIdentifierExtension("42"),
        new x509.Extension("2.5.29.35", false, identifier),
      ],
      // Neither of the two that a certificate made here always has.
      subjectKeyIdentifier: "",
    });
    expect(
      checkCertificateForm(certificatePem, "pem").map(formatProblem),
    ).toEqual([
      expect.stringMatching(
        /^pem: names its issuer by issuer and serial number.*\(I7\)/,
      ),
    ]);
  });

  test("serial numbers do not repeat (I6)", () => {
    const serials = Array.from({ length: 10_000 }, newSerialNumber);
    expect(new Set(serials).size).toBe(serials.length);
  });

  test("a refusal that time lifts says when, and is lifted then", () => {
    const live = checkStillTrusted(
      LIVE,
      known({ a: "retired", b: "active" }),
      NOW,
    )[0]?.allowedFrom;
    expect(live).toEqual(inDays(90 + 1 / 86_400));
    const evidence = ledger(TWO, { published: -1 });
    const after = code({ a: "retiring", b: "active" });
    const [refusal] = readChange(evidence, after, SOAK, NOW).refusals;
    const from = refusal?.allowedFrom ?? never();
    expect(from).toEqual(inDays(6));
    expect(readChange(evidence, after, SOAK, from).refusals).toEqual([]);
  });
});
