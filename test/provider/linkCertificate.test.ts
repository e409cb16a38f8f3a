import { X509Certificate } from "node:crypto";
import { issueCertificate } from "../../pki/certificate";
import {
  DEFAULT_KEY,
  exportPkcs8,
  importSigningKey,
  publicKeyDer,
  readPrivateKey,
} from "../../pki/key";
import { x509 } from "../../pki/webcrypto";
import type { Party } from "../pki/support/authority";
import { intermediate, issue, order, root } from "../pki/support/authority";
import { describeOpenSsl, scratchFolder } from "../pki/support/openssl";
import { requester } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

// The key of a new root, certified by the old one ("new with old", RFC 9810 §4.4).

const URN = urnOf("Certificate", "root-2027a-link");
const SUBJECT = { commonName: "Root 2027" };
const folder = scratchFolder();

let plugin: Plugin;
let old: Party;
/** The new root's own certificate, and what is below it. */
let young: string;
let chain: readonly string[];
let link: string;
let inputs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  const now = new Date();
  // It ends before the 1825 days of a link do.
  old = await root(
    { subject: { commonName: "Root 2026" }, validityDays: 1000 },
    now,
  );
  const { privateKeyPem, requestPem } = await requester();
  const key = readPrivateKey(privateKeyPem, "key");
  const signingKey = await importSigningKey(key, "key");
  const issued = await issueCertificate(
    order({ profile: "root", subject: SUBJECT, validityDays: 3650 }),
    { publicKey: publicKeyDer(key), key: DEFAULT_KEY },
    { signingKey },
    now,
  );
  young = issued.certificatePem;
  const certificate = new x509.X509Certificate(young);
  const top: Party = { ...issued, key, signer: { signingKey, certificate } };
  const ca = await intermediate(top, { validityDays: 900 }, now);
  const leaf = await issue(
    ca,
    {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      dnsNames: ["mqtt.example.com"],
    },
    now,
  );
  chain = [leaf.certificatePem, ca.certificatePem];
  inputs = {
    profile: "link",
    subject: SUBJECT,
    key: DEFAULT_KEY,
    requestPem,
    signer: {
      privateKeyPem: secret(exportPkcs8(old.key)),
      certificatePem: old.certificatePem,
      chainPem: "",
      trustAnchorsPem: old.certificatePem,
      authorities: [
        { subject: { commonName: "Root 2026" }, validityDays: 1000 },
      ],
    },
    validityDays: 1825,
    truncate: true,
  };
  expect(await plugin.check(URN, inputs)).toEqual([]);
  const { outs } = await plugin.create(URN, inputs);
  link = String(outs.certificatePem);
  expect((await plugin.diff(URN, outs, inputs)).changes).toBe("none");
});

afterAll(async () => {
  await plugin.stop();
});

test("a link has the new root's name and key, and the old one's signature, and ends with it", () => {
  const [read, own] = [new X509Certificate(link), new X509Certificate(young)];
  const issuer = new X509Certificate(old.certificatePem);
  expect(read.subject).toBe(own.subject);
  expect(read.publicKey.equals(own.publicKey)).toBe(true);
  expect(read.verify(issuer.publicKey)).toBe(true);
  expect(read.checkIssued(issuer)).toBe(true);
  expect(read.ca).toBe(true);
  expect(new Date(read.validTo)).toEqual(new Date(issuer.validTo));
});

test("no CA signs another root's name with the wrong key", async () => {
  const other = await root();
  const signer = inputs.signer as Properties;
  const failures = await plugin.check(URN, {
    ...inputs,
    signer: { ...signer, privateKeyPem: secret(exportPkcs8(other.key)) },
  });
  expect(failures.join("\n")).toContain("signer.privateKeyPem");
});

describeOpenSsl(
  "what devices make of leaf, intermediate and link",
  (openssl) => {
    const refusal = (anchors: readonly string[], linked = true): string =>
      openssl.refusal({
        chain: linked ? [...chain, link] : chain,
        anchors,
        args: ["-purpose", "sslserver", "-verify_hostname", "mqtt.example.com"],
      });

    test("accepted by one that trusts the old root only, the new one only, or both", () => {
      expect(refusal([old.certificatePem])).toBe("");
      expect(refusal([young])).toBe("");
      expect(refusal([old.certificatePem, young])).toBe("");
      expect(refusal([young, old.certificatePem])).toBe("");
    });

    test("it is the link that does it", () => {
      expect(refusal([old.certificatePem], false)).toContain("unable to get");
      expect(refusal([young], false)).toBe("");
    });
  },
);
