import { createHash } from "node:crypto";
import * as tls from "node:tls";
import { exportPkcs8 } from "../../pki/key";
import { KeySearch } from "../support/keySearch";
import type { Holder } from "../pki/keystore/support/stores";
import { holder } from "../pki/keystore/support/stores";
import { scratchFolder } from "../pki/support/openssl";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, isSecret, output, secret } from "./support/wire";

const URN = urnOf("Keystore", "gateway");
const PASSWORD = "open-Sesame-1";
const NO_CHANGE = { changes: "none", replaces: [] };
const UPDATE = { changes: "some", replaces: [] };
const folder = scratchFolder();

let plugin: Plugin;
let device: Holder;
let other: Holder;
let keyIn: Properties;
let trustIn: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  const key = { algorithm: "ECDSA", ecdsaCurve: "P256" };
  device = await holder(key, new Date());
  other = await holder(key, new Date());
  keyIn = {
    format: "PKCS12",
    privateKeyPem: secret(device.privateKeyPem),
    chainPem: device.chainPem,
    password: secret(PASSWORD),
  };
  trustIn = {
    format: "JKS",
    trustAnchorsPem: device.trustAnchorsPem,
    password: secret(PASSWORD),
  };
});

afterAll(async () => {
  await plugin.stop();
});

function contentOf(outs: Properties): Buffer {
  expect(isSecret(outs.contentBase64)).toBe(true);
  return Buffer.from(
    String((outs.contentBase64 as Properties).value),
    "base64",
  );
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a store that is created", () => {
  test("passes its check and opens with its password", async () => {
    expect(await plugin.check(URN, keyIn)).toEqual([]);
    const { id, outs } = await plugin.create(URN, keyIn);
    expect(id).toBe("gateway");
    const pfx = contentOf(outs);
    tls.createSecureContext({ pfx, passphrase: PASSWORD });
    expect(outs).toMatchObject({
      sha256: sha256(pfx),
      entries: ["devicekeyentry"],
    });
  });

  test("has in its outputs what it says of itself, neither key nor password", async () => {
    for (const inputs of [keyIn, trustIn]) {
      const { outs } = await plugin.create(URN, inputs);
      expect(Object.keys(outs).sort()).toEqual([
        "contentBase64",
        "entries",
        "sha256",
      ]);
      expect(JSON.stringify(outs)).not.toContain("PRIVATE");
      expect(JSON.stringify(outs)).not.toContain(PASSWORD);
    }
  });

  test("is the same each time, and no change where nothing changed", async () => {
    for (const inputs of [keyIn, trustIn]) {
      const { outs } = await plugin.create(URN, inputs);
      const again = await plugin.create(URN, inputs);
      expect(again.outs).toEqual(outs);
      expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
    }
  });

  test("does not show the hash of a JKS store, on which a password could be tried", async () => {
    const { outs } = await plugin.create(URN, trustIn);
    expect(outs.sha256).toEqual(secret(sha256(contentOf(outs))));
  });

  test("keeps a name secret that came as a secret", async () => {
    const inputs = { ...keyIn, alias: secret("hidden") };
    const { outs } = await plugin.create(URN, inputs);
    expect(outs.entries).toEqual(secret(["hidden"]));
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  });
});

describe("what changes a store", () => {
  const rows: readonly [string, () => Properties][] = [
    ["another password", () => ({ password: secret(`${PASSWORD}!`) })],
    ["another name", () => ({ alias: "gateway" })],
    ["a shorter chain", () => ({ chainPem: device.leaf.certificatePem })],
    [
      "another key and certificate",
      () => ({
        privateKeyPem: secret(other.privateKeyPem),
        chainPem: other.chainPem,
      }),
    ],
    [
      "a certificate to trust",
      () => ({ trustAnchorsPem: device.trustAnchorsPem }),
    ],
  ];

  test.each(rows)(
    "%s is an update, never a replacement",
    async (_name, change) => {
      const { outs } = await plugin.create(URN, keyIn);
      const news = { ...keyIn, ...change() };
      expect(await plugin.check(URN, news, keyIn)).toEqual([]);
      expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
      const updated = await plugin.update(URN, outs, news);
      expect(contentOf(updated)).not.toEqual(contentOf(outs));
      expect(await plugin.diff(URN, updated, news)).toEqual(NO_CHANGE);
    },
  );

  test("another format is an update, too", async () => {
    const { outs } = await plugin.create(URN, trustIn);
    const news = { ...trustIn, format: "PKCS12" };
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
  });

  test("the same certificates in other words are no change", async () => {
    const { outs } = await plugin.create(URN, trustIn);
    const news = {
      ...trustIn,
      trustAlias: "servercertificate",
      trustAnchorsPem: `# root\r\n${device.trustAnchorsPem.repeat(2)}`,
    };
    expect(await plugin.diff(URN, outs, news)).toEqual(NO_CHANGE);
  });

  test("what is not known yet is a change", async () => {
    const { outs } = await plugin.create(URN, keyIn);
    const news = { ...keyIn, chainPem: output() };
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
  });
});

