import type { Publication } from "../../rotation/publication";
import {
  checkPublication,
  recordPublication,
} from "../../rotation/publication";
import { NOW, dateIn, inDays } from "./ledgers";

const DAY = 86_400_000;
const SOAK = { minimumTrustSoak: 7 * DAY };

function generations(states: Readonly<Record<string, string>>) {
  return Object.entries(states).map(([id, state]) => ({
    authority: "server-root",
    id,
    state,
    subjectKeyIdentifier: `key of ${id}`,
  }));
}

/** What a place holds after updates on these days. */
function play(
  ...updates: readonly (readonly [number, Record<string, string>])[]
): Publication {
  const last = updates.reduce<Publication | undefined>(
    (before, [day, states]) =>
      recordPublication(
        before,
        generations(states),
        `bundle of ${Object.keys(states).join()}`,
        inDays(day),
      ),
    undefined,
  );
  if (last === undefined) {
    throw new Error("nothing was played");
  }
  return last;
}

function refusals(
  before: Publication | undefined,
  day: number,
  states: Readonly<Record<string, string>>,
  soak: Parameters<typeof checkPublication>[3] = SOAK,
): string[] {
  return checkPublication(
    "mqtt-ca-bundle in thingsboard",
    before,
    generations(states),
    soak,
    inDays(day),
  ).map(({ rule, message }) => `${rule}: ${message}`);
}

const FIRST = { a: "active" };
const STAGED = { a: "active", b: "staged" };
const ACTIVATED = { a: "retiring", b: "active" };
const ROLLED_BACK = { a: "active", b: "retiring" };

describe("a generation that signs", () => {
  test("is refused until its place has held it for the soak time, to the second", () => {
    const before = play([0, FIRST], [1, STAGED]);
    expect(refusals(before, 8 - 1 / 86_400, ACTIVATED)).toEqual([
      `I3: "b" of server-root has been in the bundle of mqtt-ca-bundle in thingsboard since ${dateIn(1)} only, and what does not have that bundle yet would refuse all that it signs (I3): keep staged until ${dateIn(8)} (7 days), or confirm with confirmedBundle: "bundle of a,b" that the bundle is everywhere.`,
    ]);
    expect(refusals(before, 8, ACTIVATED)).toEqual([]);
  });

  test("is refused where the update that staged it never got to the place, however long ago", () => {
    expect(refusals(play([0, FIRST]), 400, ACTIVATED)).toEqual([
      expect.stringMatching(
        /^I3: "b" of server-root is not in the bundle that mqtt-ca-bundle in thingsboard holds, since no update that published it came to its end;.*write staged, run an update to its end, and wait 7 days from there\.$/,
      ),
    ]);
  });

  test("counts from the update that came to its end, and not from the one that failed", () => {
    const before = play([0, FIRST], [8.9, STAGED]);
    expect(refusals(before, 9, ACTIVATED)).toHaveLength(1);
    expect(refusals(before, 15.9, ACTIVATED)).toEqual([]);
  });

  test("may do so earlier where the code confirms the bundle that the place holds, and no other", () => {
    const confirmed = (confirmedBundle: string) => ({
      ...SOAK,
      confirmedBundle,
    });
    const before = play([0, FIRST], [1, STAGED]);
    expect(refusals(before, 2, ACTIVATED, confirmed("bundle of a,b"))).toEqual(
      [],
    );
    expect(
      refusals(before, 2, ACTIVATED, confirmed("bundle of a")),
    ).toHaveLength(1);
    expect(
      refusals(play([0, FIRST]), 2, ACTIVATED, confirmed("bundle of a")),
    ).toHaveLength(1);
  });

  test("goes back at once to one that has signed before", () => {
    const before = play([0, FIRST], [1, STAGED], [1.1, ACTIVATED]);
    expect(refusals(before, 1.2, ROLLED_BACK)).toEqual([]);
  });

  test("starts anew where it left the bundle in between", () => {
    const before = play(
      [0, FIRST],
      [1, STAGED],
      [9, ACTIVATED],
      [10, { b: "active" }],
      [11, ACTIVATED],
    );
    expect(before.published).toEqual({
      "key of a": dateIn(11),
      "key of b": dateIn(1),
    });
    expect(refusals(before, 12, ROLLED_BACK)).toHaveLength(1);
    expect(refusals(before, 18, ROLLED_BACK)).toEqual([]);
  });
});

test("a place that is new has given nobody an older bundle", () => {
  expect(refusals(undefined, 0, ACTIVATED)).toEqual([]);
  expect(NOW.getTime()).toBe(inDays(0).getTime());
});
