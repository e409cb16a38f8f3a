import { scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import {
  hierarchy,
  renewedCa,
  requester,
  rootInputs,
  serverInputs,
  without,
} from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";

const URN = urnOf("Certificate", "it");
const NO_CHANGE = { changes: "none", replaces: [] };
const UPDATE = { changes: "some", replaces: [] };
const NEVER = "99991231235959Z";
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let holder: Requester;
let inputs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  holder = await requester();
  inputs = serverInputs(holder, above.signer);
});

afterAll(async () => {
  await plugin.stop();
});

/** Creates it, and sees that a second look finds nothing to do. */
async function created(news: Properties): Promise<Properties> {
  expect(await plugin.check(URN, news)).toEqual([]);
  const { outs } = await plugin.create(URN, news);
  expect(await plugin.diff(URN, outs, news)).toEqual(NO_CHANGE);
  return outs;
}

/** Asks a plugin for which it is another moment. */
async function at<T>(now: string, ask: (p: Plugin) => Promise<T>): Promise<T> {
  const other = await Plugin.start({ cwd: folder, now });
  try {
    return await ask(other);
  } finally {
    await other.stop();
  }
}

describe("an end that the code names", () => {
  const END = "2028-01-01T00:00:00Z";
  const dated = (): Properties => ({
    ...without(inputs, "validityDays"),
    validity: { notAfter: END },
  });

  test("is never due, and past its renewal point a warning says who has to act", async () => {
    const outs = await created(dated());
    expect(outs.notAfter).toBe(END);
    await at("2027-12-31T00:00:00Z", async (later) => {
      expect(await later.check(URN, dated(), dated())).toEqual([]);
      expect(await later.diff(URN, outs, dated())).toEqual(NO_CHANGE);
      expect(later.log.at(-1)).toMatchObject({
        severity: "warning",
        text: `ends on ${END}, as the code says; write a later validity.notAfter`,
      });
    });
  });

  test("reissues when it changes", async () => {
    const outs = await created(dated());
    const news = { ...dated(), validity: { notAfter: "2029-01-01T00:00:00Z" } };
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, news);
    expect(updated.notAfter).toBe("2029-01-01T00:00:00Z");
    expect(await plugin.diff(URN, updated, news)).toEqual(NO_CHANGE);
  });

  test("that was cut at the issuer's end is caught up with once the issuer is renewed", async () => {
    const news = {
      ...dated(),
      validity: { notAfter: "2060-01-01T00:00:00Z" },
      truncate: true,
    };
    const outs = await created(news);
    const cut = new Date(String(outs.notAfter));
    expect(cut < new Date("2060-01-01T00:00:00Z")).toBe(true);
    const late = new Date(cut.getTime() - 86_400_000).toISOString();
    await at(late, async (later) => {
      expect(await later.diff(URN, outs, news)).toEqual(NO_CHANGE);
      expect(later.log.at(-1)?.text).toMatch(
        /with its issuer; renew the issuer/,
      );
      const certificatePem = await renewedCa(above, new Date(late));
      const signer = { ...above.signer, certificatePem };
      expect(await later.diff(URN, outs, { ...news, signer })).toEqual(UPDATE);
    });
  });

  test("of a CA does not refuse what was issued below it long ago", async () => {
    const authorities = [
      {
        subject: { commonName: "Test Issuing CA" },
        validity: { notAfter: END },
      },
    ];
    const news = { ...inputs, signer: { ...above.signer, authorities } };
    const outs = await created(news);
    await at("2027-03-01T00:00:00Z", async (later) => {
      expect(await later.check(URN, news, news)).toEqual([]);
      expect(await later.diff(URN, outs, news)).toEqual(NO_CHANGE);
      expect(await later.check(URN, news)).toEqual([
        expect.stringMatching(/^validityDays: 365 would outlive the issuer/),
      ]);
    });
  });

  test("may begin later: it is looked at when it begins", async () => {
    const outs = await created({
      ...dated(),
      validity: { notBefore: "2027-11-01T00:00:00Z", notAfter: END },
    });
    expect(outs.notBefore).toBe("2027-11-01T00:00:00Z");
  });

  test("may be no end at all, for a root", async () => {
    const urn = urnOf("Certificate", "root");
    const news = {
      ...without(rootInputs(holder), "validityDays"),
      validity: { notAfter: NEVER },
    };
    expect(await plugin.check(urn, news)).toEqual([]);
    const { outs } = await plugin.create(urn, news);
    expect(outs.notAfter).toBe("9999-12-31T23:59:59Z");
    expect(await plugin.diff(urn, outs, news)).toEqual(NO_CHANGE);
  });
});
