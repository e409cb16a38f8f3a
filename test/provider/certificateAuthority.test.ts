import { X509Certificate, createHash } from "node:crypto";
import { issueCertificate } from "../../pki/certificate";
import { DEFAULT_KEY, publicKeyDer } from "../../pki/key";
import type { Party } from "../pki/support/authority";
import { intermediate, order, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import type { Diff } from "./support/plugin";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const URN = urnOf("CertificateAuthority", "server-root-authority");
const NO_CHANGE: Diff = { changes: "none", replaces: [] };
const UPDATE: Diff = { changes: "some", replaces: [] };
const folder = scratchFolder();

let plugin: Plugin;
let first: Party;
let second: Party;
let now: Date;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  now = new Date();
  first = await root({ subject: { commonName: "Root 2026" } }, now);
  second = await root({ subject: { commonName: "Root 2027" } }, now);
});

afterAll(async () => {
  await plugin.stop();
});

function generations(states: Readonly<Record<string, string>>): Properties {
  const parties: Readonly<Record<string, Party>> = {
    "2026a": first,
    "2027a": second,
  };
  return {
    generations: Object.fromEntries(
      Object.entries(states).map(([id, state]) => [
        id,
        { state, certificatePem: parties[id]?.certificatePem },
      ]),
    ),
  };
}

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("the ledger of a root", () => {
  test("says which generation signs, what is to be trusted, and the hash of that", async () => {
    const inputs = generations({ "2027a": "staged", "2026a": "active" });
    expect(await plugin.check(URN, inputs)).toEqual([]);
    const { id, outs } = await plugin.create(URN, inputs);
    const bundle = first.certificatePem + second.certificatePem;
    expect(id).toBe("server-root-authority");
    expect(outs).toMatchObject({
      activeGeneration: "2026a",
      certificatePem: first.certificatePem,
      chainPem: "",
      trustAnchorsPem: bundle,
      bundleSha256: sha256(bundle),
    });
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  });

  test("writes down when each generation was published, and as what", async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { outs } = await plugin.create(
      URN,
      generations({ "2026a": "active" }),
    );
    const evidence = outs.evidence as Readonly<Record<string, Properties>>;
    const entry = evidence["2026a"] ?? {};
    const { raw, validTo } = new X509Certificate(first.certificatePem);
    expect(entry).toEqual({
      state: "active",
      firstPublished: expect.stringMatching(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
      ) as string,
      activeSince: entry.firstPublished,
      subject: "CN=Root 2026",
      fingerprintSha256: sha256(raw),
      subjectKeyIdentifier: first.subjectKeyIdentifier,
      notAfter: `${new Date(validTo).toISOString().slice(0, 19)}Z`,
    });
    const published = new Date(String(entry.firstPublished)).getTime();
    expect(published).toBeGreaterThanOrEqual(before);
    // Rounded up, so that no soak time is counted that has not passed.
    expect(published).toBeLessThan(Date.now() + 1000);
  });

  test("keeps the day a generation was first published through every later step", async () => {
    const { outs } = await plugin.create(
      URN,
      generations({ "2026a": "active" }),
    );
    const old = {
      ...outs,
      evidence: withPublished(outs.evidence, "2026a", "2020-05-03T00:00:00Z"),
    };
    const staged = generations({ "2026a": "active", "2027a": "staged" });
    expect(await plugin.diff(URN, old, staged)).toEqual(UPDATE);
    const afterStaging = await plugin.update(URN, old, staged);
    const promoted = {
      ...generations({ "2026a": "retiring", "2027a": "active" }),
      confirmedBundle: afterStaging.bundleSha256,
    };
    expect(await plugin.diff(URN, afterStaging, promoted)).toEqual(UPDATE);
    const afterPromotion = await plugin.update(URN, afterStaging, promoted);
    expect(publishedOf(afterPromotion, "2026a")).toBe("2020-05-03T00:00:00Z");
    expect(publishedOf(afterPromotion, "2027a")).toBe(
      publishedOf(afterStaging, "2027a"),
    );
    expect(afterPromotion).toMatchObject({
      activeGeneration: "2027a",
      certificatePem: second.certificatePem,
      // No device sees the promotion: both were trusted before and are after.
      bundleSha256: afterStaging.bundleSha256,
    });
  });

  test("no longer trusts a retired generation", async () => {
    const { outs } = await plugin.create(
      URN,
      generations({ "2026a": "retired", "2027a": "active" }),
    );
    expect(outs.trustAnchorsPem).toBe(second.certificatePem);
  });

  test("changes with a renewed certificate, and keeps the day it was first published", async () => {
    const inputs = generations({ "2026a": "active" });
    const { outs } = await plugin.create(URN, inputs);
    const old = {
      ...outs,
      evidence: withPublished(outs.evidence, "2026a", "2020-05-03T00:00:00Z"),
    };
    const { certificatePem } = await issueCertificate(
      order({
        profile: "root",
        subject: { commonName: "Root 2026" },
        validityDays: 3650,
      }),
      { publicKey: publicKeyDer(first.key), key: DEFAULT_KEY },
      { signingKey: first.signer.signingKey },
      now,
    );
    const renewed = {
      generations: { "2026a": { state: "active", certificatePem } },
    };
    expect(await plugin.diff(URN, old, renewed)).toEqual(UPDATE);
    const updated = await plugin.update(URN, old, renewed);
    expect(publishedOf(updated, "2026a")).toBe("2020-05-03T00:00:00Z");
    expect(updated.trustAnchorsPem).toBe(certificatePem);
  });
});

