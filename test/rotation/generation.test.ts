import fc from "fast-check";
import { encodePem, splitCertificates } from "../../pki/pem";
import { formatProblem } from "../../pki/problem";
import {
  GenerationState,
  checkGenerations,
  trustBundle,
} from "../../rotation/generation";

const STATES = Object.values(GenerationState);

/** A certificate's place in these tests is taken by any block of the right form. */
function pem(id: string): string {
  return encodePem("CERTIFICATE", Buffer.from(`certificate of ${id}`));
}

function generations(
  states: Readonly<Record<string, string>>,
): Record<string, { state: string; certificatePem: string }> {
  return Object.fromEntries(
    Object.entries(states).map(([id, state]) => [
      id,
      { state, certificatePem: pem(id) },
    ]),
  );
}

describe("I1: exactly one generation is active", () => {
  const all = { a: "staged", c: "retiring", d: "retired", e: "compromised" };

  test.each([
    ["one active", { a: "active" }],
    ["one active among all others", { ...all, b: "active" }],
  ])("%s is accepted", (_rule, states) => {
    expect(checkGenerations(generations(states))).toEqual([]);
  });

  test.each([
    ["none at all", {}, [/\(I1\)/]],
    ["one staged", { a: "staged" }, [/no generation is active.*\(I1\)/]],
    ["all but an active one", all, [/no generation is active.*\(I1\)/]],
    [
      "two active",
      { a: "active", b: "active" },
      [/"b" is active beside "a".*\(I1\)/],
    ],
    [
      "three active",
      { a: "active", b: "active", c: "active" },
      [/"b" is active beside "a"/, /"c" is active beside "a"/],
    ],
    [
      "a state nobody knows",
      { a: "active", b: "Active" },
      [
        /^generations\.b\.state: "Active" is no state of a generation; write one of staged, active, retiring, retired, compromised\.$/,
      ],
    ],
    [
      "a state nobody knows and none active",
      { a: "aktiv" },
      [/^generations\.a\.state: "aktiv" is no state/, /\(I1\)/],
    ],
    ["an empty state", { a: "" }, [/^generations\.a\.state: "" is no/, /I1/]],
  ])("%s is refused", (_rule, states, messages) => {
    expect(checkGenerations(generations(states)).map(formatProblem)).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });

  test("is accepted for every list of states with exactly one active one, and for no other", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z0-9]{1,5}$/),
          fc.constantFrom(...STATES),
        ),
        (states) => {
          const active = Object.values(states).filter(
            (state) => state === "active",
          ).length;
          expect(checkGenerations(generations(states)).length === 0).toBe(
            active === 1,
          );
        },
      ),
    );
  });
});

describe("the trust bundle", () => {
  test.each([
    ["staged", true],
    ["active", true],
    ["retiring", true],
    ["compromised", true],
    ["retired", false],
  ])("holds a %s generation: %p", (state, held) => {
    expect(trustBundle(generations({ it: state }))).toBe(held ? pem("it") : "");
  });

  test("stands in the order of the ids, whatever the order of the code", () => {
    const ids = ["2026a", "2026b", "2027a", "2028a"];
    const states = Object.fromEntries(ids.map((id) => [id, "active"]));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids, { minLength: ids.length }),
        (shuffled) => {
          const list = generations(
            Object.fromEntries(shuffled.map((id) => [id, states[id] ?? ""])),
          );
          expect(trustBundle(list)).toBe(ids.map(pem).join(""));
        },
      ),
    );
  });

  test("does not change with a state that stays trusted, so no device sees a promotion", () => {
    const before = trustBundle(generations({ a: "active", b: "staged" }));
    const after = trustBundle(generations({ a: "retiring", b: "active" }));
    expect(after).toBe(before);
  });

  test("holds each certificate once, and nothing but certificates", () => {
    const both = {
      a: { state: "active", certificatePem: `words\n${pem("x")}` },
      b: { state: "staged", certificatePem: pem("x").replaceAll("\n", "\r\n") },
    };
    expect(trustBundle(both)).toBe(pem("x"));
    expect(splitCertificates(trustBundle(both))).toHaveLength(1);
  });
});
