import { X509Certificate } from "node:crypto";
import { scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import {
  hierarchy,
  renewedCa,
  requester,
  rootInputs,
  serverInputs,
} from "./support/inputs";
import type { Diff } from "./support/plugin";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const DAY = 86_400_000;
const URN = urnOf("Certificate", "server-certificate");
const NO_CHANGE: Diff = { changes: "none", replaces: [] };
const UPDATE: Diff = { changes: "some", replaces: [] };
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let server: Requester;
let inputs: Properties;
let outs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  server = await requester();
  inputs = serverInputs(server, above.signer);
  ({ outs } = await plugin.create(URN, inputs));
});

afterAll(async () => {
  await plugin.stop();
});

/** Asks a plugin for which it is another moment. */
async function at<T>(
  now: Date | string,
  ask: (plugin: Plugin) => Promise<T>,
): Promise<T> {
  const text = typeof now === "string" ? now : now.toISOString();
  const other = await Plugin.start({ cwd: folder, now: text });
  try {
    return await ask(other);
  } finally {
    await other.stop();
  }
}

function daysAfter(date: unknown, days: number): Date {
  return new Date(new Date(String(date)).getTime() + days * DAY);
}

describe("renewal", () => {
  test("is due from the renewal point on, an update in place and never a replacement", async () => {
    const point = new Date(String(outs.renewAt));
    const before = new Date(point.getTime() - 1000);
    expect(await at(before, (p) => p.diff(URN, outs, inputs))).toEqual(
      NO_CHANGE,
    );
    expect(await at(point, (p) => p.diff(URN, outs, inputs))).toEqual(UPDATE);
    expect(
      await at(daysAfter(outs.notAfter, 30), (p) => p.diff(URN, outs, inputs)),
    ).toEqual(UPDATE);
  });

  test("keeps key and names, and makes a new serial number and new dates", async () => {
    const now = daysAfter(outs.renewAt, 1);
    const allowed = { ...inputs, allowClockOverride: true };
    const renewed = await at(now, async (p) => {
      const updated = await p.update(URN, outs, allowed);
      expect(await p.diff(URN, updated, allowed)).toEqual(NO_CHANGE);
      return updated;
    });
    const read = (from: Properties): X509Certificate =>
      new X509Certificate(String(from.certificatePem));
    expect(renewed.subjectKeyIdentifier).toBe(outs.subjectKeyIdentifier);
    expect(read(renewed).subject).toBe(read(outs).subject);
    expect(read(renewed).subjectAltName).toBe(read(outs).subjectAltName);
    expect(renewed.serialNumber).not.toBe(outs.serialNumber);
    expect(new Date(String(renewed.notAfter)).getTime()).toBe(
      Math.floor(now.getTime() / 1000) * 1000 + 365 * DAY,
    );
  });

  test("of a root keeps its key and name, too", async () => {
    const holder = await requester();
    const rootIn = { ...rootInputs(holder), allowClockOverride: true };
    const { outs: old } = await plugin.create(URN, rootIn);
    await at(daysAfter(old.renewAt, 0), async (p) => {
      expect(await p.check(URN, rootIn, rootIn)).toEqual([]);
      expect(await p.diff(URN, old, rootIn)).toEqual(UPDATE);
      const renewed = await p.update(URN, old, rootIn);
      expect(renewed.subjectKeyIdentifier).toBe(old.subjectKeyIdentifier);
      expect(renewed.certificatePem).not.toBe(old.certificatePem);
    });
  });

  test("that is due waits for its issuer, with a warning, while the issuer is about to be renewed", async () => {
    const ca = above.ca.validity.notAfter;
    // Issued 400 days before the issuer's end, due some 250 days later, when the issuer has 150 days left.
    const now = new Date(ca.getTime() - 400 * DAY);
    const allowed = { ...inputs, allowClockOverride: true };
    const { outs: late } = await at(now, (p) => p.create(URN, allowed));
    await at(daysAfter(late.renewAt, 1), async (p) => {
      expect(await p.diff(URN, late, allowed)).toEqual(NO_CHANGE);
      expect(p.log).toEqual([
        {
          severity: "warning",
          text: expect.stringMatching(
            /^is due since .* and waits: .*\(I5\)/,
          ) as string,
          urn: URN,
        },
      ]);
      // The issuer is renewed in the same update: its certificate is not known yet.
      const coming = {
        ...allowed,
        signer: { ...above.signer, certificatePem: UNKNOWN, chainPem: UNKNOWN },
      };
      expect(await p.diff(URN, late, coming)).toEqual(UPDATE);
    });
    await at(daysAfter(late.notAfter, -20), async (p) => {
      expect(await p.refusal(p.diff(URN, late, allowed))).toMatch(
        /^validityDays: 365 days would outlive the issuer.*\(I5\)/,
      );
    });
  });

  test("comes in the same update as its issuer's, once that is there", async () => {
    const now = daysAfter(outs.renewAt, 1);
    const renewed = await renewedCa(above, now);
    const news = {
      ...inputs,
      allowClockOverride: true,
      signer: { ...above.signer, certificatePem: renewed, chainPem: renewed },
    };
    await at(now, async (p) => {
      expect(await p.diff(URN, outs, news)).toEqual(UPDATE);
      const updated = await p.update(URN, outs, news);
      expect(updated.serialNumber).not.toBe(outs.serialNumber);
    });
  });

  test("does not come again and again for a certificate cut at its issuer's end", async () => {
    const end = above.ca.validity.notAfter;
    const cut = {
      ...inputs,
      truncate: true,
      renewal: { beforeDays: 30 },
      allowClockOverride: true,
    };
    const { outs: short } = await at(
      new Date(end.getTime() - 20 * DAY),
      async (p) => {
        const created = await p.create(URN, cut);
        expect(await p.diff(URN, created.outs, cut)).toEqual(NO_CHANGE);
        // But that it ends with its issuer is said while there is time.
        expect(p.log.map(({ severity, text }) => [severity, text])).toEqual([
          ["warning", expect.stringMatching(/^leaves out what its request/)],
          [
            "warning",
            expect.stringMatching(/^ends on .* with its issuer; renew/),
          ],
        ]);
        return created;
      },
    );
    expect(short.notAfter).toBe(end.toISOString().replace(".000Z", "Z"));
  });

  test("a change that no longer fits under the issuer is refused in the preview", async () => {
    const now = new Date(above.ca.validity.notAfter.getTime() - 100 * DAY);
    const news = { ...inputs, dnsNames: ["other.example.com"] };
    expect(await at(now, (p) => p.refusal(p.diff(URN, outs, news)))).toMatch(
      /^validityDays: 365 days would outlive the issuer.*\(I5\)/,
    );
  });
});

