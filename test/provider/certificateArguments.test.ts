import { X509Certificate } from "node:crypto";
import { exportPkcs8 } from "../../pki/key";
import { encodePem } from "../../pki/pem";
import { subtle, x509 } from "../../pki/webcrypto";
import { intermediate, root } from "../pki/support/authority";
import { describeOpenSsl, scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import { hierarchy, requester, serverInputs, signerOf } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

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

describe("each argument: issued, unchanged when looked at again, an update when changed", () => {
  const rows: readonly [string, Properties, Properties][] = [
    [
      "several organizations and units",
      {
        subject: {
          organizations: ["A", "B"],
          organizationalUnits: ["C", "D"],
          emailAddress: "a@example.com",
          commonName: "mqtt.example.com",
        },
      },
      {
        subject: {
          organizations: ["A", "B"],
          organizationalUnits: ["D", "C"],
          emailAddress: "a@example.com",
          commonName: "mqtt.example.com",
        },
      },
    ],
    [
      "e-mail addresses",
      { emailAddresses: ["a@example.com"] },
      { emailAddresses: ["b@example.com"] },
    ],
    [
      "names of other kinds",
      { otherNames: [{ type: "1.2.3", value: "a" }] },
      { otherNames: [{ type: "1.2.3", value: "b" }] },
    ],
    [
      "a hardware module's name",
      { hardwareModuleName: { type: "1.2.3", serialNumber: "1" } },
      { hardwareModuleName: { type: "1.2.3", serialNumber: "2" } },
    ],
    [
      "usages of its own",
      {
        extensions: {
          keyUsage: ["digitalSignature", "keyAgreement"],
          extendedKeyUsage: ["serverAuth", "clientAuth"],
        },
      },
      {
        extensions: {
          keyUsage: ["digitalSignature", "keyAgreement"],
          extendedKeyUsage: ["serverAuth"],
        },
      },
    ],
    [
      "locations, policies and an extension of its own",
      {
        extensions: {
          crlDistributionPoints: ["http://pki.example.com/ca.crl"],
          ocspUrls: ["http://ocsp.example.com"],
          issuerUrls: ["http://pki.example.com/ca.cer"],
          policies: [
            { oid: "1.2.3", practiceStatementUrl: "https://example.com" },
          ],
          custom: [{ oid: "1.2.4", critical: true, valueBase64: "BQA=" }],
        },
      },
      {
        extensions: {
          crlDistributionPoints: ["http://pki.example.com/other.crl"],
        },
      },
    ],
    [
      "dates",
      {
        validityDays: null,
        validity: {
          notBefore: "2026-01-01T00:00:00Z",
          notAfter: "2029-01-01T00:00:00Z",
        },
      },
      {
        validityDays: null,
        validity: { notAfter: "2029-01-01T00:00:00Z" },
      },
    ],
  ];

  test.each(rows)("%s", async (_what, first, second) => {
    const outs = await created({ ...inputs, ...first });
    for (const [name, value] of Object.entries(first)) {
      expect(outs[name] ?? null).toEqual(value);
    }
    const news = { ...inputs, ...second };
    expect(await plugin.check(URN, news, { ...inputs, ...first })).toEqual([]);
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, news);
    expect(updated.serialNumber).not.toBe(outs.serialNumber);
    expect(await plugin.diff(URN, updated, news)).toEqual(NO_CHANGE);
    expect(await plugin.diff(URN, updated, inputs)).toEqual(UPDATE);
  });
});

describe("refusals at preview", () => {
  const rows: readonly [string, Properties, RegExp][] = [
    [
      "a list beside its single value",
      {
        subject: {
          commonName: "mqtt.example.com",
          organization: "A",
          organizations: ["B"],
        },
      },
      /^subject\.organizations: stands beside organization/,
    ],
    [
      "an e-mail address that is none",
      { emailAddresses: ["x"] },
      /^emailAddresses\[0\]: "x" is no e-mail address/,
    ],
    [
      "hardware of no kind",
      { hardwareModuleName: { type: "x", serialNumber: "1" } },
      /^hardwareModuleName\.type: "x" is no object identifier/,
    ],
    [
      "a key usage for other keys",
      { extensions: { keyUsage: ["digitalSignature", "keyEncipherment"] } },
      /^extensions\.keyUsage\[1\]: "keyEncipherment" is not for/,
    ],
    [
      "an extension nobody knows",
      { extensions: { netscapeComment: "x" } },
      /^extensions\.netscapeComment: is no known argument/,
    ],
    [
      "an extension by the back door",
      {
        extensions: {
          custom: [{ oid: "2.5.29.19", valueBase64: "MAMBAf8=" }],
        },
      },
      /^extensions\.custom\[0\]\.oid: "2\.5\.29\.19" is not for this list/,
    ],
    [
      "an end that is past",
      { validityDays: null, validity: { notAfter: "2020-01-01T00:00:00Z" } },
      /^validity\.notAfter: "2020-01-01T00:00:00Z" is past/,
    ],
    [
      "an end after the issuer's",
      { validityDays: null, validity: { notAfter: NEVER } },
      /^validity\.notAfter: .* would outlive the issuer.*\(I5\)/,
    ],
    [
      "a beginning after the issuer's end",
      {
        validityDays: null,
        truncate: true,
        validity: { notBefore: "2090-01-01T00:00:00Z", notAfter: NEVER },
      },
      /^validity\.notBefore: .* is after the issuer's end/,
    ],
    [
      "a renewal point beside dates",
      {
        validityDays: null,
        validity: { notAfter: "2029-01-01T00:00:00Z" },
        renewal: { beforeDays: 3 },
      },
      /^renewal\.beforeDays: 3 says nothing beside validity\.notAfter/,
    ],
  ];

  test.each(rows)("%s", async (_what, change, message) => {
    expect(await plugin.check(URN, { ...inputs, ...change })).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });

  test("a subject that breaks the signing policy, naming attribute and values", async () => {
    const signer = {
      ...above.signer,
      signingPolicy: { organization: "supplied", commonName: "match" },
    };
    expect(
      await plugin.check(URN, {
        ...inputs,
        signer,
        subject: { commonName: "mqtt.example.com", locality: "Köln" },
      }),
    ).toEqual([
      expect.stringMatching(/^subject\.locality: "Köln" is not allowed/),
      expect.stringMatching(/^subject\.organization: is missing/),
      expect.stringMatching(
        /^subject\.commonName: "mqtt\.example\.com" is not the issuer's; its signing policy wants "Test Issuing CA"/,
      ),
    ]);
  });

  test("a signing policy and a signature scheme that are none", async () => {
    const signer = {
      ...above.signer,
      signingPolicy: { country: "must" },
      signatureScheme: "RSASSA-PSS",
    };
    expect(await plugin.check(URN, { ...inputs, signer })).toEqual([
      expect.stringMatching(
        /^signer\.signingPolicy\.country: "must" is no rule/,
      ),
      expect.stringMatching(
        /^signer\.signatureScheme: "RSASSA-PSS" is for RSA keys, and this CA's is "ECDSA"/,
      ),
    ]);
  });

  test("a server below a CA that is for clients only", async () => {
    const ca = await intermediate(
      above.authority,
      { extensions: { extendedKeyUsage: ["clientAuth"] } },
      new Date(),
    );
    const signer = signerOf(ca, above.authority);
    expect(await plugin.check(URN, { ...inputs, signer })).toEqual([
      expect.stringMatching(/^issuer: .* is for other uses than "serverAuth"/),
    ]);
  });
});

