import { createPublicKey } from "node:crypto";
import { DEFAULT_KEY, exportPkcs8, generateKey } from "../../pki/key";
import { scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import { hierarchy, requester, rootInputs } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const URN = urnOf("Certificate", "it");
const folder = scratchFolder();
const publicPem = (privateKeyPem: string): string =>
  createPublicKey(privateKeyPem)
    .export({ type: "spki", format: "pem" })
    .toString();

let plugin: Plugin;
let above: Hierarchy;
let holder: Requester;
let rootIn: Properties;
let rootOuts: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  holder = await requester();
  rootIn = rootInputs(holder);
  ({ outs: rootOuts } = await plugin.create(URN, rootIn));
});

afterAll(async () => {
  await plugin.stop();
});

describe("a CA keeps its key and its name for life", () => {
  const P384 = { algorithm: "ECDSA", ecdsaCurve: "P384" };
  const rows: readonly [string, Properties, RegExp][] = [
    [
      "I10: another kind of key",
      { key: P384 },
      /^key: "ECDSA P384" would change the key of an active CA in place.*\(I10\)/,
    ],
    [
      "I11: another name",
      { subject: { commonName: "Renamed" } },
      /^subject: "CN=Renamed" would rename a CA in place.*\(I11\)/,
    ],
    [
      "I11: another name that reads the same",
      { subject: { commonName: "Root", organization: "My IoT Cloud, OU=x" } },
      /^subject: .*\(I11\)/,
    ],
    [
      "I11: one attribute less",
      { subject: { commonName: "Root" } },
      /^subject: .*\(I11\)/,
    ],
  ];

  test.each(rows)("%s is refused", async (_rule, change, reason) => {
    const failures = await plugin.check(URN, { ...rootIn, ...change }, rootIn);
    expect(failures.some((text) => reason.test(text))).toBe(true);
  });

  test("I11: a name written in two attributes is not the same as in one", async () => {
    const olds = rootInputs(holder, {
      subject: {
        commonName: "Root",
        organization: "A",
        organizationalUnit: "B",
      },
    });
    const news = rootInputs(holder, {
      subject: { commonName: "Root", organization: "A, OU=B" },
    });
    expect(await plugin.check(URN, news, olds)).toEqual([
      expect.stringMatching(/^subject: .*\(I11\)/),
    ]);
  });

  test("a CA of another profile is refused, with or without another name", async () => {
    for (const subject of [rootIn.subject, { commonName: "Renamed" }]) {
      const news = {
        ...rootIn,
        profile: "intermediate",
        subject,
        validityDays: 1000,
        signer: above.signer,
      };
      const failures = await plugin.check(URN, news, rootIn);
      expect(failures.join("\n")).toMatch(/\(I1[01]\)/);
    }
  });

  test("I10: another key of the same kind is refused in the preview", async () => {
    const news = rootInputs(await requester());
    expect(await plugin.check(URN, news, rootIn)).toEqual([]);
    const reason = await plugin.refusal(plugin.diff(URN, rootOuts, news));
    expect(reason).toMatch(
      /^key: the key of an active CA would change.*\(I10\)/,
    );
    expect(await plugin.refusal(plugin.update(URN, rootOuts, news))).toBe(
      reason,
    );
  });

  test("I10: so is one that hides behind another change", async () => {
    const news = rootInputs(await requester(), { validityDays: 3000 });
    for (const call of [
      () => plugin.diff(URN, rootOuts, news),
      () => plugin.update(URN, rootOuts, news),
    ]) {
      expect(await plugin.refusal(call())).toMatch(/\(I10\)/);
    }
  });

  test("I10: so is one that is about to be made", async () => {
    const news = { ...rootIn, requestPem: UNKNOWN };
    expect(await plugin.refusal(plugin.diff(URN, rootOuts, news))).toMatch(
      /\(I10\)/,
    );
  });

  test("a request made anew for the same key is none of it, as far as the preview is told the key", async () => {
    const { privateKeyPem } = holder;
    const publicKeyPem = publicPem(privateKeyPem);
    const news = { ...rootIn, requestPem: UNKNOWN, publicKeyPem };
    expect(await plugin.diff(URN, rootOuts, news)).toMatchObject({
      changes: "some",
    });
    const other = {
      ...rootIn,
      publicKeyPem: publicPem(exportPkcs8(generateKey(DEFAULT_KEY))),
    };
    expect(await plugin.check(URN, other, rootIn)).toEqual([
      "publicKeyPem: is not the key of requestPem; give the key the request was made with.",
    ]);
    expect(
      await plugin.check(URN, { ...rootIn, publicKeyPem: "key.pub" }, rootIn),
    ).toEqual([
      expect.stringMatching(/^publicKeyPem: is no public key/) as string,
    ]);
  });

  test("a longer life with the same key and name is an update in place (I11)", async () => {
    const news = rootInputs(holder, { validityDays: 4000 });
    expect(await plugin.check(URN, news, rootIn)).toEqual([]);
    expect(await plugin.diff(URN, rootOuts, news)).toEqual({
      changes: "some",
      replaces: [],
    });
    const updated = await plugin.update(URN, rootOuts, news);
    expect(updated.subjectKeyIdentifier).toBe(rootOuts.subjectKeyIdentifier);
    expect(updated.serialNumber).not.toBe(rootOuts.serialNumber);
  });
});
