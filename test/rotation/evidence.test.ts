import { X509Certificate } from "node:crypto";
import type { LedgerEvidence } from "../../rotation/evidence";
import {
  certificateFacts,
  generationsAfter,
  recordEvidence,
} from "../../rotation/evidence";
import { readChange } from "../../rotation/ledger";
import { readTransition } from "../../rotation/transition";
import { root } from "../pki/support/authority";
import { NOW, code, dateIn, facts, inDays, ledger } from "./ledgers";

function play(
  ...updates: readonly (readonly [number, Record<string, string>])[]
): LedgerEvidence {
  const evidence = updates.reduce<LedgerEvidence | undefined>(
    (evidence, [day, states]) =>
      recordEvidence(
        evidence,
        code(states),
        Object.keys(states)
          .filter((id) => states[id] !== "retired")
          .join("+"),
        inDays(day),
      ),
    undefined,
  );
  if (evidence === undefined) {
    throw new Error("no update");
  }
  return evidence;
}

describe("the evidence of a rotation", () => {
  const evidence = play(
    [0, { a: "active" }],
    [1, { a: "active" }],
    [2, { a: "active", b: "staged" }],
    [10, { a: "retiring", b: "active" }],
    [11, { a: "active", b: "retiring" }],
    [12, { a: "retiring", b: "active" }],
    [50, { a: "retired", b: "active" }],
    [51, { b: "active" }],
  );

  test("says when each generation was published, and active last", () => {
    expect(evidence.generations).toEqual({
      b: {
        state: "active",
        firstPublished: dateIn(2),
        activeSince: dateIn(12),
        deactivatedAt: dateIn(11),
        ...facts("b"),
      },
    });
  });

  test("says since when this very bundle has been published", () => {
    expect(evidence.bundleSha256).toBe("b");
    expect(evidence.bundlePublished).toBe(dateIn(50));
    expect(play([0, { a: "active" }], [9, { a: "active" }])).toMatchObject({
      bundlePublished: dateIn(0),
    });
  });

  test("keeps a tombstone, of the moment when trust ended", () => {
    expect(evidence.tombstones).toEqual({
      a: { ...facts("a"), retiredAt: dateIn(50) },
    });
  });

  test("keeps one of an abandoned generation as well", () => {
    const { tombstones, generations } = play(
      [0, { a: "active", b: "staged" }],
      [1, { a: "active" }],
    );
    expect(Object.keys(generations)).toEqual(["a"]);
    expect(tombstones).toEqual({ b: { ...facts("b"), retiredAt: dateIn(1) } });
  });

  test("knows nothing of one that was retired before it ever was", () => {
    const { tombstones, generations } = play([
      0,
      { a: "active", z: "retired" },
    ]);
    expect(Object.keys(generations)).toEqual(["a"]);
    expect(tombstones).toEqual({});
  });

  test("counts no fraction of a second in favour of the soak time", () => {
    const late = new Date(NOW.getTime() + 1);
    const { generations } = recordEvidence(
      undefined,
      code({ a: "active" }),
      "a",
      late,
    );
    expect(generations.a?.firstPublished).toBe(dateIn(1 / 86_400));
  });
});

test("a preview that does not know the new certificate knows when it comes", () => {
  const { generations } = recordEvidence(
    play([0, { a: "active" }]),
    { ...code({ a: "active" }), b: { state: "staged" } },
    "",
    inDays(1),
  );
  expect(generations.b).toMatchObject({
    state: "staged",
    firstPublished: dateIn(1),
    subjectKeyIdentifier: "",
  });
});

test("a ledger of the first release says late since when its generation is active", () => {
  const { a } = play([0, { a: "active" }]).generations;
  const { activeSince, ...old } = a ?? { state: "" };
  const first = play([0, { a: "active" }]);
  const before = { ...first, generations: { a: old } } as LedgerEvidence;
  expect(recordEvidence(before, code({ a: "active" }), "a", inDays(9))).toEqual(
    first,
  );
});

describe("a generation that gets another name", () => {
  const first = play([0, { "1": "active" }]);
  const named = {
    "2026a": { state: "active", facts: facts("1") },
    "2027a": { state: "staged", facts: facts("2027a") },
  };

  test("keeps its evidence, and leaves no tombstone", () => {
    const { generations, tombstones } = recordEvidence(
      first,
      named,
      "both",
      inDays(3),
    );
    expect(generations["2026a"]).toEqual(first.generations["1"]);
    expect(generations["2027a"]?.firstPublished).toBe(dateIn(3));
    expect(tombstones).toEqual({});
  });

  test("takes no step by it, so that another one can be taken at once", () => {
    const wanted = Object.fromEntries(
      Object.entries(named).map(([id, { state, facts: said }]) => [
        id,
        { state, subjectKeyIdentifier: said.subjectKeyIdentifier },
      ]),
    );
    expect(readTransition(first, wanted)).toEqual({
      transition: {
        kind: "stage",
        moves: [{ id: "2027a", from: undefined, to: "staged" }],
      },
      refusals: [],
    });
  });
});

test("a certificate's facts are those that OpenSSL reads", async () => {
  const { certificatePem, subjectKeyIdentifier } = await root({
    subject: { commonName: "Root", organization: "Cloud" },
  });
  const native = new X509Certificate(certificatePem);
  expect(certificateFacts(certificatePem)).toEqual({
    fingerprintSha256: native.fingerprint256.replaceAll(":", "").toLowerCase(),
    subjectKeyIdentifier,
    subject: expect.stringMatching(/^(?=.*CN=Root)(?=.*O=Cloud)/) as string,
    notAfter: new Date(native.validTo).toISOString().replace(".000", ""),
  });
  expect(
    generationsAfter({
      a: { state: "active", certificatePem },
      b: { state: "retired" },
      c: { state: "retired", certificatePem: "" },
    }),
  ).toEqual({
    a: { state: "active", facts: certificateFacts(certificatePem) },
    b: { state: "retired" },
    c: { state: "retired" },
  });
});

describe("a generation that is retired", () => {
  const retire = (from: string) =>
    recordEvidence(
      ledger({ "2026a": from, "2027a": "active" }),
      code({ "2026a": "retired", "2027a": "active" }),
      "another bundle",
      NOW,
    );

  test("leaves a tombstone that says whether its key was known to others", () => {
    expect(retire("retiring").tombstones["2026a"]).not.toHaveProperty(
      "compromised",
    );
    expect(retire("compromised").tombstones["2026a"]).toMatchObject({
      retiredAt: dateIn(0),
      compromised: true,
    });
  });

  test("and trusted again begins anew: bundles without it got out", () => {
    const { generations, tombstones } = recordEvidence(
      retire("retiring"),
      code({ "2026a": "retiring", "2027a": "active" }),
      "a third bundle",
      inDays(1),
    );
    expect(tombstones).toEqual({});
    expect(generations["2026a"]).toEqual({
      ...facts("2026a"),
      state: "retiring",
      firstPublished: dateIn(1),
    });
  });

  test("is never trusted again where its key was known to others", () => {
    const { refusals } = readChange(
      retire("compromised"),
      code({ "2026a": "retiring", "2027a": "active" }),
      { minimumTrustSoak: 0 },
      NOW,
    );
    expect(refusals.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /"2026a" left the trust bundle.*\(I9\); stage the new generation under an id that was never used/,
      ),
    ]);
  });
});
