import fc from "fast-check";
import type { Extensions } from "../../pki/extensions";
import { checkExtensions } from "../../pki/extensions";
import { formatProblem } from "../../pki/problem";
import { DEFAULT_NOW, intermediate, issue, root } from "./support/authority";
import { child, readCertificate, readDer, readOid } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

const OID = {
  crlDistributionPoints: "2.5.29.31",
  policies: "2.5.29.32",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
};

/** UTF8String "hello". */
const HELLO = "DAVoZWxsbw==";

const FULL: Extensions = {
  crlDistributionPoints: [
    "http://pki.example.com/ca.crl",
    "ldap://pki.example.com/cn=CA?certificateRevocationList",
  ],
  ocspUrls: ["http://ocsp.example.com"],
  issuerUrls: ["http://pki.example.com/ca.cer"],
  policies: [
    { oid: "1.3.6.1.4.1.32473.1" },
    {
      oid: "1.3.6.1.4.1.32473.2",
      practiceStatementUrl: "https://pki.example.com/cps",
    },
  ],
  custom: [
    { oid: "1.3.6.1.4.1.32473.3", valueBase64: HELLO },
    { oid: "1.3.6.1.4.1.32473.4", critical: true, valueBase64: "BQA=" },
  ],
};

async function issued(extensions: Extensions): Promise<string> {
  return (await issue(undefined, { extensions })).certificatePem;
}

describe("what a certificate carries", () => {
  test("each extension in DER, critical only where asked", async () => {
    const { extensions } = readCertificate(await issued(FULL));
    const read = (oid: string): Buffer =>
      extensions.get(oid)?.value ?? Buffer.alloc(0);

    // DistributionPointName, fullName, uniformResourceIdentifier; one point a location.
    const points = readDer(read(OID.crlDistributionPoints)).children;
    expect(
      points.map((point) => {
        const name = child(child(child(point, 0), 0), 0);
        return [point.children.length, name.tag, name.content.toString()];
      }),
    ).toEqual(FULL.crlDistributionPoints?.map((url) => [1, 0x86, url]));

    const access = readDer(read(OID.authorityInfoAccess)).children;
    expect(
      access.map((description) => [
        readOid(child(description, 0)),
        child(description, 1).tag,
        child(description, 1).content.toString(),
      ]),
    ).toEqual([
      ["1.3.6.1.5.5.7.48.1", 0x86, "http://ocsp.example.com"],
      ["1.3.6.1.5.5.7.48.2", 0x86, "http://pki.example.com/ca.cer"],
    ]);

    const policies = readDer(read(OID.policies)).children;
    expect(policies.map((policy) => readOid(child(policy, 0)))).toEqual(
      FULL.policies?.map(({ oid }) => oid),
    );
    expect(policies.map((policy) => policy.children.length)).toEqual([1, 2]);

    expect(read("1.3.6.1.4.1.32473.3").toString("base64")).toBe(HELLO);
    const critical = [...extensions].flatMap(([oid, { critical: is }]) =>
      is ? [oid] : [],
    );
    expect(critical.sort()).toEqual([
      "1.3.6.1.4.1.32473.4",
      "2.5.29.15",
      "2.5.29.19",
    ]);
  });

  test("is nothing where nothing is asked for", async () => {
    const none = await issued({
      crlDistributionPoints: [],
      ocspUrls: [],
      issuerUrls: [],
      policies: [],
      custom: [],
    });
    const plain = await issued({});
    const oids = (pem: string): string[] => [
      ...readCertificate(pem).extensions.keys(),
    ];
    expect(oids(none)).toEqual(oids(plain));
  });

  test("every good location stands in the certificate as it was written", async () => {
    const url = fc
      .webUrl({ withQueryParameters: true, validSchemes: ["http"] })
      .filter((text) => /^[\x21-\x7e]+$/.test(text));
    await fc.assert(
      fc.asyncProperty(url, async (location) => {
        const extensions = { crlDistributionPoints: [location] };
        expect(checkExtensions(extensions)).toEqual([]);
        const value = readCertificate(await issued(extensions)).extensions.get(
          OID.crlDistributionPoints,
        )?.value;
        const point = child(readDer(value ?? Buffer.alloc(0)), 0);
        expect(
          child(child(child(point, 0), 0), 0).content.toString("latin1"),
        ).toBe(location);
      }),
      { numRuns: 40 },
    );
  });
});

