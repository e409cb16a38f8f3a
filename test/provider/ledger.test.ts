import type { Party } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { certificateAt } from "../support/certificates";
import { Ledger, threeRoots } from "./support/ledger";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const DAY_1 = "2026-12-01T00:00:00Z";
const DAY_2 = "2026-12-02T00:00:00Z";
const DAY_8 = "2026-12-08T23:59:59Z";
const DAY_9 = "2026-12-09T00:00:00Z";
const folder = scratchFolder();

jest.setTimeout(60_000);

let parties: Record<string, Party>;

beforeAll(async () => {
  parties = await threeRoots(new Date("2026-11-20T00:00:00Z"));
});

function ledger(): Ledger {
  return new Ledger(folder, parties);
}

/** One root active since the first day. */
async function created(): Promise<Ledger> {
  const made = ledger();
  return made.create(DAY_1, made.inputs({ "2026a": "active" }));
}

/** A second root published on the second day. */
async function staged(): Promise<Ledger> {
  const made = await created();
  await made.update(
    DAY_2,
    made.inputs({ "2026a": "active", "2027a": "staged" }),
  );
  return made;
}

const ACTIVATED = { "2026a": "retiring", "2027a": "active" };

/** The second root active since the ninth day. */
async function activated(): Promise<Ledger> {
  const made = await staged();
  await made.update(DAY_9, made.inputs(ACTIVATED));
  return made;
}

function texts(log: readonly { text: string }[]): string {
  return log.map(({ text }) => text).join("\n");
}

describe("a rotation", () => {
  test("goes from one root to the other in four updates, and remembers the first for ever", async () => {
    const made = await activated();
    expect(made.outs).toMatchObject({
      activeGeneration: "2027a",
      certificatePem: parties["2027a"]?.certificatePem,
    });
    expect(made.outs.evidence).toMatchObject({
      "2026a": {
        state: "retiring",
        firstPublished: DAY_1,
        activeSince: DAY_1,
        deactivatedAt: DAY_9,
      },
      "2027a": { state: "active", firstPublished: DAY_2, activeSince: DAY_9 },
    });
    await made.update(
      "2027-12-10T00:00:00Z",
      made.inputs({ "2026a": "retired", "2027a": "active" }),
    );
    const tombstone = {
      retiredAt: "2027-12-10T00:00:00Z",
      subject: "CN=Root 2026a",
      subjectKeyIdentifier: parties["2026a"]?.subjectKeyIdentifier,
    };
    expect(made.outs).toMatchObject({
      trustAnchorsPem: parties["2027a"]?.certificatePem,
      bundlePublished: "2027-12-10T00:00:00Z",
      tombstones: { "2026a": tombstone },
    });
    await made.update(
      "2027-12-11T00:00:00Z",
      made.inputs({ "2027a": "active" }),
    );
    expect(made.outs.tombstones).toMatchObject({ "2026a": tombstone });
    expect(Object.keys(made.outs.evidence as object)).toEqual(["2027a"]);
    expect(
      await made.refusal(
        "2027-12-12T00:00:00Z",
        made.inputs({ "2026a": "staged", "2027a": "active" }),
      ),
    ).toMatch(/"2026a" left the trust bundle on 2027-12-10T00:00:00Z.*\(I9\)/);
  });

  test("begins with a name for the key there is, also in an update that renews its certificate", async () => {
    const made = ledger();
    const certificatePem = parties["2026a"]?.certificatePem ?? "";
    const publicKeyPem = certificateAt(certificatePem).publicKey.export({
      type: "spki",
      format: "pem",
    });
    const named = (id: string, pem: unknown, key: unknown = publicKeyPem) =>
      made.inputs(
        {},
        {
          generations: {
            [id]: { state: "active", certificatePem: pem, publicKeyPem: key },
          },
        },
      );
    await made.create(DAY_1, named("1", certificatePem));
    const preview = await made.preview(DAY_2, named("2026a", UNKNOWN));
    expect([preview.refusal, preview.diff?.changes]).toEqual(["", "some"]);
    expect(
      await made.refusal(DAY_2, named("2026a", UNKNOWN, UNKNOWN)),
    ).toContain("(I9)");
    await made.update(DAY_2, named("2026a", certificatePem));
    expect(made.outs.evidence).toMatchObject({
      "2026a": { firstPublished: DAY_1 },
    });
  });

  test("rolls back while the bundle holds both, at once, and goes forward again", async () => {
    const made = await activated();
    const bundle = made.outs.bundleSha256;
    await made.update(
      "2026-12-09T01:00:00Z",
      made.inputs({ "2026a": "active", "2027a": "retiring" }),
    );
    expect(made.outs).toMatchObject({
      activeGeneration: "2026a",
      bundleSha256: bundle,
    });
    await made.update("2026-12-09T02:00:00Z", made.inputs(ACTIVATED));
    expect(made.outs.activeGeneration).toBe("2027a");
  });

  test("is given up before the new root has signed anything, and its id is used up", async () => {
    const made = await staged();
    await made.update(DAY_9, made.inputs({ "2026a": "active" }));
    expect(made.outs).toMatchObject({
      trustAnchorsPem: parties["2026a"]?.certificatePem,
      tombstones: { "2027a": { retiredAt: DAY_9 } },
    });
    expect(
      await made.refusal(
        DAY_9,
        made.inputs({ "2026a": "active", "2027a": "staged" }),
      ),
    ).toContain("(I9)");
  });
});

