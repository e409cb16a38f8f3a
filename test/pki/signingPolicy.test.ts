import fc from "fast-check";
import { formatProblem } from "../../pki/problem";
import type { SigningPolicy } from "../../pki/signingPolicy";
import { checkSigningPolicy, policyViolations } from "../../pki/signingPolicy";
import type { Subject } from "../../pki/subject";
import { SUBJECT_ATTRIBUTES } from "../../pki/subject";
import { describeOpenSsl } from "./support/openssl";

const ISSUER: Subject = {
  country: "DE",
  organization: "My IoT Cloud",
  organizationalUnits: ["One", "Two"],
  commonName: "Device CA",
};

const POLICY: SigningPolicy = {
  country: "optional",
  organization: "match",
  organizationalUnit: "optional",
  commonName: "supplied",
};

function said(subject: Subject, policy: SigningPolicy = POLICY): string[] {
  return policyViolations(subject, ISSUER, policy).map(formatProblem);
}

describe("a subject", () => {
  const rows: readonly [string, Subject, SigningPolicy, string[]][] = [
    [
      "with all that is asked",
      { organization: "My IoT Cloud", commonName: "a" },
      POLICY,
      [],
    ],
    [
      "whose match differs by case and blanks, which names do not count",
      { organization: "MY  iot cloud", commonName: "a" },
      POLICY,
      [],
    ],
    [
      "of another organization",
      { organization: "Other", commonName: "a" },
      POLICY,
      [
        'organization: "Other" is not the issuer\'s; its signing policy wants "My IoT Cloud".',
      ],
    ],
    [
      "without the organization",
      { commonName: "a" },
      POLICY,
      ['organization: is missing; its signing policy wants "My IoT Cloud".'],
    ],
    [
      "with the organization and one more",
      { organizations: ["My IoT Cloud", "Other"], commonName: "a" },
      POLICY,
      [
        'organization: "My IoT Cloud", "Other" is not the issuer\'s; its signing policy wants "My IoT Cloud".',
      ],
    ],
    [
      "with an attribute that has no rule",
      { organization: "My IoT Cloud", commonName: "a", locality: "Köln" },
      POLICY,
      [
        'locality: "Köln" is not allowed: the issuer\'s signing policy has no rule for it; leave it out, or add it to the policy as "optional".',
      ],
    ],
    [
      "that lacks what must be supplied",
      { commonName: "a" },
      { commonName: "supplied", serialNumber: "supplied" },
      [
        "serialNumber: is missing; the issuer's signing policy wants it supplied.",
      ],
    ],
    [
      "below a CA that lacks what must match",
      { commonName: "a", province: "NRW" },
      { commonName: "supplied", province: "match" },
      [
        "province: cannot match: the issuer's signing policy wants the issuer's own value, and the issuer has none; change the policy.",
      ],
    ],
    [
      "with several values, all of them the issuer's",
      { commonName: "a", organizationalUnits: ["One", "Two"] },
      { commonName: "supplied", organizationalUnit: "match" },
      [],
    ],
    [
      "with the issuer's values in another order",
      { commonName: "a", organizationalUnits: ["Two", "One"] },
      { commonName: "supplied", organizationalUnit: "match" },
      [
        'organizationalUnit: "Two", "One" is not the issuer\'s; its signing policy wants "One", "Two".',
      ],
    ],
    [
      "below a policy that says nothing",
      { commonName: "a" },
      {},
      [
        'commonName: "a" is not allowed: the issuer\'s signing policy has no rule for it; leave it out, or add it to the policy as "optional".',
      ],
    ],
  ];

  test.each(rows)("%s", (_what, subject, policy, messages) => {
    expect(said(subject, policy)).toEqual(messages);
  });

  test("breaks nothing where all is optional, and everything it has where there are no rules", () => {
    const text = fc.stringMatching(/^[a-z]{1,5}$/);
    const subject = fc.record(
      {
        country: fc.constantFrom("DE", "US"),
        locality: text,
        organization: text,
        organizationalUnits: fc.array(text, { minLength: 1, maxLength: 3 }),
        commonName: text,
        serialNumber: text,
      },
      { requiredKeys: ["commonName"] },
    );
    const free = Object.fromEntries(
      SUBJECT_ATTRIBUTES.map((attribute) => [attribute, "optional"]),
    );
    fc.assert(
      fc.property(subject, (some) => {
        expect(said(some, free)).toEqual([]);
        expect(said(some, {})).toHaveLength(Object.keys(some).length);
        const same = Object.fromEntries(
          SUBJECT_ATTRIBUTES.map((attribute) => [attribute, "match"]),
        );
        const missing = SUBJECT_ATTRIBUTES.length - Object.keys(some).length;
        expect(policyViolations(some, some, same)).toHaveLength(missing);
      }),
    );
  });
});

