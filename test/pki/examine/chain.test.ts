import { examineBundle } from "../../../pki/examine/bundle";
import { examineChain } from "../../../pki/examine/chain";
import { isFatal } from "../../../pki/examine/finding";
import type { Party } from "../support/authority";
import { DEFAULT_NOW, intermediate, issue, root } from "../support/authority";

const DAY = 86_400_000;

describe("a chain of our own", () => {
  let authority: Party;
  let ca: Party;
  let server: Party;
  let device: Party;
  let stranger: Party;

  beforeAll(async () => {
    authority = await root({ pathLength: 1 });
    ca = await intermediate(authority);
    server = await issue(ca, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    device = await issue(ca);
    stranger = await root({
      subject: { commonName: "Stranger" },
      pathLength: 1,
    });
  });

  const pem = (...parties: readonly Party[]): string =>
    parties.map(({ certificatePem }) => certificatePem).join("");
  const codes = (
    text: string,
    options: Partial<Parameters<typeof examineChain>[1]> = {},
  ): string[] =>
    examineChain(text, { now: DEFAULT_NOW, ...options }).map(
      ({ code, subject }) => `${subject}: ${code}`,
    );

  test("is good, up to its root", () => {
    for (const leaf of [server, device]) {
      expect(codes(pem(leaf, ca), { trustAnchorsPem: pem(authority) })).toEqual(
        [],
      );
    }
  });

  test("may send its root; servers are told that they need not", () => {
    expect(codes(pem(server, ca, authority))).toEqual([
      "CN=Test Root CA: root-included",
    ]);
    expect(codes(pem(device, ca, authority))).toEqual([]);
  });

  test.each([
    {
      rule: "the wrong order",
      of: () => pem(ca, server),
      found: ["CN=Test Issuing CA: wrong-order"],
    },
    {
      rule: "a duplicate",
      of: () => pem(server, ca, ca),
      found: ["CN=Test Issuing CA: duplicate-certificate"],
    },
    {
      rule: "a gap",
      of: () => pem(server, authority),
      found: ["CN=Test Root CA: gap"],
    },
    {
      rule: "an unrelated CA",
      of: () => pem(server, ca, stranger),
      found: ["CN=Stranger: unrelated-certificate"],
    },
  ])("$rule is found, and ThingsBoard refuses it", ({ of, found }) => {
    const findings = examineChain(of(), { now: DEFAULT_NOW });
    expect(findings.map(({ code, subject }) => `${subject}: ${code}`)).toEqual(
      found,
    );
    expect(findings[0]?.fatalFor).toContain("ThingsBoard");
  });

  test("a chain that hangs from no trusted root is refused", () => {
    expect(codes(pem(server, ca), { trustAnchorsPem: pem(stranger) })).toEqual([
      "CN=Test Issuing CA: no-trust-anchor",
    ]);
  });

  test("an intermediate alone is no trust anchor to OpenSSL", () => {
    expect(
      examineChain(pem(server), {
        now: DEFAULT_NOW,
        trustAnchorsPem: pem(ca),
      }),
    ).toMatchObject([
      { code: "trust-anchor-is-no-root", fatalFor: ["OpenSSL", "Node.js"] },
    ]);
  });

  test("host names are compared with the alternative names", () => {
    expect(codes(pem(server, ca), { hostNames: ["mqtt.example.com"] })).toEqual(
      [],
    );
    expect(
      codes(pem(server, ca), { hostNames: ["other.example.com", "192.0.2.1"] }),
    ).toEqual([
      "CN=mqtt.example.com: host-name-not-covered",
      "CN=mqtt.example.com: host-name-not-covered",
    ]);
  });

  test("a device's certificate does not do for a server", () => {
    expect(
      examineChain(pem(device, ca), { now: DEFAULT_NOW, purpose: "server" })
        .filter(isFatal)
        .map(({ code }) => code),
    ).toEqual(["wrong-extended-key-usage", "no-alternative-names"]);
  });

  test("dates are told a month ahead, and after the end", () => {
    const at = (days: number): string[] =>
      codes(pem(server, ca), {
        now: new Date(DEFAULT_NOW.getTime() + days * DAY),
      });
    expect(at(59)).toEqual([]);
    expect(at(61)).toEqual(["CN=mqtt.example.com: expires-soon"]);
    expect(at(91)).toEqual(["CN=mqtt.example.com: expired"]);
    expect(at(-1)).toEqual([
      "CN=mqtt.example.com: not-yet-valid",
      "CN=Test Issuing CA: not-yet-valid",
    ]);
  });

  test("a path length that is too short is found", async () => {
    const shallow = await root({ pathLength: 0 });
    const below = await intermediate(shallow);
    const leaf = await issue(below);
    expect(codes(pem(leaf, below, shallow))).toEqual([
      "CN=Test Root CA: path-length-exceeded",
    ]);
  });

  test("a name that the CA's name constraints forbid is found", async () => {
    const narrow = await intermediate(authority, {
      nameConstraints: { permittedDnsNames: ["example.org"] },
    });
    const leaf = await issue(narrow, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    const [first] = examineChain(pem(leaf, narrow), { now: DEFAULT_NOW });
    expect(first).toMatchObject({ code: "name-not-permitted" });
    expect(first?.fatalFor).not.toContain("Mbed TLS");
  });

  test("no text, and no certificate, are findings", () => {
    expect(codes("")).toEqual([": no-certificate"]);
    expect(
      codes("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    ).toEqual(["certificate number 1: unreadable"]);
  });

  test("a bundle may hold roots in any order, but none twice", () => {
    const found = (text: string): string[] =>
      examineBundle(text, { now: DEFAULT_NOW }).map(({ code }) => code);
    expect(found(pem(stranger, authority))).toEqual([]);
    expect(found(pem(authority, stranger, authority))).toEqual([
      "duplicate-certificate",
    ]);
    expect(found(pem(ca))).toEqual(["trust-anchor-is-no-root"]);
    expect(
      examineBundle(pem(ca, authority), { now: DEFAULT_NOW }),
    ).toMatchObject([{ code: "trust-anchor-is-no-root", fatalFor: [] }]);
  });
});