describe("a generation that gets its name later", () => {
  test("keeps its evidence, and no bundle changes", async () => {
    const named = new Ledger(folder, { ...parties, "1": root("2026a") });
    await named.create(DAY_1, named.inputs({ "1": "active" }));
    const { bundleSha256 } = named.outs;
    const log = await named.update(DAY_2, named.inputs({ "2026a": "active" }));
    expect(log).toEqual([]);
    expect(named.outs).toMatchObject({
      bundleSha256,
      bundlePublished: DAY_1,
      tombstones: {},
      evidence: { "2026a": { firstPublished: DAY_1, activeSince: DAY_1 } },
    });
  });

  test("may do so in the change that stages the next one", async () => {
    const named = new Ledger(folder, { ...parties, "1": root("2026a") });
    await named.create(DAY_1, named.inputs({ "1": "active" }));
    await named.update(
      DAY_2,
      named.inputs({ "2026a": "active", "2027a": "staged" }),
    );
    expect(Object.keys(named.outs.evidence as object)).toEqual([
      "2026a",
      "2027a",
    ]);
  });
});

describe("refused at preview", () => {
  test("I2: a state that is skipped", async () => {
    const made = await created();
    expect(await made.refusal(DAY_2, made.inputs(ACTIVATED))).toMatch(
      /^generations\.2027a\.state: "2027a" cannot go from .*\(I2\)/m,
    );
  });

  test("I2: two steps in one update", async () => {
    const made = await activated();
    expect(
      await made.refusal(
        "2028-01-01T00:00:00Z",
        made.inputs({
          "2026a": "retired",
          "2027a": "active",
          "2028a": "staged",
        }),
      ),
    ).toMatch(/^generations: 2 steps in one update: .*\(I2\)/);
  });

  test("I3: a generation that signs before its bundle can be everywhere, to the second", async () => {
    const made = await staged();
    expect(await made.refusal(DAY_8, made.inputs(ACTIVATED))).toMatch(
      /^generations\.2027a\.state: was published on 2026-12-02T00:00:00Z.*\(I3\).*keep staged until 2026-12-09T00:00:00Z \(7 days\)/,
    );
    await made.update(DAY_9, made.inputs(ACTIVATED));
  });

  test("I3: not where the code confirms the bundle, and where it confirms another", async () => {
    const made = await staged();
    const confirmedBundle = made.outs.bundleSha256;
    expect(
      await made.refusal(
        DAY_8,
        made.inputs(ACTIVATED, { confirmedBundle: "0".repeat(64) }),
      ),
    ).toContain("confirmedBundle names another bundle");
    await made.update(DAY_8, made.inputs(ACTIVATED, { confirmedBundle }));
  });

  test("I3: the waiting time is ten minutes for brokers, none for an intermediate, or what the code says", async () => {
    const rows: readonly [Properties, string, string][] = [
      [{ kind: "deviceRoot" }, "2026-12-02T00:09:59Z", "2026-12-02T00:10:00Z"],
      [
        { minimumTrustSoakDays: 2 },
        "2026-12-03T23:59:59Z",
        "2026-12-04T00:00:00Z",
      ],
    ];
    for (const [overrides, early, late] of rows) {
      const made = await staged();
      const inputs = made.inputs(ACTIVATED, overrides);
      expect(await made.refusal(early, inputs)).toContain("(I3)");
      expect((await made.preview(late, inputs)).refusal).toBe("");
    }
    const made = await staged();
    const below = { kind: "intermediate" };
    expect(
      (await made.preview(DAY_2, made.inputs(ACTIVATED, below))).refusal,
    ).toBe("");
  });

  test("I9: a generation that vanishes from the code", async () => {
    const made = await activated();
    expect(
      await made.refusal(DAY_9, made.inputs({ "2027a": "active" })),
    ).toMatch(
      /^generations\.2026a: "2026a" is retiring and is gone from the code.*\(I9\)/,
    );
  });

  test("I10: another key under an old id", async () => {
    const made = await created();
    const other = new Ledger(folder, { "2026a": root("2028a") });
    expect(
      await made.refusal(DAY_2, other.inputs({ "2026a": "active" })),
    ).toMatch(/^generations\.2026a\.certificatePem: has another key.*\(I10\)/);
  });

  test("I11: a new generation with several certificates in one", async () => {
    const made = await created();
    const inputs = made.inputs({ "2026a": "active" });
    const certificatePem =
      root("2027a").certificatePem + root("2028a").certificatePem;
    expect(
      await made.refusal(DAY_2, {
        ...inputs,
        generations: {
          ...(inputs.generations as Properties),
          "2027a": { state: "staged", certificatePem },
        },
      }),
    ).toMatch(/^generations\.2027a\.certificatePem: holds 2 certificates/);
  });

  test("a refusal changes nothing: the same ledger allows the right step", async () => {
    const made = await staged();
    const before = JSON.stringify(made.outs);
    await made.refusal(DAY_2, made.inputs({ "2027a": "active" }));
    expect(JSON.stringify(made.outs)).toBe(before);
    await made.update(DAY_9, made.inputs(ACTIVATED));
  });
});

