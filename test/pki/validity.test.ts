import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import {
  NO_EXPIRATION,
  checkEnd,
  checkRenewal,
  checkValidity,
  checkValidityDays,
  daysLeft,
  formatDate,
  isSettled,
  parseDate,
  renewalPoint,
  validityFrom,
} from "../../pki/validity";
import type { CertificateOrder } from "../../pki/order";
import type { ValidityOrder } from "../../pki/validity";
import { DEFAULT_NOW, issue } from "./support/authority";
import { readCertificate } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

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
        const { notBefore, notAfter } = validityFrom(now, {
          validityDays: count,
        });
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
        message:
          "36501 days are more than a century; write 36500 at most, or a date as validity.notAfter.",
      },
    ]);
  });
});

describe("the renewal point", () => {
  test("lies a third of the life before the end, and up to a twentieth more", () => {
    fc.assert(
      fc.property(fc.string(), moment, days, (name, now, count) => {
        const validity = validityFrom(now, { validityDays: count });
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
        const validity = validityFrom(now, { validityDays: count });
        expect(renewalPoint(name, validity)).toEqual(
          renewalPoint(name, { ...validity }),
        );
      }),
    );
  });

  test("spreads a fleet of one minute over the whole twentieth", () => {
    const validity = validityFrom(new Date("2026-11-20T12:00:00Z"), {
      validityDays: 365,
    });
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
        const validity = validityFrom(now, { validityDays: beforeDays + 1 });
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
    const problems = checkRenewal(renewal, { validityDays });
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

  test.each([
    ["2049-12-31T23:59:59Z", UTC_TIME, "491231235959Z"],
    ["2050-01-01T00:00:00Z", GENERALIZED_TIME, "20500101000000Z"],
    [NO_EXPIRATION, GENERALIZED_TIME, "99991231235959Z"],
    ["20491231235959Z", UTC_TIME, "491231235959Z"],
  ])("an end of %s is written as it must be", async (end, tag, text) => {
    const { certificatePem } = await issue(undefined, dated(end));
    const { notAfter } = readCertificate(certificatePem);
    expect([notAfter.tag, notAfter.content.toString()]).toEqual([tag, text]);
  });

  test.each([
    ["1950-01-01T00:00:00Z", UTC_TIME, "500101000000Z"],
    ["1999-12-31T23:59:59Z", UTC_TIME, "991231235959Z"],
    ["2000-01-01T00:00:00Z", UTC_TIME, "000101000000Z"],
    ["2050-01-01T00:00:00Z", GENERALIZED_TIME, "20500101000000Z"],
  ])("a beginning of %s is written as it must be", async (begin, tag, text) => {
    const { certificatePem } = await issue(
      undefined,
      dated("2060-01-01T00:00:00Z", begin),
    );
    const { notBefore } = readCertificate(certificatePem);
    expect([notBefore.tag, notBefore.content.toString()]).toEqual([tag, text]);
  });

  test("stand in outputs in whole seconds, UTC", () => {
    expect(formatDate(new Date("2026-11-20T21:46:40.999Z"))).toBe(
      "2026-11-20T21:46:40Z",
    );
  });
});

/** An order whose dates the code names. */
function dated(
  notAfter: string,
  notBefore?: string,
): Partial<CertificateOrder> & ValidityOrder {
  return {
    profile: "root",
    validity: { notAfter, ...(notBefore !== undefined && { notBefore }) },
  };
}

describe("dates in an order", () => {
  const text = (date: Date): string => formatDate(date);

  test("every date of this calendar that RFC 5280 can write is read back as itself, in both forms", () => {
    const date = fc.date({
      min: new Date("1950-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (some) => {
        const whole = new Date(Math.floor(some.getTime() / 1000) * 1000);
        expect(parseDate(text(whole))).toEqual(whole);
        expect(parseDate(text(whole).replace(/[-:T]/g, ""))).toEqual(whole);
        expect(parseDate(whole.toISOString())).toEqual(whole);
        expect(
          parseDate(text(whole).replace("T", " ").replace("Z", " +0000 UTC")),
        ).toEqual(whole);
      }),
    );
  });

  test.each([
    "2026-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-12-01T24:00:00Z",
    "2026-12-01T23:59:60Z",
    "2026-12-01",
    "2026-12-01T00:00:00",
    "2026-12-01T00:00:00+01:00",
    "2026-12-01T00:00:00.5Z",
    "261201000000Z",
    "1949-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    " 2026-12-01T00:00:00Z",
    "",
  ])("%p is no date", (wrong) => {
    expect(parseDate(wrong)).toBeUndefined();
    expect(checkValidity({ validity: { notAfter: wrong } })).toEqual([
      {
        path: "validity.notAfter",
        message: `${JSON.stringify(wrong)} is no date; write UTC such as "2026-12-01T00:00:00Z", or "99991231235959Z" for no end.`,
      },
    ]);
  });

  test("a beginning that is none is reported at its place, and both at once", () => {
    expect(
      checkValidity({ validity: { notBefore: "now", notAfter: "never" } }).map(
        ({ path }) => path,
      ),
    ).toEqual(["validity.notBefore", "validity.notAfter"]);
  });

  test.each([
    ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z", false],
    ["2030-01-01T00:00:01Z", "2030-01-01T00:00:00Z", false],
    ["2029-12-31T23:59:59Z", "2030-01-01T00:00:00Z", true],
  ])("from %s to %s: accepted is %p", (notBefore, notAfter, accepted) => {
    const problems = checkValidity({ validity: { notBefore, notAfter } });
    expect(problems.map(({ path }) => path)).toEqual(
      accepted ? [] : ["validity.notAfter"],
    );
  });

  test("days and dates exclude each other, and one of them is needed", () => {
    const validity = { notAfter: NO_EXPIRATION };
    expect(checkValidity({ validity })).toEqual([]);
    expect(checkValidity({ validity, validityDays: 3 })).toEqual([
      {
        path: "validityDays",
        message: "3 stands beside validity; write days or dates, not both.",
      },
    ]);
    expect(checkValidity({}).map(({ path }) => path)).toEqual(["validityDays"]);
  });

  test("a renewal point says nothing beside dates", () => {
    expect(
      checkRenewal(
        { beforeDays: 30 },
        { validity: { notAfter: NO_EXPIRATION } },
      ),
    ).toEqual([
      {
        path: "beforeDays",
        message: expect.stringMatching(
          /^30 says nothing beside validity\.notAfter/,
        ) as string,
      },
    ]);
  });

  test("an end that is past is refused, to the second", () => {
    const at = (notAfter: string): number =>
      checkEnd({ validity: { notAfter } }, DEFAULT_NOW).length;
    expect(at("2026-11-20T12:00:00Z")).toBe(1);
    expect(at("2026-11-20T12:00:01Z")).toBe(0);
    expect(checkEnd({ validityDays: 1 }, DEFAULT_NOW)).toEqual([]);
  });

  test("a certificate has come to the end its order names, or was cut before it", () => {
    const order = { validity: { notAfter: "2030-01-01T00:00:00Z" } };
    expect(isSettled(new Date("2030-01-01T00:00:00Z"), order)).toBe(true);
    expect(isSettled(new Date("2029-12-31T23:59:59Z"), order)).toBe(false);
    expect(isSettled(new Date("2030-01-01T00:00:00Z"), {})).toBe(false);
  });

  describeOpenSsl("OpenSSL", (openssl) => {
    test("reads the end that is none", async () => {
      const { certificatePem } = await issue(undefined, dated(NO_EXPIRATION));
      expect(
        openssl.run(["x509", "-noout", "-enddate"], certificatePem).trim(),
      ).toBe("notAfter=Dec 31 23:59:59 9999 GMT");
      expect(openssl.run(["asn1parse"], certificatePem)).toMatch(
        /GENERALIZEDTIME\s+:99991231235959Z/,
      );
    });
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
