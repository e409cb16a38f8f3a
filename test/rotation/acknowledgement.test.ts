import { formatProblem } from "../../pki/problem";
import {
  applyAcknowledgements,
  canBeAcknowledged,
  checkAcknowledgements,
  formatAcknowledgement,
} from "../../rotation/acknowledgement";
import type { Refusal } from "../../rotation/refusal";
import { RULES } from "../../rotation/refusal";
import { NOW, dateIn, inDays } from "./ledgers";

const day = (days: number) => dateIn(days).slice(0, 10);

function acknowledgement(overrides = {}) {
  return {
    rule: "I4",
    reason: "all brokers were restarted",
    until: day(30),
    ...overrides,
  };
}

function problems(overrides: object): string[] {
  return checkAcknowledgements([acknowledgement(overrides)], NOW).map(
    formatProblem,
  );
}

const REFUSAL: Refusal = {
  rule: "I4",
  path: "generations.a.state",
  message: "3 certificates chain to it (I4).",
};

describe("which rules can be acknowledged", () => {
  test("those that may be broken on purpose", () => {
    expect(RULES.filter(canBeAcknowledged)).toEqual(["I3", "I4", "I8"]);
  });

  test.each(RULES.filter((rule) => !canBeAcknowledged(rule)))(
    "%s cannot, and the refusal names another way",
    (rule) => {
      expect(problems({ rule })).toEqual([
        expect.stringMatching(
          new RegExp(
            `^acknowledge\\[0\\]\\.rule: "${rule}" cannot be acknowledged: .+\\. Only I3, I4, I8 can\\.$`,
          ),
        ),
      ]);
    },
  );

  test.each(["I14", "i4", "", "toString"])("%j is no rule at all", (rule) => {
    expect(problems({ rule })).toEqual([
      `acknowledge[0].rule: ${JSON.stringify(rule)} is no rule that can be acknowledged; write one of I3, I4, I8.`,
    ]);
  });
});

test("a day without quotes in a stack's configuration is the same day", () => {
  const unquoted = acknowledgement({ until: `${day(30)} 00:00:00 +0000 UTC` });
  expect(checkAcknowledgements([unquoted], NOW)).toEqual([]);
  expect(formatAcknowledgement(unquoted)).toBe(
    formatAcknowledgement(acknowledgement()),
  );
});

describe("a mistake in an acknowledgement", () => {
  test.each([
    ["no reason", { reason: "" }, /reason: is empty/],
    ["blanks for a reason", { reason: " \n" }, /reason: is empty/],
    [
      "no date",
      { until: "soon" },
      /until: "soon" is no day; write UTC such as/,
    ],
    ["a day that there is not", { until: "2027-02-30" }, /is no day/],
    ["a date with a time", { until: dateIn(1) }, /is no day/],
    [
      "an end too far away",
      { until: day(91) },
      /until: "2027-04-02" is more than 90 days away; write 2027-04-01 at most\./,
    ],
  ])("%s", (_title, overrides, message) => {
    expect(problems(overrides)).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    ["the latest day", { until: day(90) }],
    ["today", { until: day(0) }],
    ["one that has ended", { until: day(-300) }],
  ])("none: %s", (_title, overrides) => {
    expect(problems(overrides)).toEqual([]);
  });
});

describe("a refusal", () => {
  test.each([
    ["long before its end", NOW],
    ["in the last second of its last day", inDays(31 - 1 / 86_400)],
  ])("is acknowledged %s", (_title, now) => {
    const only = acknowledgement();
    expect(applyAcknowledgements([REFUSAL], [only], now)).toEqual({
      refused: [],
      acknowledged: [{ refusal: REFUSAL, acknowledgement: only }],
    });
  });

  test("stays refused after that day, and says so", () => {
    expect(
      applyAcknowledgements([REFUSAL], [acknowledgement()], inDays(31)),
    ).toEqual({
      refused: [
        {
          ...REFUSAL,
          message: `3 certificates chain to it (I4). The acknowledgement of I4 ended on ${day(30)}.`,
        },
      ],
      acknowledged: [],
    });
  });

  test.each([
    ["of another rule", { rule: "I3" }],
    ["without a reason", { reason: "" }],
    ["for a year", { until: day(365) }],
  ])("stays refused with an acknowledgement %s", (_title, overrides) => {
    expect(
      applyAcknowledgements([REFUSAL], [acknowledgement(overrides)], NOW),
    ).toEqual({ refused: [REFUSAL], acknowledged: [] });
  });

  test.each(RULES.filter((rule) => !canBeAcknowledged(rule)))(
    "of %s stays refused whatever is acknowledged",
    (rule) => {
      const refusal = { ...REFUSAL, rule };
      expect(
        applyAcknowledgements([refusal], [acknowledgement({ rule })], NOW)
          .refused,
      ).toEqual([refusal]);
    },
  );
});

test("is printed with its end and its reason", () => {
  expect(formatAcknowledgement(acknowledgement({ reason: " why\n" }))).toBe(
    `I4 is acknowledged until ${day(30)}: why`,
  );
});