describe("a foreign clock", () => {
  test("signs nothing, unless the stack allows it", async () => {
    await at("2027-03-01T00:00:00Z", async (p) => {
      const reason = await p.refusal(p.create(URN, inputs));
      expect(reason).toBe(
        'MQTT_PKI_NOW: "2027-03-01T00:00:00Z" is for previews; unset it to sign certificates, or set mqtt-pki:allowClockOverride to true in the configuration of a test stack.',
      );
      expect(
        await p.refusal(
          p.create(URN, { ...inputs, allowClockOverride: false }),
        ),
      ).toBe(reason);
      const changed = { ...inputs, dnsNames: ["x.example.com"] };
      expect(await p.refusal(p.update(URN, outs, changed))).toBe(reason);
      const allowed = await p.create(URN, {
        ...inputs,
        allowClockOverride: true,
      });
      expect(allowed.outs.notBefore).toBe("2027-02-28T23:00:00Z");
    });
  });

  test("previews freely", async () => {
    await at("2027-03-01", async (p) => {
      expect(await p.check(URN, inputs)).toEqual([]);
      expect(await p.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
    });
  });

  test("that is none is refused by whatever asks for the time", async () => {
    await at("tomorrow", async (p) => {
      const reason =
        'MQTT_PKI_NOW: "tomorrow" is no date; write ISO 8601 with its zone, such as "2027-08-01T00:00:00Z".';
      expect(await p.check(URN, inputs)).toEqual([reason]);
      expect(await p.refusal(p.diff(URN, outs, inputs))).toBe(reason);
      const allowed = { ...inputs, allowClockOverride: true };
      expect(await p.refusal(p.create(URN, allowed))).toBe(reason);
    });
  });
});
