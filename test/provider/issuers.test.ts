import {
  activeIssuers,
  issuersOf,
  knownGenerations,
  withWholeChains,
} from "../../provider/liveCertificates";
import { subtle, x509 } from "../../pki/webcrypto";
import type { Party } from "../pki/support/authority";
import { intermediate, root } from "../pki/support/authority";

let top: Party;
let other: Party;
let ca: Party;

beforeAll(async () => {
  top = await root();
  other = await root({ subject: { commonName: "Other" } });
  ca = await intermediate(top);
});

function below(state = "active"): Parameters<typeof knownGenerations>[0] {
  const { certificatePem } = ca;
  return {
    certificatePem,
    chainPem: certificatePem,
    trustAnchorsPem: other.certificatePem + top.certificatePem,
    generations: [
      { authority: "ca", id: "1", state: "active", certificatePem },
      {
        authority: "root",
        id: "a",
        state,
        certificatePem: top.certificatePem,
      },
      {
        authority: "root",
        id: "b",
        state: state === "active" ? "staged" : "active",
        certificatePem: other.certificatePem,
      },
    ],
  };
}

describe("the keys above a certificate", () => {
  test("go up to the anchor and no further, whatever else is trusted", () => {
    expect(issuersOf(ca.subjectKeyIdentifier, below())).toEqual([
      ca.subjectKeyIdentifier,
      top.subjectKeyIdentifier,
    ]);
  });

  test("end with a link's key where that is an anchor already", () => {
    const signer = below();
    const linked = {
      ...signer,
      chainPem: ca.certificatePem + top.certificatePem,
    };
    expect(issuersOf(ca.subjectKeyIdentifier, linked)).toEqual([
      ca.subjectKeyIdentifier,
      top.subjectKeyIdentifier,
    ]);
  });

  test("are what rotation knows a CA by, also where its certificate calls them something else", async () => {
    const keys = await subtle.generateKey(
      { name: "ECDSA", namedCurve: "P-256" },
      true,
      ["sign", "verify"],
    );
    const own = "0102030405";
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: "CN=Made elsewhere",
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [
        new x509.BasicConstraintsExtension(true),
        new x509.SubjectKeyIdentifierExtension(own),
      ],
    });
    const certificatePem = `${certificate.toString("pem")}\n`;
    const signer = {
      certificatePem,
      trustAnchorsPem: certificatePem,
      generations: [
        { authority: "root", id: "1", state: "active", certificatePem },
      ],
    };
    const [known] = knownGenerations(signer);
    expect(known?.subjectKeyIdentifier).toMatch(/^[0-9a-f]{40}$/);
    expect(issuersOf(own, signer)).toEqual([known?.subjectKeyIdentifier]);
  });

  test("stay as they are where nothing above is known", () => {
    expect(issuersOf("aa", {})).toEqual(["aa"]);
    expect(issuersOf(undefined, below())).toEqual([]);
  });
});

describe("in a preview that does not know a certificate yet", () => {
  const generations = [
    { authority: "ca", id: "1", state: "active" },
    { authority: "ca", id: "2", state: "staged" },
  ];

  test("a generation is known by its key of before; a new one is left out", () => {
    const before = [
      { authority: "ca", id: "1", state: "active", subjectKeyIdentifier: "aa" },
    ];
    expect(knownGenerations({ generations }, before)).toEqual(before);
    expect(activeIssuers({ generations }, before)).toEqual(["aa"]);
  });

  test("no chain is foretold from what is not known", () => {
    expect(activeIssuers({ generations }, [])).toBeUndefined();
    expect(activeIssuers({}, [])).toBeUndefined();
  });
});

describe("what version 0.1 wrote down, the issuer only", () => {
  const entry = (issuers: readonly string[]) => ({
    name: "server",
    count: 1,
    issuers,
    expiresLast: "2027-01-01T00:00:00Z",
  });

  test.each(["active", "retiring", "compromised"])(
    "hangs from the root that was the only one, now %s",
    (state) => {
      const generations = knownGenerations(below(state));
      const [whole] = withWholeChains(
        [entry([ca.subjectKeyIdentifier])],
        generations,
      );
      expect(whole?.issuers).toEqual([
        ca.subjectKeyIdentifier,
        top.subjectKeyIdentifier,
      ]);
    },
  );

  test("stays as it is where it is whole, or nothing is known of the issuer", () => {
    const generations = knownGenerations(below());
    for (const issuers of [
      [ca.subjectKeyIdentifier, top.subjectKeyIdentifier],
      ["aa"],
    ]) {
      expect(withWholeChains([entry(issuers)], generations)).toEqual([
        entry(issuers),
      ]);
    }
  });
});
