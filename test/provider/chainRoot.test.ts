import { issueCertificate } from "../../pki/certificate";
import { DEFAULT_KEY, publicKeyDer } from "../../pki/key";
import { rootOfChain } from "../../provider/chainRoot";
import type { Party } from "../pki/support/authority";
import { intermediate, order, root } from "../pki/support/authority";

let old: Party;
let young: Party;
let ca: Party;
let both: string;

beforeAll(async () => {
  old = await root({ subject: { commonName: "Root 2026" } });
  young = await root({ subject: { commonName: "Root 2027" } });
  ca = await intermediate(old);
  both = young.certificatePem + old.certificatePem;
});

test("of a bundle with two roots, a chain gets the one it ends below", () => {
  const { certificatePem } = ca;
  expect(
    rootOfChain({
      certificatePem,
      chainPem: certificatePem,
      trustAnchorsPem: both,
    }),
  ).toBe(old.certificatePem);
});

test("below a root, it is that root", () => {
  expect(
    rootOfChain({
      certificatePem: young.certificatePem,
      chainPem: "",
      trustAnchorsPem: both,
    }),
  ).toBe(young.certificatePem);
});

test("a chain with a link ends below the root that signed the link", async () => {
  const link = await issueCertificate(
    order({ profile: "link", subject: { commonName: "Root 2027" } }),
    { publicKey: publicKeyDer(young.key), key: DEFAULT_KEY },
    old.signer,
    new Date("2026-11-20T12:00:00Z"),
  );
  expect(
    rootOfChain({
      certificatePem: young.certificatePem,
      chainPem: link.certificatePem,
      trustAnchorsPem: both,
    }),
  ).toBe(old.certificatePem);
});

test("a preview that makes another root finds it among the generations", () => {
  const { certificatePem } = ca;
  expect(
    rootOfChain({
      certificatePem,
      chainPem: certificatePem,
      generations: [
        { authority: "ca", id: "1", state: "active", certificatePem },
        {
          authority: "root",
          id: "2026a",
          state: "active",
          certificatePem: old.certificatePem,
        },
        { authority: "root", id: "2027a", state: "staged" },
      ],
    }),
  ).toBe(old.certificatePem);
});

test("where none can be told to be the one, it is all of them", () => {
  expect(
    rootOfChain({
      certificatePem: ca.certificatePem,
      trustAnchorsPem: young.certificatePem,
    }),
  ).toBe(young.certificatePem);
  expect(rootOfChain({ trustAnchorsPem: both })).toBe(both);
});