describe("an acknowledgement", () => {
  const acknowledge = (rule: string, until: string): Properties => ({
    acknowledge: [{ rule, reason: "all devices were in the lab", until }],
  });

  test("in force: allowed, and every preview says so as a warning", async () => {
    const made = await staged();
    const inputs = made.inputs(ACTIVATED, acknowledge("I3", "2026-12-31"));
    const log = await made.update(DAY_8, inputs);
    const warnings = log.filter(({ severity }) => severity === "warning");
    expect(texts(warnings)).toMatch(/^acknowledged: was published on .*\(I3\)/);
    const said =
      "I3 is acknowledged until 2026-12-31: all devices were in the lab";
    expect(texts(warnings)).toContain(said);
    const quiet = await made.preview(DAY_9, inputs);
    expect(quiet.diff?.changes).toBe("none");
    expect(texts(quiet.log)).toBe(said);
  });

  test("that has ended: refused again, and the refusal says why", async () => {
    const made = await staged();
    expect(
      await made.refusal(
        DAY_8,
        made.inputs(ACTIVATED, acknowledge("I3", "2026-12-07")),
      ),
    ).toContain("The acknowledgement of I3 ended on 2026-12-07.");
  });

  test.each([
    [
      "a rule without exceptions",
      "I9",
      "2026-12-31",
      /"I9" cannot be acknowledged/,
    ],
    ["no rule at all", "I99", "2026-12-31", /"I99" is no rule/],
    ["a day too far away", "I3", "2027-12-31", /more than 90 days away/],
    ["no day", "I3", "next week", /is no day/],
  ])("%s is refused", async (_case, rule, until, reason) => {
    const made = ledger();
    expect(
      await made.refusal(
        DAY_8,
        made.inputs({ "2026a": "active" }, acknowledge(rule, until)),
      ),
    ).toMatch(reason);
  });
});

