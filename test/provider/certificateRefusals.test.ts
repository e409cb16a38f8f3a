import { KeySearch } from "../support/keySearch";
import { issue } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import {
  hierarchy,
  requester,
  rootInputs,
  serverInputs,
  without,
} from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const URN = urnOf("Certificate", "it");
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let holder: Requester;
let inputs: Properties;
let rootIn: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  holder = await requester();
  inputs = serverInputs(holder, above.signer);
  rootIn = rootInputs(holder);
});

afterAll(async () => {
  await plugin.stop();
});

function signerWith(overrides: Properties): Properties {
  return { signer: { ...above.signer, ...overrides } };
}

describe("a check refuses", () => {
  const rows: readonly [string, () => Properties, RegExp][] = [
    [
      "an argument nobody knows",
      () => ({ lifetime: 3 }),
      /^lifetime: is no known argument/,
    ],
    [
      "an argument of a subject nobody knows",
      () => ({ subject: { commonName: "a.b", email: "x" } }),
      /^subject\.email: is no known argument/,
    ],
    [
      "a number as text",
      () => ({ validityDays: "365" }),
      /^validityDays: must be a number and is not\.$/,
    ],
    [
      "a text for a list",
      () => ({ dnsNames: "a.b" }),
      /^dnsNames: must be a array and is not\.$/,
    ],
    [
      "neither days nor dates",
      () => ({ validityDays: null }),
      /^validityDays: undefined is no validity/,
    ],
    [
      "days and dates",
      () => ({ validity: { notAfter: "2030-01-01T00:00:00Z" } }),
      /^validityDays: \d+ stands beside validity/,
    ],
    [
      "a date that is none",
      () => ({ validityDays: null, validity: { notAfter: "2030-02-30" } }),
      /^validity\.notAfter: "2030-02-30" is no date/,
    ],
    ["no days", () => ({ validityDays: 0 }), /^validityDays: 0 is no validity/],
    [
      "a host name that is none",
      () => ({ dnsNames: ["a b"] }),
      /^dnsNames\[0\]: "a b" is no host name/,
    ],
    [
      "days beyond the issuer's",
      () => ({ validityDays: 1825 }),
      /^validityDays: 1825 days would outlive the issuer.*\(I5\)/,
    ],
    [
      "the issuer's own name",
      () => ({ subject: { commonName: "Test Issuing CA" } }),
      /^subject: .*\(I6\)/,
    ],
    [
      "an issuer that is no CA",
      () => signerWith({ certificatePem: leafPem }),
      /^signer\.certificatePem: .*is no CA/,
    ],
    [
      "an issuer that is no certificate",
      () => signerWith({ certificatePem: "issuer.pem" }),
      /^signer\.certificatePem: holds no PEM certificate/,
    ],
    [
      "no issuer",
      () => ({ signer: without(above.signer, "certificatePem") }),
      /^signer\.certificatePem: is missing; only profile "root" signs itself/,
    ],
    ["no request", () => ({ requestPem: null }), /^requestPem: is missing\.$/],
    [
      "no key of the issuer",
      () => ({ signer: without(above.signer, "privateKeyPem") }),
      /^signer\.privateKeyPem: is missing\.$/,
    ],
    [
      "a request that is none",
      () => ({ requestPem: "server.csr" }),
      /^requestPem: holds no PEM block/,
    ],
    [
      "the issuer's certificate with the key of another",
      () => signerWith({ privateKeyPem: secret(holder.privateKeyPem) }),
      /^signer\.privateKeyPem: is not the key of signer\.certificatePem/,
    ],
    [
      "a key that is none",
      () => signerWith({ privateKeyPem: secret("secret-word-1234567890") }),
      /^signer\.privateKeyPem: is no unencrypted private key/,
    ],
    [
      "a kind of key that the request does not hold",
      () => ({ key: { algorithm: "ECDSA", ecdsaCurve: "P384" } }),
      /holds a key of ECDSA P256 where key says ECDSA P384/,
    ],
  ];
  let leafPem = "";

  beforeAll(async () => {
    leafPem = (await issue(above.ca, {}, new Date())).certificatePem;
  });

  test.each(rows)("%s", async (_rule, overrides, reason) => {
    const failures = await plugin.check(URN, { ...inputs, ...overrides() });
    expect(failures.filter((text) => !reason.test(text))).toEqual([]);
    expect(failures).not.toEqual([]);
  });

  test("a root with an issuer", async () => {
    const failures = await plugin.check(URN, {
      ...rootIn,
      signer: above.signer,
      validityDays: 100,
    });
    expect(failures).toContain(
      'signer.certificatePem: is not for profile "root", which signs itself; leave it out.',
    );
  });

  test("all that is wrong at once, each once", async () => {
    const failures = await plugin.check(URN, {
      ...inputs,
      validityDays: 4000,
      subject: { commonName: "x".repeat(65), country: "de" },
      key: { algorithm: "ECDSA", ecdsaCurve: "P224" },
      dnsNames: ["no name", "ok.example.com", "no name"],
      pathLength: 1,
    });
    const paths = failures.map((text) => text.replace(/: .*/s, ""));
    expect([...new Set(paths)].sort()).toEqual([
      "dnsNames[0]",
      "dnsNames[2]",
      "key.ecdsaCurve",
      "pathLength",
      "subject.commonName",
      "subject.country",
      "validityDays",
    ]);
    expect(new Set(failures).size).toBe(failures.length);
  });
});

test("a create refuses what no check could know, before anything is signed", async () => {
  const wrong = await requester();
  const calls: readonly [Properties, RegExp][] = [
    [{ ...inputs, requestPem: "words" }, /^requestPem: /],
    [
      { ...rootIn, signer: { privateKeyPem: wrong.privateKeyPem } },
      /is not the key of the request/,
    ],
    [
      {
        ...inputs,
        ...signerWith({
          trustAnchorsPem: above.ca.certificatePem,
          chainPem: "",
        }),
      },
      /no trust anchor signed/,
    ],
    [
      { ...inputs, ...signerWith({ chainPem: "" }) },
      /no trust anchor signed "CN=mqtt\.example\.com"/,
    ],
  ];
  for (const [news, reason] of calls) {
    expect(await plugin.refusal(plugin.create(URN, news))).toMatch(reason);
  }
});

test("no refusal holds a private key", () => {
  const search = new KeySearch({
    server: holder.privateKeyPem,
    ca: String((above.signer.privateKeyPem as Properties).value),
  });
  expect(search.find(plugin.said.join("\n"))).toEqual([]);
  expect(plugin.said.join("\n")).not.toContain("secret-word");
});
