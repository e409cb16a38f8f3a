import { exportPkcs8, generateKey } from "../../pki/key";
import { makeKeystore } from "../../pki/keystore/keystore";
import { encryptPkcs8, encryptTraditional } from "../../pki/encryptedKey";
import type { Party } from "../pki/support/authority";
import { intermediate, issue, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { Plugin } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const TOKEN = "mqtt-pki:index:checkThingsBoardFiles";
const PASSWORD = "a long and random passphrase";
const folder = scratchFolder();

let plugin: Plugin;
let server: Party;
let chainPem: string;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  const ca = await intermediate(await root());
  server = await issue(ca, {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
  });
  chainPem = server.certificatePem + ca.certificatePem;
});

afterAll(async () => {
  await plugin.stop();
});

const check = (args: Properties): Promise<Properties> =>
  plugin.invoke(TOKEN, args);

test("a good pair of files", async () => {
  expect(
    await check({
      certFileText: chainPem,
      keyFileText: secret(exportPkcs8(server.key)),
    }),
  ).toEqual({
    ok: true,
    starts: true,
    row: "PRIVATE KEY in PEM, with its chain",
    message: "ThingsBoard starts with this.",
  });
});

test("an encrypted key, by what opens it and by whose loader", async () => {
  const files = (keyFileText: string, more: Properties): Properties => ({
    certFileText: chainPem,
    keyFileText: secret(keyFileText),
    ...more,
  });
  const keyPassword = secret(PASSWORD);
  const traditional = encryptTraditional(server.key, PASSWORD);
  const pkcs8 = encryptPkcs8(server.key, PASSWORD);
  expect(await check(files(traditional, { keyPassword }))).toMatchObject({
    ok: true,
  });
  expect(await check(files(traditional, {}))).toMatchObject({
    starts: false,
    row: "traditional encrypted key, wrong password",
  });
  expect(await check(files(pkcs8, { keyPassword }))).toMatchObject({
    starts: false,
    row: "encrypted PKCS#8",
  });
  expect(
    await check(files(pkcs8, { keyPassword, loader: "TBMQ" })),
  ).toMatchObject({ ok: true });
});

test("another key starts, and serves nobody", async () => {
  const other = generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  expect(
    await check({
      certFileText: chainPem,
      keyFileText: secret(exportPkcs8(other)),
    }),
  ).toMatchObject({
    ok: false,
    starts: true,
    row: "other key of the certificate's kind",
  });
});

test("a key store", async () => {
  const { content } = makeKeystore({
    format: "PKCS12",
    password: PASSWORD,
    privateKeyPem: exportPkcs8(server.key),
    chainPem,
  });
  const files = {
    keystoreBase64: secret(Buffer.from(content).toString("base64")),
    keystorePassword: secret(PASSWORD),
  };
  expect(
    await check({ ...files, keyPassword: secret(PASSWORD) }),
  ).toMatchObject({ ok: true, row: "PKCS#12 key store" });
  expect(await check(files)).toMatchObject({
    starts: false,
    row: "key store, wrong password of the key",
  });
});

test("arguments that are none are refused by name", async () => {
  expect(await plugin.refusal(check({}))).toContain(
    "certFileText: or keystoreBase64 is what ThingsBoard gets; give one of the two.",
  );
  expect(
    await plugin.refusal(check({ certFileText: "", loader: "HiveMQ" })),
  ).toContain('loader: "HiveMQ" is none');
  expect(
    await plugin.refusal(check({ keystoreBase64: "", loader: "constructor" })),
  ).toContain('loader: "constructor" is none');
  expect(
    await plugin.refusal(
      check({ keystoreBase64: "", keyFileText: secret("KEY") }),
    ),
  ).toContain("keyFileText: does not go with keystoreBase64; leave it out.");
  const refused = await plugin.refusal(
    check({ certFileText: "", keystorePassword: secret("x"), keyAlias: "a" }),
  );
  expect(refused).toContain("keystorePassword: does not go with certFileText");
  expect(refused).toContain("keyAlias: does not go with certFileText");
});

test("nothing that is said holds the password", () => {
  expect(plugin.said.join("\n")).not.toContain(PASSWORD);
});
