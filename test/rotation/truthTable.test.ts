import { figures } from "../support/figures";
import { readChange } from "../../rotation/ledger";
import { NOW, code, ledger } from "./ledgers";

const ABSENT = "absent";
const STATES = [
  ABSENT,
  "staged",
  "active",
  "retiring",
  "retired",
  "compromised",
];
const IDS = ["2026a", "2027a", "2028a"];

/** All that one update may do, written down by hand. */
const LEGAL: ReadonlySet<string> = new Set([
  "",
  "absent→staged",
  "staged→absent",
  "staged→retired",
  "staged→compromised",
  "retiring→retired",
  "retiring→compromised",
  // The key is the same in this table, so it was not destroyed yet.
  "retired→retiring",
  "compromised→retired",
  "active→retiring + staged→active",
  "active→retiring + retiring→active",
  "active→compromised + staged→active",
  "active→compromised + retiring→active",
]);

/** Nothing there, and nothing there any more. */
const OUT: readonly string[] = [ABSENT, "retired"];

function moves(before: readonly string[], after: readonly string[]): string {
  return before
    .map((from, index) => [from, after[index] ?? ABSENT] as const)
    .filter(
      ([from, to]) => from !== to && !(OUT.includes(from) && OUT.includes(to)),
    )
    .map(([from, to]) => `${from}→${to}`)
    .sort()
    .join(" + ");
}

function isLegal(before: readonly string[], after: readonly string[]): boolean {
  const active = after.filter((state) => state === "active").length;
  const isFirst = before.every((state) => state === ABSENT);
  return active === 1 && (isFirst || LEGAL.has(moves(before, after)));
}

/** The rules that a refusal has to name, as far as the states alone decide them. */
function rulesOf(
  before: readonly string[],
  after: readonly string[],
): string[] {
  const pairs = before.map((from, index) => [from, after[index]] as const);
  const isFirst = before.every((state) => state === ABSENT);
  const comesBack = pairs.some(
    ([from, to]) =>
      from === "retired" && !["retiring", ...OUT].includes(to ?? ABSENT),
  );
  const vanishes = pairs.some(
    ([from, to]) =>
      to === ABSENT && ["active", "retiring", "compromised"].includes(from),
  );
  return [
    ...(after.filter((state) => state === "active").length === 1 ? [] : ["I1"]),
    ...(!isFirst && (comesBack || vanishes) ? ["I9"] : []),
  ];
}

function lists(length: number): string[][] {
  return length === 0
    ? [[]]
    : lists(length - 1).flatMap((list) =>
        STATES.map((state) => [...list, state]),
      );
}

function present(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.flatMap((state, index) =>
      state === ABSENT ? [] : [[IDS[index] ?? "", state]],
    ),
  );
}

describe("the truth table of one update", () => {
  test.each([1, 2, 3])(
    "%d generation(s): every pair of lists is allowed or refused as it should be",
    (size) => {
      const all = lists(size);
      const wrong: string[] = [];
      const counts = { allowed: 0, refused: 0 };
      const rules = new Map<string, number>();
      for (const before of all) {
        const isFirst = before.every((state) => state === ABSENT);
        const evidence = isFirst ? undefined : ledger(present(before));
        for (const after of all) {
          const { transition, refusals } = readChange(
            evidence,
            code(present(after)),
            { minimumTrustSoak: 0 },
            NOW,
          );
          const found = new Set<string>(refusals.map(({ rule }) => rule));
          const legal = isLegal(before, after);
          const agrees =
            legal === (refusals.length === 0) &&
            (legal
              ? (transition !== undefined) ===
                (isFirst || moves(before, after) !== "")
              : rulesOf(before, after).every((rule) => found.has(rule)));
          if (!agrees) {
            wrong.push(
              `${before.join()} ⇒ ${after.join()}: ${[...found].join()}`,
            );
          }
          counts[refusals.length === 0 ? "allowed" : "refused"] += 1;
          for (const rule of found) {
            rules.set(rule, (rules.get(rule) ?? 0) + 1);
          }
        }
      }
      const named = [...rules].map(([rule, count]) => `${rule} ${count}`);
      figures(
        `truth table: ${size} generation(s)`,
        `${all.length ** 2} pairs of lists: ${counts.allowed} allowed, ${counts.refused} refused (${named.sort().join(", ")})`,
      );
      expect(wrong).toEqual([]);
      expect(counts.allowed + counts.refused).toBe(STATES.length ** (2 * size));
    },
  );

  test("every refusal says which rule, and what is allowed instead", () => {
    const pairs = lists(2).flatMap((before) =>
      lists(2).map((after) => [before, after] as const),
    );
    for (const [before, after] of pairs) {
      const isFirst = before.every((state) => state === ABSENT);
      const { refusals } = readChange(
        isFirst ? undefined : ledger(present(before)),
        code(present(after)),
        { minimumTrustSoak: 0 },
        NOW,
      );
      for (const { rule, path, message } of refusals) {
        expect(path).toMatch(/^generations/);
        expect(message).toContain(`(${rule})`);
        expect(message).toMatch(
          /write |keep |leave |stage |exactly one (generation )?must be/,
        );
        expect(message).not.toContain("undefined");
      }
    }
  });

  test.each([
    [
      { a: "active" },
      { a: "active", b: "active" },
      /"b" cannot go from not being there to active: no bundle holds it yet.*keep it out, or write staged\./,
    ],
    [
      { a: "active", b: "staged" },
      { a: "retiring", b: "retiring" },
      /"b" cannot go from staged to retiring: a retiring generation has signed, and this one never has \(I2\); keep staged, or write active \(together with the active one, which becomes retiring\) or retired or compromised or no entry\./,
    ],
    [
      { a: "active", b: "retiring" },
      { a: "active", b: "staged" },
      /"b" cannot go from retiring to staged: .*\(I2\); keep retiring, or write active/,
    ],
    [
      { a: "active", b: "retiring" },
      { a: "active" },
      /"b" is retiring and is gone from the code, which would end the trust in all that it signed \(I9\)/,
    ],
    [
      { a: "active" },
      { b: "active" },
      /"a" is active and is gone from the code.*write it again, as retiring beside a successor/,
    ],
    [
      { a: "active", b: "retired" },
      { a: "active", b: "staged" },
      /"b" left the trust bundle on 2026-12-02T00:00:00Z.*\(I9\); its key is still there, so write retiring to trust it again/,
    ],
    [
      { a: "active", b: "compromised" },
      { a: "retiring", b: "active" },
      /"b" cannot go from compromised to active: its key is known to others/,
    ],
    [
      { a: "active", b: "retiring" },
      { a: "active", b: "retired", c: "staged" },
      /2 steps in one update: b retiring → retired; c new → staged \(I2\).*write the first one now/,
    ],
    [
      { a: "active" },
      { a: "compromised" },
      /"a" cannot go from active to compromised: another one has to become active in the same update/,
    ],
  ])("%j ⇒ %j", (before, after, message) => {
    const { refusals } = readChange(
      ledger(defined(before)),
      code(defined(after)),
      { minimumTrustSoak: 0 },
      NOW,
    );
    expect(refusals.map((refusal) => refusal.message).join("\n")).toMatch(
      message,
    );
  });
});

/** TypeScript makes optional members of rows of different form. */
function defined(
  states: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(states).flatMap(([id, state]) =>
      state === undefined ? [] : [[id, state]],
    ),
  );
}
