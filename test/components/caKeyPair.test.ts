import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { caKeyPair } from "../../components/caKeyPair";
import type { CaTexts } from "../../components/caKeyPair";
import { certificateAt, splitPem } from "../support/certificates";
import type { Party } from "../pki/support/authority";
import { KEYS, intermediate, issue, root } from "../pki/support/authority";

let oldRoot: Party;
let newRoot: Party;
let upper: Party;
let ca: Party;

beforeAll(async () => {
  oldRoot = await root({ subject: { commonName: "Old Root" } });
  newRoot = await root({ subject: { commonName: "New Root" } });
  upper = await intermediate(newRoot, {
    subject: { commonName: "Upper" },
    pathLength: 1,
  });
  ca = await intermediate(upper, { validityDays: 365 });
});

function pem(key: KeyObject, type: "pkcs8" | "sec1" = "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}

function join(...parties: readonly Party[]): string {
  return parties.map(({ certificatePem }) => certificatePem).join("");
}

function texts(overrides: Partial<CaTexts> = {}): CaTexts {
  return {
    certificatePem: ca.certificatePem,
    chainPem: join(ca, upper),
    trustAnchorsPem: join(oldRoot, newRoot),
    privateKeyPem: pem(ca.key),
    ...overrides,
  };
}

test("the chain ends with the one root it hangs from, whatever else is trusted", () => {
  const { chainToRootPem, privateKeyPem, problems } = caKeyPair(texts());
  expect(problems).toEqual([]);
  expect(
    splitPem(chainToRootPem).map((one) => certificateAt(one).subject),
  ).toEqual(
    [ca, upper, newRoot].map(
      ({ certificatePem }) => certificateAt(certificatePem).subject,
    ),
  );
  expect(privateKeyPem).toBe(pem(ca.key));
});

test("a key of another form becomes PKCS#8", () => {
  const { privateKeyPem, problems } = caKeyPair(
    texts({ privateKeyPem: pem(ca.key, "sec1") }),
  );
  expect(problems).toEqual([]);
  expect(privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(createPrivateKey(privateKeyPem).equals(ca.key)).toBe(true);
});

test.each(KEYS.map(({ name, key }) => [name, key] as const))(
  "a CA with a key of %s",
  async (_name, key) => {
    const other = await intermediate(newRoot, { key });
    expect(
      caKeyPair(
        texts({
          certificatePem: other.certificatePem,
          chainPem: other.certificatePem,
          privateKeyPem: pem(other.key),
        }),
      ).problems,
    ).toEqual([]);
  },
);

describe("is refused", () => {
  const rows: readonly [string, () => Promise<Partial<CaTexts>>, RegExp][] = [
    [
      "a root",
      () =>
        Promise.resolve({
          certificatePem: newRoot.certificatePem,
          chainPem: "",
          privateKeyPem: pem(newRoot.key),
        }),
      /^issuer: is a root, .* make an IntermediateCA/,
    ],
    [
      "a leaf",
      async () => {
        const leaf = await issue(upper);
        return {
          certificatePem: leaf.certificatePem,
          chainPem: join(leaf, upper),
          privateKeyPem: pem(leaf.key),
        };
      },
      /^issuer\.certificatePem: is no CA/,
    ],
    [
      "a chain with a gap",
      () => Promise.resolve({ chainPem: ca.certificatePem }),
      /^issuer\.chainPem: "CN=Test Issuing CA" is not signed by what stands above/,
    ],
    [
      "roots that are others",
      () => Promise.resolve({ trustAnchorsPem: oldRoot.certificatePem }),
      /^issuer\.chainPem: "CN=Upper" is not signed by what stands above/,
    ],
    [
      "a CA without its key",
      () => Promise.resolve({ privateKeyPem: "" }),
      /^issuer\.signer\.privateKeyPem: is not known here, .*existing\.privateKeyPem/,
    ],
    [
      "an encrypted key",
      () =>
        Promise.resolve({
          privateKeyPem: ca.key
            .export({
              type: "pkcs8",
              format: "pem",
              cipher: "aes-256-cbc",
              passphrase: "secret",
            })
            .toString(),
        }),
      /^issuer\.signer\.privateKeyPem: is encrypted, .*passphrase/,
    ],
    [
      "the key of another generation",
      () => Promise.resolve({ privateKeyPem: pem(upper.key) }),
      /^issuer\.signer\.privateKeyPem: is not the key of issuer\.certificatePem/,
    ],
    [
      "what is no key",
      () => Promise.resolve({ privateKeyPem: "key" }),
      /^issuer\.signer\.privateKeyPem: cannot be read/,
    ],
    [
      "what is no certificate",
      () => Promise.resolve({ certificatePem: "certificate" }),
      /^issuer\.certificatePem: is missing/,
    ],
  ];
  test.each(rows)("%s", async (_name, make, problem) => {
    const { problems, privateKeyPem, chainToRootPem } = caKeyPair(
      texts(await make()),
    );
    expect(problems).toEqual([expect.stringMatching(problem)]);
    if (problem.source.includes("signer")) {
      expect([privateKeyPem, chainToRootPem]).toEqual(["", ""]);
    }
  });
});