describe("a policy", () => {
  test.each([
    ["that is good", POLICY, []],
    [
      "with an attribute nobody knows",
      { countryName: "optional" },
      [/^countryName: is no attribute of a subject; known are country, /],
    ],
    [
      "with an attribute every object has",
      { toString: "optional" },
      [/^toString: is no attribute/],
    ],
    [
      "with a rule nobody knows",
      { country: "required" },
      [/^country: "required" is no rule; write "match", "supplied"/],
    ],
    [
      "with a list where the attribute is meant",
      { organizations: "match" },
      [/^organizations: is no attribute/],
    ],
  ])("%s", (_what, policy, messages) => {
    expect(checkSigningPolicy(policy).map(formatProblem)).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });
});

describeOpenSsl("OpenSSL's own `ca`", (openssl) => {
  /** The subject of what `openssl ca` signs under a policy; `undefined` where it refuses. */
  function signed(
    subject: string,
    policy: readonly string[],
  ): string | undefined {
    const at = (name: string): string => openssl.path(name);
    openssl.file("index.txt", "");
    openssl.file("serial", "1000\n");
    const config = openssl.file(
      "policy.cnf",
      [
        "[ca]\ndefault_ca=own\n[own]",
        `database=${at("index.txt")}\nserial=${at("serial")}`,
        `new_certs_dir=${at("")}\ncertificate=${at("ca.pem")}`,
        `private_key=${at("ca.key")}\ndefault_md=sha256\ndefault_days=10`,
        `policy=policy\n[policy]\n${policy.join("\n")}`,
        "[req]\ndistinguished_name=dn\n[dn]\n",
      ].join("\n"),
    );
    const create = "req -newkey rsa:2048 -nodes -config".split(" ");
    openssl.run([
      ...create,
      ...[config, "-x509", "-subj", "/C=DE/O=My IoT Cloud/CN=Device CA"],
      ...["-keyout", at("ca.key"), "-out", at("ca.pem")],
    ]);
    openssl.run([
      ...create,
      ...[config, "-subj", subject],
      ...["-keyout", at("leaf.key"), "-out", at("leaf.csr")],
    ]);
    const result = openssl.try(
      ["ca", "-batch", "-notext", "-config", config, "-in"].concat(
        at("leaf.csr"),
      ),
    );
    return result.status === 0
      ? openssl.run(["x509", "-noout", "-subject"], result.stdout).trim()
      : undefined;
  }

  test.each([
    ["/C=DE/O=My IoT Cloud/CN=a", true],
    ["/O=Other/CN=a", false],
    ["/CN=a", false],
    ["/O=My IoT Cloud", false],
  ])("signs %s: %p, as we do", (name, expected) => {
    const part = (type: string): string | undefined =>
      new RegExp(`/${type}=([^/]+)`).exec(name)?.[1];
    const [country, organization] = [part("C"), part("O")];
    const ours = policyViolations(
      {
        ...(country !== undefined && { country }),
        ...(organization !== undefined && { organization }),
        ...({ commonName: part("CN") } as { commonName: string }),
      },
      ISSUER,
      POLICY,
    );
    expect(ours.length === 0).toBe(expected);
    expect(
      signed(name, [
        "countryName=optional",
        "organizationName=match",
        "commonName=supplied",
      ]) !== undefined,
    ).toBe(expected);
  });

  test("drops an attribute without a rule in silence, which we refuse", () => {
    const policy = ["organizationName=match", "commonName=supplied"];
    expect(signed("/O=My IoT Cloud/L=Koeln/CN=a", policy)).toBe(
      "subject=O = My IoT Cloud, CN = a",
    );
    expect(
      said({
        organization: "My IoT Cloud",
        locality: "Koeln",
        commonName: "a",
      }),
    ).toHaveLength(1);
  });
});
