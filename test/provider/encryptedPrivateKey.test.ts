import { createPrivateKey } from "node:crypto";
import { exportPkcs8, generateKey } from "../../pki/key";
import { scratchFolder } from "../pki/support/openssl";
import { KeySearch } from "../support/keySearch";
import { NO_CHANGE, UPDATE } from "./support/batch";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, isSecret, output, secret } from "./support/wire";

const URN = urnOf("EncryptedPrivateKey", "broker");
const PASSPHRASE = "a long and random passphrase";
const SHORT = "geh1m!";
const folder = scratchFolder();
const key = generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
const rsa = generateKey({ algorithm: "RSA", rsaBits: 2048 });
const ed25519 = generateKey({ algorithm: "ED25519" });

const inputs: Properties = {
  privateKeyPem: secret(exportPkcs8(key)),
  passphrase: secret(PASSPHRASE),
};
const traditional: Properties = { ...inputs, form: "TRADITIONAL" };

let plugin: Plugin;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
});

afterAll(async () => {
  await plugin.stop();
});

/** The encrypted key of these outputs, which hold nothing else. */
function pemOf(outs: Properties): string {
  expect(Object.keys(outs)).toEqual(["encryptedPrivateKeyPem"]);
  expect(isSecret(outs.encryptedPrivateKeyPem)).toBe(true);
  return String((outs.encryptedPrivateKeyPem as Properties).value);
}

describe("a key that is encrypted", () => {
  const rows: readonly [string, Properties, RegExp][] = [
    ["PKCS#8 unless asked", inputs, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/],
    [
      "PKCS#8",
      { ...inputs, form: "PKCS8" },
      /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/,
    ],
    [
      "the traditional form",
      traditional,
      /^-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,/,
    ],
  ];

  test.each(rows)(
    "is in %s, opens, and settles",
    async (_form, made, begin) => {
      expect(await plugin.check(URN, made)).toEqual([]);
      const { id, outs } = await plugin.create(URN, made);
      expect(id).toBe("broker");
      const pem = pemOf(outs);
      expect(pem).toMatch(begin);
      const opened = createPrivateKey({ key: pem, passphrase: PASSPHRASE });
      expect(opened.equals(key)).toBe(true);
      expect((await plugin.create(URN, made)).outs).toEqual(outs);
      expect(await plugin.diff(URN, outs, made)).toEqual(NO_CHANGE);
    },
  );

  test("is no change where the same key comes in another form of PEM", async () => {
    const { outs } = await plugin.create(URN, inputs);
    const sec1 = key.export({ type: "sec1", format: "pem" }).toString();
    const news = { ...inputs, privateKeyPem: sec1, form: "PKCS8" };
    expect(await plugin.diff(URN, outs, news)).toEqual(NO_CHANGE);
  });

  test.each([
    ["another passphrase", { passphrase: secret(`${PASSPHRASE}!`) }],
    ["another key", { privateKeyPem: secret(exportPkcs8(rsa)) }],
    ["another form", { form: "TRADITIONAL" }],
  ])("is updated in place for %s", async (_what, change: Properties) => {
    const { outs } = await plugin.create(URN, inputs);
    const news = { ...inputs, ...change };
    expect(await plugin.check(URN, news, inputs)).toEqual([]);
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, news);
    expect(pemOf(updated)).not.toBe(pemOf(outs));
    expect(await plugin.diff(URN, updated, news)).toEqual(NO_CHANGE);
  });

  test("changes where its key is still to come", async () => {
    const { outs } = await plugin.create(URN, inputs);
    const news = { ...inputs, privateKeyPem: output() };
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
  });

  test("is deleted without a trace of an error", async () => {
    const { outs } = await plugin.create(URN, inputs);
    await plugin.delete(URN, outs);
  });
});

