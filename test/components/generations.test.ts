import type { GenerationArgs } from "../../components";
import { IntermediateCA, RootCA } from "../../components";
import { namedGenerations } from "../../components/namedGenerations";
import { Recorder, valueOf } from "./support/record";

jest.setTimeout(20_000);

const SUBJECT = { commonName: "Root" };
const NEXT = { commonName: "Root 2027" };

let recorder: Recorder;

beforeAll(async () => {
  recorder = await Recorder.install();
});

function children(name: string): string[] {
  return recorder.asked
    .filter(({ parent }) => parent === name)
    .map(({ name: child }) => child)
    .sort();
}

async function made(
  name: string,
  generations?: Record<string, GenerationArgs>,
): Promise<RootCA> {
  const root = new RootCA(name, {
    subject: SUBJECT,
    ...(generations !== undefined && { generations }),
  });
  await valueOf(root.activeGeneration);
  await valueOf(root.chainPem);
  return root;
}

const ORIGINAL = (name: string): string[] =>
  ["authority", "certificate", "key", "request"].map(
    (part) => `${name}-${part}`,
  );

describe("the names of a CA's resources", () => {
  test("a first generation that is named later keeps those it has", async () => {
    await made("unnamed");
    await made("named", { "2026a": { state: "active" } });
    expect(children("unnamed")).toEqual(ORIGINAL("unnamed"));
    expect(children("named")).toEqual(ORIGINAL("named"));
    const inputs = (name: string): unknown =>
      JSON.parse(
        JSON.stringify(recorder.get(`${name}-certificate`).inputs).replaceAll(
          name,
          "it",
        ),
      );
    expect(inputs("named")).toEqual(inputs("unnamed"));
  });

  test("a later one has its id in each of them", async () => {
    await made("two", {
      "2026a": { state: "active" },
      "2027a": { state: "staged", subject: NEXT },
    });
    expect(children("two")).toEqual(
      [
        ...ORIGINAL("two"),
        "two-2027a-certificate",
        "two-2027a-key",
        "two-2027a-request",
      ].sort(),
    );
    expect(recorder.get("two-2027a-certificate").inputs).toMatchObject({
      profile: "root",
      subject: NEXT,
      validityDays: 3650,
    });
  });

  test("the one that signs is protected, and no other, so that an update can retire it", async () => {
    await made("guarded", {
      "2026a": { state: "retiring" },
      "2027a": { state: "active", subject: NEXT, linkedBy: "2026a" },
      "2028a": { state: "staged", subject: { commonName: "Root 2028" } },
    });
    const isProtected = recorder.asked
      .filter(({ parent, protect }) => parent === "guarded" && protect)
      .map(({ name }) => name);
    expect(isProtected.sort()).toEqual([
      "guarded-2027a-certificate",
      "guarded-2027a-key",
      "guarded-2027a-request",
      "guarded-authority",
    ]);
  });

  test("a retired one has none any more, and stands in the ledger without a certificate", async () => {
    await made("gone", {
      "2026a": { state: "retired" },
      "2027a": { state: "active", subject: NEXT },
    });
    expect(children("gone")).toEqual(
      [
        "gone-2027a-certificate",
        "gone-2027a-key",
        "gone-2027a-request",
        "gone-authority",
      ].sort(),
    );
    expect(recorder.get("gone-authority").inputs.generations).toEqual({
      "2026a": { state: "retired" },
      "2027a": {
        state: "active",
        certificatePem: "gone-2027a-certificate.certificatePem",
      },
    });
  });
});

test("what is below is signed by the active generation, and knows all that are trusted", async () => {
  const root = await made("above", {
    "2026a": { state: "retiring" },
    "2027a": { state: "active", subject: NEXT },
  });
  const ca = new IntermediateCA("below", {
    issuer: root,
    subject: { commonName: "CA" },
  });
  await valueOf(ca.activeGeneration);
  expect(recorder.get("below-certificate").inputs.signer).toMatchObject({
    certificatePem: "above-2027a-certificate.certificatePem",
    trustAnchorsPem:
      "above-certificate.certificatePemabove-2027a-certificate.certificatePem",
    generations: [
      {
        authority: "above",
        id: "2026a",
        state: "retiring",
        certificatePem: "above-certificate.certificatePem",
      },
      {
        authority: "above",
        id: "2027a",
        state: "active",
        certificatePem: "above-2027a-certificate.certificatePem",
      },
    ],
  });
});

