import fc from "fast-check";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import {
  addLive,
  checkStillTrusted,
  formatLive,
} from "../../rotation/liveCertificates";
import { NOW, dateIn, inDays } from "./ledgers";

function live(
  name: string,
  days: number,
  overrides: Partial<LiveCertificates> = {},
): LiveCertificates {
  return {
    name,
    count: 1,
    issuers: ["a"],
    expiresLast: dateIn(days),
    ...overrides,
  };
}

describe("what was issued", () => {
  test("is added up by resource and chain, with the latest end", () => {
    expect(
      addLive(
        [live("x", 9, { count: 5 }), live("y", 1)],
        live("x", 7, { count: 2 }),
        NOW,
      ),
    ).toEqual([live("x", 9, { count: 7 }), live("y", 1)]);
  });

  test("stays apart for each chain of issuers", () => {
    const other = live("x", 7, { issuers: ["b", "a"] });
    expect(addLive([live("x", 9)], other, NOW)).toEqual([live("x", 9), other]);
  });

  test("is forgotten after its last second, and not before", () => {
    const old = live("x", 3);
    const fresh = live("y", 9);
    expect(addLive([old], fresh, inDays(3))).toEqual([old, fresh]);
    expect(addLive([old], fresh, inDays(3 + 1 / 86_400))).toEqual([fresh]);
  });

  test("is kept where its end cannot be read", () => {
    const odd = live("x", 0, { expiresLast: "for ever" });
    expect(addLive([odd], live("y", 1), NOW)).toContainEqual(odd);
    expect(checkStillTrusted([odd], [], inDays(9999))).toHaveLength(1);
  });

  test("forgets no certificate that is valid, in whatever order they come", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.constantFrom("x", "y"),
            issuer: fc.constantFrom("a", "b"),
            day: fc.integer({ min: 1, max: 50 }),
          }),
          { minLength: 1 },
        ),
        fc.integer({ min: 0, max: 60 }),
        (issued, later) => {
          const marks = issued.reduce<LiveCertificates[]>(
            (known, { name, issuer, day }) =>
              addLive(known, live(name, day, { issuers: [issuer] }), NOW),
            [],
          );
          for (const issuer of ["a", "b"]) {
            const valid = issued.some(
              (one) => one.issuer === issuer && one.day >= later,
            );
            const trusted = issuer === "a" ? "b" : "a";
            const refused = checkStillTrusted(
              marks,
              [
                {
                  authority: "ca",
                  id: trusted,
                  state: "active",
                  subjectKeyIdentifier: trusted,
                },
              ],
              inDays(later),
            );
            expect(refused.length > 0).toBe(valid);
          }
        },
      ),
    );
  });
});

test("a message names few of many, the last to expire first", () => {
  const many = Array.from({ length: 7 }, (_, index) =>
    live(`r${index}`, index),
  );
  expect(formatLive(many)).toBe(
    [6, 5, 4, 3, 2]
      .map((day) => `r${day} (1, until ${dateIn(day)})`)
      .join(", ") + " and 2 more",
  );
});