test("the ledger of an intermediate: chain without root, anchors of the root, nothing of its own among them", async () => {
  const upper = await intermediate(
    first,
    { pathLength: 1, subject: { commonName: "Upper" } },
    now,
  );
  const lower = await intermediate(upper, { validityDays: 100 }, now);
  const inputs = {
    generations: {
      "1": { state: "active", certificatePem: lower.certificatePem },
    },
    issuerChainPem: upper.certificatePem,
    rootTrustAnchorsPem: first.certificatePem,
  };
  const { outs } = await plugin.create(URN, inputs);
  expect(outs).toMatchObject({
    chainPem: lower.certificatePem + upper.certificatePem,
    trustAnchorsPem: first.certificatePem,
    bundleSha256: sha256(first.certificatePem),
  });
  expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  const moved = {
    ...inputs,
    rootTrustAnchorsPem: first.certificatePem + second.certificatePem,
  };
  expect(await plugin.diff(URN, outs, moved)).toEqual(UPDATE);
});

describe("refused at preview", () => {
  const rows: readonly [string, Properties, RegExp][] = [
    [
      "I1: two active",
      {
        a: { state: "active", certificatePem: UNKNOWN },
        b: { state: "active", certificatePem: UNKNOWN },
      },
      /\(I1\)/,
    ],
    [
      "I1: none active",
      { a: { state: "staged", certificatePem: UNKNOWN } },
      /\(I1\)/,
    ],
    ["I1: none at all", {}, /\(I1\)/],
    [
      "a state nobody knows, with a certificate that is still to come",
      { a: { state: "activ", certificatePem: UNKNOWN } },
      /^generations\.a\.state: "activ" is no state/,
    ],
    [
      "a member nobody knows",
      { a: { state: "active", certificatePem: UNKNOWN, key: "x" } },
      /^generations\.a\.key: is no known argument/,
    ],
    [
      "no certificate",
      { a: { state: "active" } },
      /^generations\.a\.certificatePem: is missing; only a generation that is retired/,
    ],
    [
      "no certificate in the text",
      { a: { state: "active", certificatePem: "root.pem" } },
      /^generations\.a\.certificatePem: /,
    ],
  ];

  test.each(rows)("%s", async (_rule, list, reason) => {
    const failures = await plugin.check(URN, { generations: list });
    expect(failures.some((text) => reason.test(text))).toBe(true);
  });

  test("not what is simply not known yet", async () => {
    const lists: readonly unknown[] = [
      UNKNOWN,
      { a: UNKNOWN },
      { a: { state: UNKNOWN, certificatePem: UNKNOWN } },
      { a: { state: "active", certificatePem: UNKNOWN }, b: UNKNOWN },
      { a: { state: "staged", certificatePem: UNKNOWN }, b: UNKNOWN },
      {
        a: { state: "staged", certificatePem: UNKNOWN },
        b: { state: UNKNOWN, certificatePem: UNKNOWN },
      },
    ];
    for (const list of lists) {
      expect(await plugin.check(URN, { generations: list })).toEqual([]);
    }
  });

  test("not a renewal of the certificate: a change is planned", async () => {
    const { outs } = await plugin.create(
      URN,
      generations({ "2026a": "active" }),
    );
    const coming = {
      generations: { "2026a": { state: "active", certificatePem: UNKNOWN } },
    };
    expect(
      await plugin.check(URN, coming, generations({ "2026a": "active" })),
    ).toEqual([]);
    expect(await plugin.diff(URN, outs, coming)).toEqual(UPDATE);
  });
});

test("no foreign clock dates the evidence, unless the stack allows it", async () => {
  const past = await Plugin.start({ cwd: folder, now: "2020-01-01T00:00:00Z" });
  try {
    const inputs = generations({ "2026a": "active" });
    expect(await past.refusal(past.create(URN, inputs))).toMatch(
      /^MQTT_PKI_NOW: "2020-01-01T00:00:00Z" is for previews/,
    );
    const { outs } = await past.create(URN, {
      ...inputs,
      allowClockOverride: true,
    });
    expect(publishedOf(outs, "2026a")).toBe("2020-01-01T00:00:00Z");
    // What is published already needs no clock.
    const update = await past.update(URN, outs, inputs);
    expect(publishedOf(update, "2026a")).toBe("2020-01-01T00:00:00Z");
  } finally {
    await past.stop();
  }
});

function withPublished(
  evidence: unknown,
  id: string,
  firstPublished: string,
): Properties {
  const entries = evidence as Readonly<Record<string, Properties>>;
  return { ...entries, [id]: { ...entries[id], firstPublished } };
}

function publishedOf(outs: Properties, id: string): unknown {
  const entries = outs.evidence as Readonly<Record<string, Properties>>;
  return entries[id]?.firstPublished;
}