describe("the names of a request", () => {
  async function requestFor(
    extensions: x509.Extension[],
    name = "O=Evil Corp, CN=asked",
  ): Promise<string> {
    const keys = await subtle.generateKey(
      { name: "ECDSA", namedCurve: "P-256" },
      true,
      ["sign", "verify"],
    );
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name,
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions,
    });
    return encodePem("CERTIFICATE REQUEST", Buffer.from(request.rawData));
  }

  const NAMES = [
    { type: "dns" as const, value: "MQTT.example.com" },
    { type: "dns" as const, value: "more.example.com" },
    { type: "ip" as const, value: "2001:db8::7" },
  ];

  test("are left out, said in a warning and in the outputs", async () => {
    const requestPem = await requestFor([
      new x509.SubjectAlternativeNameExtension(NAMES),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ]);
    const outs = await created({ ...inputs, requestPem });
    expect(outs.leftOut).toEqual([
      'organization "Evil Corp"',
      'commonName "asked"',
      'dnsNames "more.example.com"',
      'ipAddresses "2001:db8::7"',
      "keyUsage",
    ]);
    expect(
      plugin.log.filter(({ severity }) => severity === "warning").at(-1)?.text,
    ).toMatch(
      /^leaves out what its request asked for: organization "Evil Corp"/,
    );
    expect(
      new X509Certificate(String(outs.certificatePem)).subjectAltName,
    ).toBe("DNS:mqtt.example.com, DNS:broker.example.com");
  });

  test("are taken where the code says so, each once whatever its spelling", async () => {
    const requestPem = await requestFor([
      new x509.SubjectAlternativeNameExtension(NAMES),
    ]);
    const news = {
      ...inputs,
      requestPem,
      namesFromRequest: true,
      ipAddresses: ["2001:DB8:0:0:0:0:0:7"],
    };
    const outs = await created(news);
    expect(outs.dnsNames).toEqual([
      "mqtt.example.com",
      "broker.example.com",
      "more.example.com",
    ]);
    expect(outs.leftOut).toEqual([
      'organization "Evil Corp"',
      'commonName "asked"',
    ]);
    expect(
      await plugin.diff(URN, outs, { ...news, namesFromRequest: false }),
    ).toEqual(UPDATE);
  });

  test("are held to the rules for names", async () => {
    const requestPem = await requestFor([
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "not_a_host.example.com" },
      ]),
    ]);
    const news = { ...inputs, requestPem, namesFromRequest: true };
    expect(await plugin.check(URN, news)).toEqual([
      expect.stringMatching(
        /^dnsNames\[2\]: "not_a_host\.example\.com" is no host name/,
      ),
    ]);
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  test("sees RSA-PSS where the issuer signs with it, and what was signed before stays", async () => {
    const key = { algorithm: "RSA", rsaBits: 2048 };
    const authority = await root({ key }, new Date());
    const signer = {
      privateKeyPem: secret(exportPkcs8(authority.key)),
      certificatePem: authority.certificatePem,
      chainPem: "",
      trustAnchorsPem: authority.certificatePem,
    };
    const before = await created({ ...inputs, signer });
    const news = {
      ...inputs,
      signer: { ...signer, signatureScheme: "RSASSA-PSS" },
    };
    expect(await plugin.diff(URN, before, news)).toEqual(NO_CHANGE);
    const outs = await created(news);
    const text = openssl.run(
      ["x509", "-noout", "-text"],
      String(outs.certificatePem),
    );
    expect(text).toMatch(
      /Signature Algorithm: rsassaPss\s+Hash Algorithm: sha256/,
    );
  });
});
