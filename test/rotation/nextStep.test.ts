import { readChange } from "../../rotation/ledger";
import { newGenerationId, nextStep } from "../../rotation/nextStep";
import { DEFAULT_TRUST_SOAK } from "../../rotation/trustSoak";
import { NOW, code, dateIn, inDays, ledger } from "./ledgers";

const SOAK = DEFAULT_TRUST_SOAK.serverRoot;
const LIVE = [
  {
    name: "sensors",
    count: 1000,
    issuers: ["key of a"],
    expiresLast: dateIn(40),
  },
];

describe("the next step", () => {
  test.each([
    [
      "of a CA with nothing under way stages a generation",
      { a: "active" },
      -30,
      {
        stands: "a active",
        change: { "2027a": "staged" },
      },
      /such as 2027a, in good time before a ends on 2036-12-29/,
    ],
    [
      "waits for the soak time",
      { a: "active", b: "staged" },
      -1,
      {
        stands: "a active, b staged",
        change: { a: "retiring", b: "active" },
        from: inDays(6),
      },
      /make b active and a retiring: it was published on 2026-12-31/,
    ],
    [
      "is now once the soak time is over",
      { a: "active", b: "staged" },
      -7,
      { stands: "a active, b staged", change: { a: "retiring", b: "active" } },
      /make b active/,
    ],
    [
      "waits for the last certificate of the one that goes",
      { a: "retiring", b: "active" },
      -30,
      {
        stands: "a retiring, b active",
        change: { a: "retired" },
        from: inDays(40 + 1 / 86_400),
      },
      /make a retired: 1000 certificates chain to it: sensors/,
    ],
    [
      "is now where nothing is left of it",
      { b: "active", c: "retiring" },
      -30,
      { stands: "b active, c retiring", change: { c: "retired" } },
      /nothing that it signed is valid any more/,
    ],
    [
      "of a compromised one names what is to be replaced",
      { a: "compromised", b: "active" },
      -30,
      {
        stands: "a compromised, b active",
        change: { a: "retired" },
        from: inDays(40 + 1 / 86_400),
      },
      /replace them now, and acknowledge I4 once they are/,
    ],
    [
      "is the one that can be taken first",
      { a: "retiring", b: "active", c: "staged" },
      -5,
      {
        stands: "a retiring, b active, c staged",
        change: { b: "retiring", c: "active" },
        from: inDays(2),
      },
      /make c active/,
    ],
  ])("%s", (_title, states, published, expected, step) => {
    const given = Object.fromEntries(
      Object.entries(states).map(([id, state]) => [id, state]),
    );
    expect(nextStep(ledger(given, { published }), LIVE, SOAK, NOW)).toEqual({
      ...expected,
      step: expect.stringMatching(step) as string,
    });
  });

  test("is always legal on the day it names", () => {
    let states: Record<string, string> = { a: "active" };
    for (let count = 0; count < 9; count += 1) {
      const evidence = ledger(states);
      const { change, from = NOW } = nextStep(evidence, [], SOAK, NOW);
      states = { ...states, ...change };
      expect(
        readChange(evidence, code(states), { minimumTrustSoak: SOAK }, from)
          .refusals,
      ).toEqual([]);
    }
    expect(Object.values(states)).toEqual([
      "retired",
      "retired",
      "retired",
      "active",
    ]);
  });
});

test("a new id is one that was never used", () => {
  expect(newGenerationId(["2026a"], NOW)).toBe("2027a");
  expect(newGenerationId(["2027a", "2027b"], NOW)).toBe("2027c");
  const letters = Array.from(
    { length: 26 },
    (_, index) => `2027${String.fromCharCode(97 + index)}`,
  );
  expect(newGenerationId(letters, NOW)).toBe("2027-27");
});