describe("a link by an older root", () => {
  test("is the active key certified by the old one, and ends every chain", async () => {
    const root = await made("linked", {
      "2026a": { state: "retiring" },
      "2027a": { state: "active", subject: NEXT, linkedBy: "2026a" },
    });
    expect(await valueOf(root.chainPem)).toBe(
      "linked-2027a-link.certificatePem",
    );
    expect(recorder.get("linked-2027a-link").inputs).toMatchObject({
      profile: "link",
      subject: NEXT,
      requestPem: "linked-2027a-request.certRequestPem",
      truncate: true,
      signer: {
        certificatePem: "linked-certificate.certificatePem",
        trustAnchorsPem: "linked-certificate.certificatePem",
      },
    });
  });

  test.each([
    ["while the linked one is staged", "active", "staged"],
    ["once the old one is retired", "retired", "active"],
  ])("there is none %s", async (_case, before, after) => {
    const name = `link-${before}`;
    const root = await made(name, {
      "2026a": { state: before },
      "2027a": { state: after, subject: NEXT, linkedBy: "2026a" },
    });
    expect(await valueOf(root.chainPem)).toBe("");
    expect(children(name)).not.toContain(`${name}-2027a-link`);
  });
});

describe("refused while the program runs", () => {
  const rows: readonly [string, Record<string, GenerationArgs>, string][] = [
    [
      "I1: none active",
      { a: { state: "staged" } },
      "it: generations: no generation is active, and exactly one must be (I1).",
    ],
    ["I1: none at all", {}, "it: generations: no generation is active"],
    [
      "I1: two active",
      { a: { state: "active" }, b: { state: "active", subject: NEXT } },
      'it: generations.b.state: is active beside "a"',
    ],
    [
      "I6: two under the CA's own subject",
      { a: { state: "active" }, b: { state: "staged" } },
      'it: generations.b.subject: is missing, and "a" has the CA\'s own',
    ],
    [
      "an id that is none",
      { "a b": { state: "active" } },
      "it: generations.a b: is no id",
    ],
    [
      "a link by nobody",
      {
        a: { state: "retiring" },
        b: { state: "active", subject: NEXT, linkedBy: "c" },
      },
      'it: generations.b.linkedBy: "c" is no other generation of this CA; write one of a.',
    ],
    [
      "a link by itself",
      {
        a: { state: "retiring" },
        b: { state: "active", subject: NEXT, linkedBy: "b" },
      },
      'it: generations.b.linkedBy: "b" is no other generation',
    ],
    [
      "a link to a CA made elsewhere, which left no request",
      {
        a: { state: "retiring" },
        b: {
          state: "active",
          existing: { certificatePem: "PEM" },
          linkedBy: "a",
        },
      },
      "it: generations.b.linkedBy: stands beside existing",
    ],
  ];

  test.each(rows)("%s", (_rule, generations, message) => {
    expect(() => namedGenerations("it", true, generations)).toThrow(message);
  });

  test("a link of an intermediate", () => {
    expect(() =>
      namedGenerations("it", false, {
        a: { state: "retiring" },
        b: { state: "active", subject: NEXT, linkedBy: "a" },
      }),
    ).toThrow("it: generations.b.linkedBy: is for root CAs");
  });

  test("not a retired one beside another under the CA's own subject", () => {
    const list = namedGenerations("it", true, {
      a: { state: "retired" },
      b: { state: "active" },
    });
    expect(list.map(({ resourceName }) => resourceName)).toEqual(["it", "it"]);
  });

  test("all mistakes at once", () => {
    expect(() =>
      namedGenerations("it", true, { "a b": { state: "staged" } }),
    ).toThrow(/is no id.*\n.*no generation is active/);
  });
});

describe("the signature scheme of a CA's keys", () => {
  const PSS = "RSASSA-PSS-SHA256";
  const RSA = { algorithm: "RSA" };
  const schemeOf = (certificate: string) =>
    (recorder.get(certificate).inputs.signer as Record<string, unknown>)
      .signatureScheme;

  test("is that of the CA, and not of a generation with another key; a link is signed as the older root signs", async () => {
    const root = new RootCA("schemes", {
      subject: SUBJECT,
      key: RSA,
      signatureScheme: PSS,
      generations: {
        "2026a": { state: "retiring" },
        "2027a": {
          state: "active",
          subject: NEXT,
          key: { algorithm: "ECDSA" },
          linkedBy: "2026a",
        },
        "2028a": { state: "staged", subject: { commonName: "Root 2028" } },
        "2029a": {
          state: "staged",
          subject: { commonName: "Root 2029" },
          key: { algorithm: "RSA", rsaBits: 4096 },
          signatureScheme: PSS,
        },
      },
    });
    await valueOf(root.chainPem);
    expect(schemeOf("schemes-certificate")).toBe(PSS);
    expect(schemeOf("schemes-2027a-certificate")).toBeUndefined();
    expect(schemeOf("schemes-2027a-link")).toBe(PSS);
    expect(schemeOf("schemes-2028a-certificate")).toBe(PSS);
    expect(schemeOf("schemes-2029a-certificate")).toBe(PSS);
    expect(root.signer).not.toHaveProperty("signatureScheme");
  });
});
