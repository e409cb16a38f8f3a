import { generateKeyPairSync } from "node:crypto";
import {
  checkAgainstCertificate,
  readAuthorityKeyIdentifier,
  readIssuer,
  readPathLength,
} from "../../pki/authority";
import type { CertificateOrder } from "../../pki/order";
import { InputError, formatProblem } from "../../pki/problem";
import type { Party } from "./support/authority";
import { intermediate, issue, order, root } from "./support/authority";
import { craft, leafExtensions } from "./support/craft";

describe("once the issuer is there", () => {
  let issuer: Party;
  beforeAll(async () => {
    const authority = await root({
      nameConstraints: {
        permittedDnsNames: ["example"],
        permittedIpRanges: ["10.0.0.0/8"],
      },
    });
    issuer = await intermediate(authority, {
      validityDays: 100,
      pathLength: 0,
      nameConstraints: { permittedDnsNames: ["example"] },
    });
  });

  const rows: readonly [string, Partial<CertificateOrder>, string, RegExp[]][] =
    [
      [
        "as long as it lives",
        { validityDays: 100 },
        "2026-11-20T12:00:00Z",
        [],
      ],
      [
        "a day longer",
        { validityDays: 101 },
        "2026-11-20T12:00:00Z",
        [
          /^validityDays: 101 days would outlive the issuer, which ends on 2027-02-28T12:00:00Z \(I5\); write 100 at most, renew the issuer first, or set truncate: true\.$/,
        ],
      ],
      [
        "a second later",
        { validityDays: 100 },
        "2026-11-20T12:00:01Z",
        [/^validityDays: .*write 99 at most/],
      ],
      [
        "longer, cut",
        { validityDays: 1000, truncate: true },
        "2026-11-20T12:00:00Z",
        [],
      ],
      ["on its last day", { validityDays: 1 }, "2027-02-27T12:00:00Z", []],
      [
        "on its last day, cut",
        { validityDays: 90, truncate: true },
        "2027-02-27T13:00:00Z",
        [/^issuer: "CN=Test Issuing CA" ended on|^issuer: .*renew it first/],
      ],
      [
        "after its end",
        { validityDays: 1, truncate: true },
        "2027-03-01T00:00:00Z",
        [
          /^issuer: "CN=Test Issuing CA" ended on 2027-02-28T12:00:00Z; renew it first\.$/,
        ],
      ],
      [
        "a CA below it",
        { profile: "intermediate", subject: { commonName: "Sub" } },
        "2026-11-20T12:00:00Z",
        [/^issuer: .*leaves no room for this CA \(I8\)/],
      ],
      [
        "a name outside its constraints",
        { dnsNames: ["a.net"] },
        "2026-11-20T12:00:00Z",
        [/^dnsNames\[0\]: "a\.net" is outside/],
      ],
      [
        "a common name alone, which is in no DNS name's place",
        { dnsNames: [] },
        "2026-11-20T12:00:00Z",
        [
          /^subject\.commonName: "thermometer-1" would be all the names.*Java and wolfSSL.*below example, or issue/,
        ],
      ],
      [
        "a common name beside a URI",
        { dnsNames: [], uris: ["urn:uuid:1"] },
        "2026-11-20T12:00:00Z",
        [],
      ],
      [
        "a name within them",
        { dnsNames: ["a.example"] },
        "2026-11-20T12:00:00Z",
        [],
      ],
    ];

  test.each(rows)("%s", (_rule, wanted, at, messages) => {
    const problems = checkAgainstCertificate(
      order({ dnsNames: ["thermometer.example"], ...wanted }),
      issuer.signer.certificate,
      new Date(at),
    );
    expect(problems.map(formatProblem)).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });

  test("its facts are read from its certificate", async () => {
    expect(readPathLength(issuer.signer.certificate)).toBe(0);
    expect(readPathLength((await root()).signer.certificate)).toBeUndefined();
    const leaf = await issue(issuer);
    expect(readAuthorityKeyIdentifier(leaf.certificatePem)).toBe(
      issuer.subjectKeyIdentifier,
    );
    expect(readAuthorityKeyIdentifier("words")).toBeUndefined();
  });
});

describe("what is no issuer", () => {
  function refusal(pem: string): string {
    try {
      readIssuer(pem, "signer.certificatePem");
    } catch (error) {
      if (error instanceof InputError) {
        return error.message;
      }
      throw error;
    }
    throw new Error("it was not refused");
  }

  test("a leaf", async () => {
    const { certificatePem } = await issue(await root());
    expect(refusal(certificatePem)).toBe(
      'signer.certificatePem: "CN=thermometer-1" is no CA (basicConstraints CA:TRUE is missing); issue from a RootCA or an IntermediateCA.',
    );
  });

  test("a certificate without basicConstraints", async () => {
    const { certificatePem } = await craft({
      subject: [{ CN: ["Old"] }],
      extensions: leafExtensions().slice(1),
    });
    expect(refusal(certificatePem)).toMatch(/is no CA/);
  });

  test("a damaged certificate", async () => {
    const { certificatePem } = await root();
    const lines = certificatePem.split("\n");
    const damaged = [lines[0], "AAAA", ...lines.slice(2)].join("\n");
    expect(refusal(damaged)).toBe(
      "signer.certificatePem: is no readable X.509 certificate.",
    );
  });

  test("a private key, of which the message holds nothing", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (const form of ["pkcs8", "sec1"] as const) {
      const pem = privateKey.export({ type: form, format: "pem" }).toString();
      const body = pem.replace(/-----[^-]+-----|\s/g, "");
      for (const given of [pem, body]) {
        const message = refusal(given);
        expect(message).toMatch(/holds no PEM certificate/);
        expect(message).not.toContain(body.slice(0, 8));
      }
    }
  });
});
