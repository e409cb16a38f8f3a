import type { LedgerEvidence } from "../../rotation/evidence";
import { recordEvidence } from "../../rotation/evidence";
import { readChange } from "../../rotation/ledger";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import { nextStep } from "../../rotation/nextStep";
import { phaseTable } from "../../rotation/phaseTable";
import type { AuthorityKindName } from "../../rotation/trustSoak";
import { DEFAULT_TRUST_SOAK } from "../../rotation/trustSoak";
import { code, inDays } from "./ledgers";

const LEAF: LiveCertificates = {
  name: "broker",
  count: 1,
  issuers: ["key of 2026a"],
  expiresLast: "2027-05-04T00:00:00Z",
};

interface Update {
  readonly day: number;
  readonly states: Readonly<Record<string, string>>;
  readonly live?: readonly LiveCertificates[];
  readonly confirmed?: boolean;
  /** As in a ledger, which does not know what hangs from it. */
  readonly unknown?: boolean;
  /** Another bundle although the generations are the same. */
  readonly renewed?: boolean;
  readonly linkedBy?: Readonly<Record<string, string>>;
}

/** The table of the last of some updates. */
function tableOf(
  kind: AuthorityKindName,
  updates: readonly Update[],
): string[] {
  const minimumTrustSoak = DEFAULT_TRUST_SOAK[kind];
  let before: LedgerEvidence | undefined;
  let table = "";
  for (const update of updates) {
    const { day, states, confirmed = false, unknown = false } = update;
    const { renewed = false, linkedBy } = update;
    const live = unknown ? undefined : (update.live ?? [LEAF]);
    const now = inDays(day);
    const bundle = Object.keys(states)
      .filter((id) => states[id] !== "retired")
      .join(renewed ? "+renewed " : "+");
    const after = recordEvidence(before, code(states), bundle, now);
    const soak = {
      minimumTrustSoak,
      ...(confirmed &&
        before !== undefined && { confirmedBundle: before.bundleSha256 }),
    };
    const { transition } = readChange(before, code(states), soak, now);
    if (transition !== undefined && before !== undefined) {
      table = phaseTable({
        authority: kind === "intermediate" ? "server-ca" : "server-root",
        kind,
        transition,
        before,
        after,
        ...(live !== undefined && { live }),
        ...soak,
        ...(linkedBy !== undefined && { linkedBy }),
        next: nextStep(after, live, minimumTrustSoak, now),
        now,
      });
    }
    before = after;
  }
  return table.split("\n");
}

const CREATED: Update = { day: 0, states: { "2026a": "active" } };
const STAGED: Update = {
  day: 10,
  states: { "2026a": "active", "2027a": "staged" },
};
const ACTIVATED: Update = {
  day: 20,
  states: { "2026a": "retiring", "2027a": "active" },
};
const RETIRED: Update = {
  day: 130,
  states: { "2026a": "retired", "2027a": "active" },
  live: [{ ...LEAF, issuers: ["key of 2027a"] }],
};

