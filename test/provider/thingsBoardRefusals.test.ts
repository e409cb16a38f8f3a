import { rootCertificates } from "node:tls";
import { exportPkcs8 } from "../../pki/key";
import { intermediate, issue, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, output, secret } from "./support/wire";

const PROFILE = urnOf("ThingsBoardDeviceProfile", "profile");
const DEVICES = urnOf("ThingsBoardDevices", "devices");
const SERVER = {
  url: "https://tb.example.com",
  apiKey: secret("tb_secret-key"),
};

const folder = scratchFolder();
let plugin: Plugin;
let profile: Properties;
let leafPem: string;
let keyPem: string;
const devices = {
  server: SERVER,
  outputDirectory: "out",
  digest: "d",
  profileName: "p",
};

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  const authority = await root({}, new Date());
  const ca = await intermediate(authority, {}, new Date());
  const leaf = await issue(ca, {}, new Date());
  leafPem = leaf.certificatePem;
  keyPem = exportPkcs8(ca.key);
  profile = {
    server: SERVER,
    profileName: "p",
    certificatePem: ca.certificatePem,
  };
});

afterAll(async () => {
  await plugin.stop();
});

test("all mistakes of a profile are told at once, without a call and without a secret", async () => {
  const failures = await plugin.check(PROFILE, {
    server: {
      url: "ftp://user:in-the-url@tb.example.com",
      apiKey: secret("tb_secret-key"),
      password: secret("tb_secret-password"),
      caPem: "rendered/ca.pem",
      timeoutSeconds: 0,
    },
    profileName: " ",
    certificatePem: "ca.pem",
    commonNamePattern: ".*",
    transportType: "COAP",
  });
  expect(failures.map((failure) => failure.split(":")[0]).sort()).toEqual([
    "certificatePem",
    "commonNamePattern",
    "profileName",
    "server.apiKey",
    "server.caPem",
    "server.timeoutSeconds",
    "server.url",
    "transportType",
  ]);
  expect(failures.join("\n")).not.toMatch(/tb_secret|in-the-url/);
  expect(await plugin.check(PROFILE, { ...profile, color: "red" })).toEqual([
    "color: is no known argument; see the documentation for the names.",
  ]);
});

test.each<[string, (given: Properties) => Properties, RegExp]>([
  [
    "no URL",
    () => ({ server: { apiKey: "k" } }),
    /^server\.url: is missing; .* or set THINGSBOARD_URL\.$/,
  ],
  [
    "no credentials",
    () => ({ server: { url: "https://a" } }),
    /^server\.apiKey: is missing; make one in ThingsBoard .*, or set THINGSBOARD_API_KEY\.$/,
  ],
  [
    "half a login",
    () => ({ server: { url: "https://a", username: "u" } }),
    /^server\.password: is missing; give both/,
  ],
  [
    "a key with a line break",
    () => ({ server: { url: "https://a", apiKey: "k\n" } }),
    /^server\.apiKey: is empty, or holds blanks, line breaks/,
  ],
  [
    "a URL with a query",
    () => ({ server: { url: "https://a/?b", apiKey: "k" } }),
    /^server\.url: .* holds "\?" or "#"/,
  ],
  [
    "a key as CA",
    () => ({ server: { ...SERVER, caPem: keyPem } }),
    /^server\.caPem: holds a private key/,
  ],
  [
    "a leaf",
    () => ({ certificatePem: leafPem }),
    /^certificatePem: "CN=thermometer-1" is no CA's/,
  ],
  [
    "a chain",
    (given) => ({
      certificatePem: `${leafPem}${String(given.certificatePem)}`,
    }),
    /^certificatePem: holds 2 certificates/,
  ],
  [
    "a key",
    () => ({ certificatePem: keyPem }),
    /^certificatePem: holds a private key/,
  ],
  [
    "a public root",
    () => ({ certificatePem: rootCertificates[0] }),
    /^certificatePem: .* is a public root, which ThingsBoard refuses/,
  ],
  [
    "a damaged certificate",
    () => ({
      certificatePem:
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }),
    /^certificatePem: cannot be read/,
  ],
  [
    "a long name",
    () => ({ profileName: "n".repeat(256) }),
    /^profileName: .* is no name of a device profile/,
  ],
])("%s is refused in a profile", async (_what, changes, why) => {
  const failures = await plugin.check(PROFILE, {
    ...profile,
    ...changes(profile),
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(why);
});

test("what is not known yet is refused by nobody", async () => {
  for (const unknown of [
    { server: UNKNOWN },
    { server: { url: "https://a", apiKey: output() } },
    { certificatePem: UNKNOWN, profileName: UNKNOWN },
  ]) {
    expect(await plugin.check(PROFILE, { ...profile, ...unknown })).toEqual([]);
  }
  expect(
    await plugin.check(DEVICES, {
      ...devices,
      server: UNKNOWN,
      digest: UNKNOWN,
    }),
  ).toEqual([]);
});

test.each<[string, Properties, RegExp]>([
  [
    "no server and no folder",
    { server: undefined },
    /^directory: is missing, and without a server/,
  ],
  ["an empty folder", { directory: "" }, /^directory: "" is no folder/],
  [
    "no devices a request",
    { devicesPerRequest: 0 },
    /^devicesPerRequest: 0 is no number of devices/,
  ],
  [
    "too many devices a request",
    { devicesPerRequest: 10_001 },
    /^devicesPerRequest: 10001/,
  ],
  [
    "a pattern of Java's alone",
    { commonNamePattern: "(?i)(.*)" },
    /^commonNamePattern: .* Java alone reads so/,
  ],
  ["no name of a profile", { profileName: "" }, /^profileName: "" is empty/],
])("%s is refused for devices", async (_what, changes, why) => {
  const given: Properties = { ...devices, ...changes };
  const failures = await plugin.check(
    DEVICES,
    Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ),
  );
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(why);
});

test("what is worth knowing is told once", async () => {
  const authority = await root({}, new Date());
  const said = (): string[] => plugin.log.splice(0).map(({ text }) => text);
  const inputs = {
    ...profile,
    server: { url: "http://tb.invalid", apiKey: secret("tb_secret-key") },
    certificatePem: authority.certificatePem,
    commonNamePattern: "(a)(b)",
  };
  said();
  expect(await plugin.check(PROFILE, inputs)).toEqual([]);
  expect(said()).toEqual([
    expect.stringMatching(
      /^server\.url: "http:\/\/tb\.invalid" is not encrypted/,
    ),
    expect.stringMatching(/^commonNamePattern: .* has 2 groups/),
    expect.stringMatching(/^certificatePem: is a root's\. .*includeRoot/),
    expect.stringMatching(
      /^server\.url: http:\/\/tb\.invalid cannot be reached/,
    ),
  ]);
  expect(await plugin.check(PROFILE, inputs, inputs)).toEqual([]);
  expect(said()).toEqual([]);
});

test("nothing was said that is secret", () => {
  expect(plugin.said.join("\n")).not.toContain("tb_secret");
});
