import { X509Certificate, createPublicKey } from "node:crypto";
import { verifyChain } from "../../pki/chain";
import { keyIdentifier, publicKeyDer, readPrivateKey } from "../../pki/key";
import { renewalPoint } from "../../pki/validity";
import { KeySearch } from "../support/keySearch";
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
import { output, secret } from "./support/wire";

const URN = urnOf("Certificate", "server-certificate");
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

describe("a certificate that is created", () => {
  test("passes its check, is issued, and its chain verifies", async () => {
    expect(await plugin.check(URN, inputs)).toEqual([]);
    const { id } = await plugin.create(URN, inputs);
    const pem = String(outs.certificatePem);
    expect(id).toMatch(/^[0-9a-f]{40}$/);
    expect(
      verifyChain(
        pem + above.ca.certificatePem,
        above.authority.certificatePem,
        new Date(),
      ),
    ).toEqual([]);
    expect(new X509Certificate(pem).subjectAltName).toBe(
      "DNS:mqtt.example.com, DNS:broker.example.com",
    );
  });

  test("says of itself what stands in it", () => {
    const pem = String(outs.certificatePem);
    const read = new X509Certificate(pem);
    expect(outs).toMatchObject({
      serialNumber: read.serialNumber.toLowerCase(),
      fingerprintSha256: read.fingerprint256.replaceAll(":", "").toLowerCase(),
      notAfter: iso(read.validTo),
      notBefore: iso(read.validFrom),
      subjectKeyIdentifier: identifierOf(server),
      authorityKeyIdentifier: above.ca.subjectKeyIdentifier,
    });
    const validity = {
      notBefore: new Date(read.validFrom),
      notAfter: new Date(read.validTo),
    };
    expect(outs.renewAt).toBe(
      `${renewalPoint("server-certificate", validity).toISOString().slice(0, 19)}Z`,
    );
  });

  test("holds no private key and nothing of its signer or request", () => {
    expect(Object.keys(outs)).not.toContain("signer");
    expect(Object.keys(outs)).not.toContain("requestPem");
    expect(JSON.stringify(outs)).not.toContain("PRIVATE");
  });

  test("is made whether outputs come as plain values or as the engine wraps them", async () => {
    const wrapped = {
      ...inputs,
      subject: output(inputs.subject),
      validityDays: output(365),
      dnsNames: output(["mqtt.example.com", output("broker.example.com")]),
      requestPem: secret(server.requestPem),
    };
    expect(await plugin.check(URN, wrapped)).toEqual([]);
    expect(await plugin.diff(URN, outs, wrapped)).toEqual(NO_CHANGE);
  });

  test("what came in as a secret comes back as one", async () => {
    const { outs: hidden } = await plugin.create(URN, {
      ...inputs,
      dnsNames: ["mqtt.example.com", secret("hidden.example.com")],
      subject: secret({ commonName: "mqtt.example.com" }),
    });
    expect(hidden.dnsNames).toEqual(
      secret(["mqtt.example.com", "hidden.example.com"]),
    );
    expect(hidden.subject).toEqual(secret({ commonName: "mqtt.example.com" }));
  });

  test("members that the engine puts among the inputs for itself do not matter", async () => {
    const own = { ...inputs, __defaults: [], __internal: {} };
    expect(await plugin.check(URN, own)).toEqual([]);
    expect(await plugin.diff(URN, outs, own)).toEqual(NO_CHANGE);
  });
});

const NO_CHANGE = { changes: "none", replaces: [] };
const UPDATE = { changes: "some", replaces: [] };

