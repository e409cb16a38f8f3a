import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import {
  checkRenewal,
  checkValidityDays,
  daysLeft,
  formatDate,
  renewalPoint,
  validityFrom,
} from "../../pki/validity";
import { issue } from "./support/authority";
import { readCertificate } from "./support/der";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UTC_TIME = 23;
const GENERALIZED_TIME = 24;

const moment = fc.date({
  min: new Date("2020-01-01T00:00:00Z"),
  max: new Date("2200-01-01T00:00:00Z"),
  noInvalidDate: true,
});
const days = fc.integer({ min: 1, max: 36_500 });

describe("the span", () => {
  test("begins one hour before now and ends that many days of 24 hours after it, in whole seconds", () => {
    fc.assert(
      fc.property(moment, days, (now, count) => {
        const { notBefore, notAfter } = validityFrom(now, count);
        expect(notBefore.getMilliseconds()).toBe(0);
        expect(now.getTime() - HOUR - notBefore.getTime()).toBeLessThan(1000);
        expect(notBefore.getTime()).toBeLessThanOrEqual(now.getTime() - HOUR);
        expect(notAfter.getTime() - notBefore.getTime()).toBe(
          count * DAY + HOUR,
        );
        expect(daysLeft(notAfter, notBefore)).toBe(count);
      }),
    );
  });

  test.each([
    ["a full day", DAY, 1],
    ["a second less than a day", DAY - 1000, 0],
    ["nothing", 0, 0],
    ["a second too late", -1000, -1],
  ])("%s left counts in whole days", (_name, left, expected) => {
    const now = new Date("2026-11-20T12:00:00Z");
    expect(daysLeft(new Date(now.getTime() + left), now)).toBe(expected);
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, "90", undefined, null])(
    "%p is no number of days",
    (value) => {
      expect(checkValidityDays(value)).toEqual([
        {
          path: "validityDays",
          message: expect.stringMatching(
            /is no validity; write a whole/,
          ) as string,
        },
      ]);
    },
  );

  test("more than a century is refused, a century is not", () => {
    expect(checkValidityDays(36_500)).toEqual([]);
    expect(checkValidityDays(36_501)).toEqual([
      {
        path: "validityDays",
        message: "36501 days are more than a century; write 36500 at most.",
      },
    ]);
  });
});

describe("the renewal point", () => {
  test("lies a third of the life before the end, and up to a twentieth more", () => {
    fc.assert(
      fc.property(fc.string(), moment, days, (name, now, count) => {
        const validity = validityFrom(now, count);
        const life = validity.notAfter.getTime() - validity.notBefore.getTime();
        const before =
          validity.notAfter.getTime() - renewalPoint(name, validity).getTime();
        expect(before).toBeGreaterThanOrEqual(life / 3);
        // Rounded down to the second.
        expect(before).toBeLessThan(life / 3 + life / 20 + 1000);
      }),
    );
  });

  test("is always the same one for a name", () => {
    fc.assert(
      fc.property(fc.string(), moment, days, (name, now, count) => {
        const validity = validityFrom(now, count);
        expect(renewalPoint(name, validity)).toEqual(
          renewalPoint(name, { ...validity }),
        );
      }),
    );
  });

  test("spreads a fleet of one minute over the whole twentieth", () => {
    const validity = validityFrom(new Date("2026-11-20T12:00:00Z"), 365);
    const width = (365 * DAY + HOUR) / 20;
    const latest = renewalLatest(validity);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let device = 0; device < 5000; device += 1) {
      const early =
        latest - renewalPoint(`device-${device}`, validity).getTime();
      const bucket = Math.min(9, Math.floor((early / width) * 10));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // 500 each if it were exact; five standard deviations of that are 106.
    expect(Math.min(...buckets)).toBeGreaterThan(390);
    expect(Math.max(...buckets)).toBeLessThan(610);
  });

  test("is so many days before the end where the user says so, whatever the name", () => {
    fc.assert(
      fc.property(fc.string(), moment, days, (name, now, beforeDays) => {
        const validity = validityFrom(now, beforeDays + 1);
        expect(
          validity.notAfter.getTime() -
            renewalPoint(name, validity, { beforeDays }).getTime(),
        ).toBe(beforeDays * DAY);
      }),
    );
  });

  test.each([
    [{}, 90, true],
    [{ beforeDays: 1 }, 90, true],
    [{ beforeDays: 89 }, 90, true],
    [{ beforeDays: 90 }, 90, false],
    [{ beforeDays: 91 }, 90, false],
    [{ beforeDays: 0 }, 90, false],
    [{ beforeDays: -1 }, 90, false],
    [{ beforeDays: 1.5 }, 90, false],
    [{ beforeDays: 1 }, 1, false],
  ])("%p of %d days: accepted is %p", (renewal, validityDays, accepted) => {
    const problems = checkRenewal(renewal, validityDays);
    expect(problems.map(({ path }) => path)).toEqual(
      accepted ? [] : ["beforeDays"],
    );
  });
});

describe("dates in certificates", () => {
  test.each([
    ["2049-12-30T23:59:59Z", 1, UTC_TIME, UTC_TIME],
    ["2049-12-31T00:00:00Z", 1, UTC_TIME, GENERALIZED_TIME],
    ["2050-01-01T00:59:59Z", 1, UTC_TIME, GENERALIZED_TIME],
    ["2050-01-01T01:00:00Z", 1, GENERALIZED_TIME, GENERALIZED_TIME],
    ["2030-01-01T00:00:00Z", 36_500, UTC_TIME, GENERALIZED_TIME],
  ])(
    "issued at %s for %d days: UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5)",
    async (at, validityDays, firstTag, lastTag) => {
      const { certificatePem, validity } = await issue(
        undefined,
        { profile: "root", validityDays },
        new Date(at),
      );
      const { notBefore, notAfter } = readCertificate(certificatePem);
      expect(notBefore.tag).toBe(firstTag);
      expect(notAfter.tag).toBe(lastTag);
      expect(notBefore.content.toString()).toBe(
        written(validity.notBefore, firstTag),
      );
      expect(notAfter.content.toString()).toBe(
        written(validity.notAfter, lastTag),
      );
      const read = new X509Certificate(certificatePem);
      expect(read.validFromDate).toEqual(validity.notBefore);
      expect(read.validToDate).toEqual(validity.notAfter);
    },
  );

  test("stand in outputs in whole seconds, UTC", () => {
    expect(formatDate(new Date("2026-11-20T21:46:40.999Z"))).toBe(
      "2026-11-20T21:46:40Z",
    );
  });
});

function renewalLatest(validity: { notBefore: Date; notAfter: Date }): number {
  const end = validity.notAfter.getTime();
  return end - (end - validity.notBefore.getTime()) / 3;
}

function written(date: Date, tag: number): string {
  const text = formatDate(date).replace(/[-:T]/g, "");
  return tag === UTC_TIME ? text.slice(2) : text;
}