describe("a check", () => {
  test("refuses all that is wrong at once", async () => {
    expect(
      await plugin.check(URN, {
        privateKeyPem: secret("key.pem"),
        passphrase: secret("kürz"),
        form: "PKCS12",
        password: "x",
      }),
    ).toEqual([
      expect.stringMatching(/^password: is no known argument/) as string,
    ]);
    expect(
      await plugin.check(URN, {
        privateKeyPem: secret("key.pem"),
        passphrase: secret("kürz"),
        form: "PKCS12",
      }),
    ).toEqual([
      expect.stringMatching(/^passphrase: is too short/) as string,
      expect.stringMatching(
        /^passphrase: holds a character that is no printable ASCII/,
      ) as string,
      'form: "PKCS12" is no form of an encrypted key; write "PKCS8" or "TRADITIONAL".',
      expect.stringMatching(
        /^privateKeyPem: is no unencrypted private key/,
      ) as string,
    ]);
  });

  test("refuses a key that is encrypted already, and one without this form", async () => {
    const { outs } = await plugin.create(URN, inputs);
    expect(
      await plugin.check(URN, { ...inputs, privateKeyPem: pemOf(outs) }),
    ).toEqual([
      expect.stringMatching(
        /^privateKeyPem: is no unencrypted private key/,
      ) as string,
    ]);
    const privateKeyPem = secret(exportPkcs8(ed25519));
    expect(await plugin.check(URN, { ...inputs, privateKeyPem })).toEqual([]);
    expect(await plugin.check(URN, { ...traditional, privateKeyPem })).toEqual([
      expect.stringMatching(
        /^privateKeyPem: is a key without a traditional form/,
      ) as string,
    ]);
  });

  test("refuses inputs that hold nothing", async () => {
    expect(await plugin.check(URN, {})).toEqual([
      "privateKeyPem: must be a string and is not.",
      "passphrase: must be a string and is not.",
    ]);
  });

  test("in the preview of a key that does not exist yet, refuses what is wrong beside it", async () => {
    const pending = {
      privateKeyPem: secret(UNKNOWN),
      passphrase: output(),
      form: "TRADITIONAL",
    };
    const before = plugin.log.length;
    expect(await plugin.check(URN, pending)).toEqual([]);
    expect(plugin.log).toHaveLength(before);
    expect(
      await plugin.check(URN, { ...pending, form: "X", passphrase: "short" }),
    ).toEqual([
      expect.stringMatching(/^passphrase: is too short/) as string,
      expect.stringMatching(/^form: "X" is no form/) as string,
    ]);
  });

  test("warns of a short passphrase in the traditional form when it is first written, and not again", async () => {
    const short = { ...traditional, passphrase: secret(SHORT) };
    const before = plugin.log.length;
    expect(
      await plugin.check(URN, { ...inputs, passphrase: secret(SHORT) }),
    ).toEqual([]);
    expect(await plugin.check(URN, traditional)).toEqual([]);
    expect(plugin.log).toHaveLength(before);
    expect(await plugin.check(URN, short)).toEqual([]);
    expect(plugin.log.slice(before)).toEqual([
      {
        severity: "warning",
        text: expect.stringMatching(
          /^the form TRADITIONAL puts a single round of MD5 between/,
        ) as string,
        urn: URN,
      },
    ]);
    expect(await plugin.check(URN, short, short)).toEqual([]);
    expect(plugin.log).toHaveLength(before + 1);
    expect(await plugin.check(URN, short, traditional)).toEqual([]);
    expect(plugin.log).toHaveLength(before + 2);
  });
});

test("a create refuses what no check could know", async () => {
  const privateKeyPem = secret(exportPkcs8(ed25519));
  expect(
    await plugin.refusal(plugin.create(URN, { ...traditional, privateKeyPem })),
  ).toMatch(/^privateKeyPem: is a key without a traditional form/);
});

test("nothing the plugin said in all of this holds a private key or a passphrase", () => {
  const search = new KeySearch({
    key: exportPkcs8(key),
    rsa: exportPkcs8(rsa),
    ed25519: exportPkcs8(ed25519),
  });
  const said = plugin.said.join("\n");
  expect(plugin.said.length).toBeGreaterThan(20);
  expect(search.find(said)).toEqual([]);
  for (const hidden of [PASSPHRASE, SHORT, "kürz"]) {
    expect(said).not.toContain(hidden);
  }
});