describe("the phase table of a server root", () => {
  test("staging: everyone is served by the old generation", () => {
    expect(tableOf("serverRoot", [CREATED, STAGED])).toEqual([
      "server-root · 2027a new → staged",
      "                                         broker not yet updated   broker updated",
      "device, bundle of this update            ok (2026a)               ok (2026a)",
      "device, bundle of 2027-01-01T00:00:00Z   ok (2026a)               ok (2026a)",
      "bundle: 2026a+2027a",
      "next: make 2027a active and 2026a retiring: it was published on 2027-01-11T00:00:00Z; not before 2027-01-18T00:00:00Z",
    ]);
  });

  test("activating: who has not learned of the new generation by now fails", () => {
    expect(tableOf("serverRoot", [CREATED, STAGED, ACTIVATED])).toEqual([
      "server-root · 2026a active → retiring, 2027a staged → active",
      "                                         broker not yet updated   broker updated",
      "device, bundle of 2027-01-11T00:00:00Z   ok (2026a)               ok (2027a)",
      "device, older bundle                     ok (2026a)               FAILS  ← 0 confirmed, soak ended 2027-01-18T00:00:00Z",
      "next: make 2026a retired: 1 certificate chains to it: broker (1, until 2027-05-04T00:00:00Z); not before 2027-05-04T00:00:01Z",
    ]);
  });

  test("activating early with a confirmed bundle says that nobody is left", () => {
    const early = { ...ACTIVATED, day: 11, confirmed: true };
    expect(tableOf("serverRoot", [CREATED, STAGED, early])[3]).toMatch(
      /FAILS {2}← confirmed to be gone by confirmedBundle$/,
    );
  });

  test("activating after a renewal: those with a bundle from before the staging are not forgotten", () => {
    const renewed = { ...STAGED, day: 15, renewed: true };
    const activated = { ...ACTIVATED, renewed: true };
    expect(
      tableOf("serverRoot", [CREATED, STAGED, renewed, activated])[3],
    ).toBe(
      "device, older bundle                     ok (2026a)               FAILS  ← 0 confirmed, soak ended 2027-01-18T00:00:00Z",
    );
  });

  test("activating a linked root: devices with the older bundle know it by the link, until the older root goes", () => {
    const linkedBy = { "2027a": "2026a" };
    const updates = [CREATED, STAGED, { ...ACTIVATED, linkedBy }];
    expect(tableOf("serverRoot", updates)[3]).toBe(
      "device, older bundle                     ok (2026a)               ok (2027a, linked by 2026a)",
    );
    const retired = { ...RETIRED, linkedBy };
    expect(tableOf("serverRoot", [...updates, retired])[2]).toContain(
      "ok (2027a)  ",
    );
  });

  test("retiring after the last certificate: everyone is served", () => {
    expect(
      tableOf("serverRoot", [CREATED, STAGED, ACTIVATED, RETIRED]),
    ).toEqual([
      "server-root · 2026a retiring → retired",
      "                                         broker not yet updated   broker updated",
      "device, bundle of this update            ok (2027a)               ok (2027a)",
      "device, bundle of 2027-01-11T00:00:00Z   ok (2027a)               ok (2027a)",
      "bundle: 2027a",
      expect.stringMatching(/^next: nothing is under way/),
    ]);
  });

  test("retiring before it, acknowledged: who has the new bundle fails", () => {
    const early = { ...RETIRED, day: 30, live: [LEAF] };
    expect(tableOf("serverRoot", [CREATED, STAGED, ACTIVATED, early])).toEqual(
      expect.arrayContaining([
        "device, bundle of this update            FAILS (2026a)            ok (2027a)  ← 2026a leaves the bundle",
        "device, bundle of 2027-01-11T00:00:00Z   ok (2026a, 2027a)        ok (2027a)",
      ]),
    );
  });
});

describe("where nobody says what is live", () => {
  test("the table promises nothing about it", () => {
    const unknown = { ...RETIRED, unknown: true };
    expect(
      tableOf("serverRoot", [CREATED, STAGED, ACTIVATED, unknown]),
    ).toContainEqual(
      expect.stringMatching(/^What is still in use .* is not known here/),
    );
  });

  test("the next step has no date", () => {
    const unknown = { ...ACTIVATED, unknown: true };
    expect(tableOf("serverRoot", [CREATED, STAGED, unknown]).at(-1)).toBe(
      "next: make 2026a retired, once everything that it signed has expired or is replaced (I4)",
    );
  });
});

test("with a device root, brokers verify and devices show", () => {
  const [title, heads, ...rows] = tableOf("deviceRoot", [
    CREATED,
    STAGED,
    ACTIVATED,
  ]);
  expect(title).toContain("2027a staged → active");
  expect(heads).toMatch(/device not yet updated {3}device updated$/);
  expect(rows[0]).toMatch(/^broker, bundle of/);
});

test("below a pinned root nobody fails", () => {
  const table = tableOf("intermediate", [CREATED, STAGED, ACTIVATED]);
  expect(table.join("\n")).not.toContain("FAILS");
  expect(table.join("\n")).toContain("ok (2027a)");
});

test("a first name given while the next one is staged cuts nobody off: a name is no key", () => {
  const soak = { minimumTrustSoak: DEFAULT_TRUST_SOAK.serverRoot };
  const now = inDays(10);
  const { "2026a": first } = code({ "2026a": "active" });
  const before = recordEvidence(
    undefined,
    { "1": { state: "active", ...(first?.facts && { facts: first.facts }) } },
    "1",
    inDays(0),
  );
  const states = code({ "2026a": "active", "2027a": "staged" });
  const after = recordEvidence(before, states, "2026a+2027a", now);
  const { transition } = readChange(before, states, soak, now);
  if (transition === undefined) {
    throw new Error("the change was refused");
  }
  const table = phaseTable({
    authority: "server-root",
    kind: "serverRoot",
    transition,
    before,
    after,
    ...soak,
    next: nextStep(after, undefined, soak.minimumTrustSoak, now),
    now,
  });
  expect(table).not.toContain("FAILS");
  expect(table).toMatch(/^device, bundle of 2027-01-01.* ok \(2026a\)/m);
});