describe("what changes a certificate", () => {
  test("nothing does where nothing changed", async () => {
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  });

  const rows: readonly [string, Properties][] = [
    ["another host name", { dnsNames: ["mqtt.example.com"] }],
    ["an address", { ipAddresses: ["192.0.2.7"] }],
    ["another subject", { subject: { commonName: "broker.example.com" } }],
    ["another validity", { validityDays: 364 }],
    ["another point of renewal", { renewal: { beforeDays: 20 } }],
    ["permission to cut", { truncate: true }],
  ];

  test.each(rows)(
    "%s is an update, never a replacement",
    async (_rule, change) => {
      const news = { ...inputs, ...change };
      expect(await plugin.check(URN, news, inputs)).toEqual([]);
      expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
      const updated = await plugin.update(URN, outs, news);
      expect(await plugin.diff(URN, updated, news)).toEqual(NO_CHANGE);
      expect(updated.subjectKeyIdentifier).toBe(outs.subjectKeyIdentifier);
      for (const [name, value] of Object.entries(change)) {
        expect(updated[name]).toEqual(value);
      }
    },
  );

  test("another point of renewal moves it without a new certificate", async () => {
    const updated = await plugin.update(URN, outs, {
      ...inputs,
      renewal: { beforeDays: 20 },
    });
    expect(updated.certificatePem).toBe(outs.certificatePem);
    expect(
      new Date(String(updated.notAfter)).getTime() -
        new Date(String(updated.renewAt)).getTime(),
    ).toBe(20 * 86_400_000);
  });

  test("another key of the server is an update", async () => {
    const news = serverInputs(await requester(), above.signer);
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, news);
    expect(updated.subjectKeyIdentifier).not.toBe(outs.subjectKeyIdentifier);
  });

  test("an issuer renewed with its key is no change: leaves stay as they are", async () => {
    const renewed = await renewedCa(above);
    expect(renewed).not.toBe(above.ca.certificatePem);
    const news = serverInputs(server, {
      ...above.signer,
      certificatePem: renewed,
      chainPem: renewed,
    });
    expect(await plugin.check(URN, news, inputs)).toEqual([]);
    expect(await plugin.diff(URN, outs, news)).toEqual(NO_CHANGE);
  });

  test("an issuer with another key is an update", async () => {
    const other = await hierarchy();
    const news = serverInputs(server, other.signer);
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, news);
    expect(updated.authorityKeyIdentifier).toBe(other.ca.subjectKeyIdentifier);
  });

  test("an issuer with another name is an update", async () => {
    const news = serverInputs(server, {
      ...above.signer,
      authorities: [
        { subject: { commonName: "Renamed CA" }, validityDays: 1825 },
      ],
    });
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
  });

  test("a leaf that becomes a CA is replaced", async () => {
    const news = without({ ...inputs, profile: "intermediate" }, "dnsNames");
    expect(await plugin.diff(URN, outs, news)).toEqual({
      changes: "some",
      replaces: ["profile"],
    });
  });
});

test("a certificate is deleted without a trace of an error", async () => {
  await plugin.delete(URN, outs);
});

test("a root signs itself", async () => {
  const holder = await requester();
  const urn = urnOf("Certificate", "root-certificate");
  const rootIn = rootInputs(holder, { pathLength: 1 });
  expect(await plugin.check(urn, rootIn)).toEqual([]);
  const created = await plugin.create(urn, rootIn);
  const pem = String(created.outs.certificatePem);
  expect(verifyChain(pem, pem, new Date())).toEqual([]);
  expect(await plugin.diff(urn, created.outs, rootIn)).toEqual(NO_CHANGE);
});

test("nothing the plugin said in all of this holds a private key", () => {
  const search = new KeySearch({
    server: server.privateKeyPem,
    ca: String((above.signer.privateKeyPem as Properties).value),
  });
  expect(plugin.said.length).toBeGreaterThan(20);
  expect(search.find(plugin.said.join("\n"))).toEqual([]);
});

function iso(openSslDate: string): string {
  return `${new Date(openSslDate).toISOString().slice(0, 19)}Z`;
}

function identifierOf({ privateKeyPem }: Requester): string {
  const key = createPublicKey(readPrivateKey(privateKeyPem, "key"));
  return keyIdentifier(publicKeyDer(key));
}