describe("a check", () => {
  test("refuses all that is wrong at once", async () => {
    const failures = await plugin.check(URN, {
      ...keyIn,
      format: "JKS",
      privateKeyPem: secret(other.privateKeyPem),
      chainPem: device.leaf.certificatePem + other.ca.certificatePem,
      alias: "Key",
      password: secret("geh1m"),
    });
    expect(failures.map((text) => text.replace(/: .*/s, "")).sort()).toEqual([
      "alias",
      "chainPem",
      "format",
      "password",
      "privateKeyPem",
    ]);
  });

  test("refuses an argument nobody knows", async () => {
    expect(await plugin.check(URN, { ...keyIn, passphrase: "x" })).toEqual([
      expect.stringMatching(/^passphrase: is no known argument/),
    ]);
  });

  test("refuses an empty store, and one without a password", async () => {
    expect(await plugin.check(URN, { format: "PKCS12" })).toEqual([
      "password: must be a string and is not.",
    ]);
    expect(
      await plugin.check(URN, { format: "PKCS12", password: PASSWORD }),
    ).toEqual([expect.stringMatching(/^the store would be empty/)]);
  });

  test("in the preview of a key that does not exist yet, refuses what is wrong beside it", async () => {
    const pending = {
      format: "PKCS12",
      privateKeyPem: secret(UNKNOWN),
      chainPem: output(),
      password: output(),
    };
    expect(await plugin.check(URN, pending)).toEqual([]);
    expect(
      await plugin.check(URN, { ...pending, format: "JKS", alias: "Key" }),
    ).toEqual([
      expect.stringMatching(/^format: "JKS" is for trusted certificates only/),
      expect.stringMatching(/^alias: "Key" is no alias/),
    ]);
    expect(
      await plugin.check(URN, { format: output(), password: PASSWORD }),
    ).toEqual([expect.stringMatching(/^the store would be empty/)]);
  });

  test("warns of a store with key and trust when it is first written, and not again", async () => {
    const inputs = { ...keyIn, trustAnchorsPem: device.trustAnchorsPem };
    const before = plugin.log.length;
    expect(await plugin.check(URN, inputs)).toEqual([]);
    expect(plugin.log.slice(before)).toEqual([
      {
        severity: "warning",
        text: expect.stringMatching(
          /^holds a private key and trusted certificates in one store/,
        ) as string,
        urn: URN,
      },
    ]);
    expect(await plugin.check(URN, inputs, inputs)).toEqual([]);
    expect(await plugin.check(URN, keyIn)).toEqual([]);
    expect(plugin.log).toHaveLength(before + 1);
    expect(await plugin.check(URN, inputs, keyIn)).toEqual([]);
    expect(plugin.log).toHaveLength(before + 2);
  });
});

test("a create refuses what no check could know", async () => {
  const wrong = { ...keyIn, privateKeyPem: secret(other.privateKeyPem) };
  expect(await plugin.refusal(plugin.create(URN, wrong))).toMatch(
    /^privateKeyPem: is not the key of the first certificate of chainPem/,
  );
});

test("a store is deleted without a trace of an error", async () => {
  const { outs } = await plugin.create(URN, trustIn);
  await plugin.delete(URN, outs);
});

test("nothing the plugin said in all of this holds a private key or a password", () => {
  const search = new KeySearch({
    device: exportPkcs8(device.leaf.key),
    other: exportPkcs8(other.leaf.key),
  });
  const said = plugin.said.join("\n");
  expect(plugin.said.length).toBeGreaterThan(30);
  expect(search.find(said)).toEqual([]);
  expect(said).not.toMatch(/geh1m/);
});