describe("refusals", () => {
  const rows: readonly [string, Extensions, RegExp][] = [
    [
      "a location that is none",
      { crlDistributionPoints: ["http://a/1", "ca.crl"] },
      /^crlDistributionPoints\[1\]: "ca\.crl" is no URL/,
    ],
    [
      "a location without slashes",
      { ocspUrls: ["http:ocsp.example.com"] },
      /^ocspUrls\[0\]: .* is no URL/,
    ],
    [
      "a location that is not ASCII",
      { issuerUrls: ["http://exämple.com/ca.cer"] },
      /^issuerUrls\[0\]: .* is no URL/,
    ],
    [
      "a location that needs what it is to check",
      { issuerUrls: ["https://pki.example.com/ca.cer"] },
      /^issuerUrls\[0\]: .* is not fetched by any client .*RFC 5280 §8/,
    ],
    [
      "a file as a location",
      { crlDistributionPoints: ["file:///ca.crl"] },
      /^crlDistributionPoints\[0\]: .* is not fetched/,
    ],
    [
      "a policy without a number",
      { policies: [{ oid: "ours" }] },
      /^policies\[0\]\.oid: "ours" is no object identifier/,
    ],
    [
      "a practice statement on a disk",
      { policies: [{ oid: "1.2.3", practiceStatementUrl: "C:\\cps.pdf" }] },
      /^policies\[0\]\.practiceStatementUrl: .* is no URL/,
    ],
    [
      "a policy twice",
      { policies: [{ oid: "1.2.3" }, { oid: "1.2.3" }] },
      /^policies\[1\]\.oid: "1\.2\.3" stands at policies\[0\] already/,
    ],
    [
      "a custom extension twice",
      {
        custom: [
          { oid: "1.2.3", valueBase64: "BQA=" },
          { oid: "1.2.3", valueBase64: HELLO },
        ],
      },
      /^custom\[1\]\.oid: "1\.2\.3" stands at custom\[0\] already/,
    ],
    [
      "a value that is no base64",
      { custom: [{ oid: "1.2.3", valueBase64: "hello" }] },
      /^custom\[0\]\.valueBase64: "hello" is no DER in base64/,
    ],
    [
      "a value that is no DER",
      { custom: [{ oid: "1.2.3", valueBase64: "aGVsbG8=" }] },
      /^custom\[0\]\.valueBase64: .* is no DER in base64/,
    ],
    [
      "a value with something after it",
      { custom: [{ oid: "1.2.3", valueBase64: "BQAA" }] },
      /^custom\[0\]\.valueBase64: .* is no DER in base64/,
    ],
    [
      "no value",
      { custom: [{ oid: "1.2.3", valueBase64: "" }] },
      /^custom\[0\]\.valueBase64: "" is no DER in base64/,
    ],
  ];

  test.each(rows)("%s", (_what, extensions, message) => {
    expect(checkExtensions(extensions).map(formatProblem)).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });

  test.each([
    ["2.5.29.14", "follows from the key"],
    ["2.5.29.15", "write keyUsage"],
    ["2.5.29.17", "write dnsNames"],
    ["2.5.29.19", "pathLength"],
    ["2.5.29.30", "write nameConstraints"],
    ["2.5.29.31", "write crlDistributionPoints"],
    ["2.5.29.32", "write policies"],
    ["2.5.29.35", "follows from the issuer"],
    ["2.5.29.37", "write extendedKeyUsage"],
    ["1.3.6.1.5.5.7.1.1", "write ocspUrls or issuerUrls"],
  ])("%s, which has an argument of its own, by the back door", (oid, hint) => {
    const custom = [{ oid, valueBase64: "BQA=" }];
    expect(checkExtensions({ custom }).map(formatProblem)).toEqual([
      expect.stringMatching(
        new RegExp(`^custom\\[0\\]\\.oid: .* is not for this list: .*${hint}`),
      ) as string,
    ]);
  });

  test("all of them at once", () => {
    expect(
      checkExtensions({
        crlDistributionPoints: ["x"],
        policies: [{ oid: "x" }],
        custom: [{ oid: "2.5.29.15", valueBase64: "" }],
      }).map(({ path }) => path),
    ).toEqual([
      "crlDistributionPoints[0]",
      "policies[0].oid",
      "custom[0].oid",
      "custom[0].valueBase64",
    ]);
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  test("reads all of it by name", async () => {
    const text = openssl.run(["x509", "-noout", "-text"], await issued(FULL));
    expect(text).toMatch(
      /CRL Distribution Points:\s+Full Name:\s+URI:http:\/\/pki\.example\.com\/ca\.crl\s+Full Name:\s+URI:ldap:/,
    );
    expect(text).toMatch(
      /Authority Information Access:\s+OCSP - URI:http:\/\/ocsp\.example\.com\s+CA Issuers - URI:http:\/\/pki\.example\.com\/ca\.cer/,
    );
    expect(text).toMatch(
      /Certificate Policies:\s+Policy: 1\.3\.6\.1\.4\.1\.32473\.1\s+Policy: 1\.3\.6\.1\.4\.1\.32473\.2\s+CPS: https:\/\/pki\.example\.com\/cps/,
    );
    expect(text).toMatch(/1\.3\.6\.1\.4\.1\.32473\.3:\s+\.\.hello/);
    expect(text).toMatch(/1\.3\.6\.1\.4\.1\.32473\.4: critical/);
  });

  test("accepts a chain that carries all of it, but for a critical extension it does not know", async () => {
    const authority = await root();
    const { custom: _custom, ...known } = FULL;
    const ca = await intermediate(authority, { extensions: known });
    const leaf = await issue(ca, { extensions: known });
    const unknown = await issue(ca, { extensions: FULL });
    const refusal = (pem: string): string =>
      openssl.refusal({
        chain: [pem, ca.certificatePem],
        anchors: [authority.certificatePem],
        at: DEFAULT_NOW,
        args: ["-purpose", "sslclient"],
      });
    expect(refusal(leaf.certificatePem)).toBe("");
    expect(refusal(unknown.certificatePem)).toMatch(
      /unhandled critical extension/,
    );
  });
});