describe("the phase table in a preview", () => {
  test("of staging: the key is not made yet, and both bundles are told apart", async () => {
    const made = await created();
    const inputs = made.inputs({ "2026a": "active" });
    const { log, diff } = await made.preview(DAY_2, {
      ...inputs,
      generations: {
        ...(inputs.generations as Properties),
        "2027a": { state: "staged", certificatePem: UNKNOWN },
      },
    });
    expect(diff?.changes).toBe("some");
    const table = texts(log);
    expect(table).toContain("server-root · 2027a new → staged");
    expect(table).toMatch(/^device, bundle of this update +ok \(2026a\)/m);
    expect(table).toMatch(
      /^device, (older bundle|bundle of 2026-12-01T00:00:00Z) +ok \(2026a\)/m,
    );
    expect(table).toContain("bundle: known after the update");
    expect(table).toMatch(
      /^next: make 2027a active and 2026a retiring: .*not before 2026-12-09T00:00:00Z$/m,
    );
  });

  test("of activation: devices with the older bundle fail, and nobody claims to know the leaves", async () => {
    const made = await staged();
    const log = await made.update(DAY_9, made.inputs(ACTIVATED));
    const table = texts(log);
    expect(table).toContain(
      "server-root · 2026a active → retiring, 2027a staged → active",
    );
    expect(table).toMatch(
      /^device, bundle of 2026-12-02T00:00:00Z +ok \(2026a\) +ok \(2027a\)$/m,
    );
    expect(table).toMatch(
      /^device, older bundle +ok \(2026a\) +FAILS +← 0 confirmed, soak ended 2026-12-09T00:00:00Z$/m,
    );
    expect(table).toMatch(
      /^next: make 2026a retired once no valid certificate chains to it; until then each resource that issued one refuses that \(I4\)/m,
    );
  });

  test("is silent where nothing moves", async () => {
    const made = await activated();
    const { log } = await made.preview(DAY_9, made.inputs(ACTIVATED));
    expect(log).toEqual([]);
  });
});

test("a ledger of version 0.1 previews without a change, and rotates", async () => {
  const made = await created();
  const { evidence, ...rest } = made.outs;
  const { kind, bundlePublished, tombstones, ...old } = rest;
  const entry = (evidence as Record<string, Properties>)["2026a"] ?? {};
  const { subject, activeSince, ...facts } = entry;
  made.outs = { ...old, evidence: { "2026a": facts } };
  expect([
    subject,
    activeSince,
    kind,
    bundlePublished,
    tombstones,
  ]).not.toContain(undefined);
  const { kind: added, ...inputs } = made.inputs({ "2026a": "active" });
  expect(added).toBe("serverRoot");
  const { diff, refusal } = await made.preview(DAY_2, inputs);
  expect([refusal, diff?.changes]).toEqual(["", "none"]);
  await made.update(
    DAY_2,
    made.inputs({ "2026a": "active", "2027a": "staged" }),
  );
  await made.update(DAY_9, made.inputs(ACTIVATED));
  expect(made.outs.evidence).toMatchObject({
    "2026a": { firstPublished: DAY_1, deactivatedAt: DAY_9 },
  });
});

function root(id: string): Party {
  const party = parties[id];
  if (party === undefined) {
    throw new Error(`there is no root ${id}`);
  }
  return party;
}
