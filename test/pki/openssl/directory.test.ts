import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { issueCertificate } from "../../../pki/certificate";
import { DEFAULT_KEY, exportPkcs8, publicKeyDer } from "../../../pki/key";
import type { OpenSslDirectory } from "../../../pki/openssl/directory";
import { readOpenSslDirectory } from "../../../pki/openssl/directory";
import type { Party } from "../support/authority";
import {
  DEFAULT_NOW,
  intermediate,
  issue,
  order,
  root,
} from "../support/authority";
import { scratchFolder } from "../support/openssl";

const base = scratchFolder();
let count = 0;
let authority: Party;
let ca: Party;
let server: Party;
let device: Party;

beforeAll(async () => {
  authority = await root({ pathLength: 1 });
  ca = await intermediate(authority);
  server = await issue(ca, {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
  });
  device = await issue(ca);
});

function encrypted({ key }: Party): string {
  return key
    .export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "secret",
    })
    .toString();
}

/** Reads a directory with these files; keys for their owner only. */
function read(
  files: Readonly<Record<string, string | Buffer>>,
  passphrases: readonly string[] = [],
): OpenSslDirectory {
  count += 1;
  const folder = join(base, String(count));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
  }
  return readOpenSslDirectory(folder, { now: DEFAULT_NOW, passphrases });
}

function codes({ findings }: OpenSslDirectory): string[] {
  return findings.map(({ file, code }) => `${file} ${code}`);
}

test("who signed whom is told by signatures, whatever the files are called", () => {
  const found = read({
    "a/x.pem": `${device.certificatePem}${exportPkcs8(device.key)}`,
    "b/y.crt": ca.certificatePem,
    "c/z.der": Buffer.from(
      authority.certificatePem.replace(/-----.*-----|\n/g, ""),
      "base64",
    ),
    "d/key.pem": exportPkcs8(ca.key),
    "notes.txt": "nothing of ours",
  });
  expect(
    found.authorities.map(({ name, file, issuer, key }) => [
      name,
      file,
      issuer?.name,
      key?.key.file,
    ]),
  ).toEqual([
    ["z", "c/z.der", undefined, undefined],
    ["y", "b/y.crt", "z", "d/key.pem"],
  ]);
  expect(
    found.leaves.map(({ name, purpose, issuer, key }) => [
      name,
      purpose,
      issuer?.name,
      key?.key.file,
    ]),
  ).toEqual([["x", "device", "y", "a/x.pem"]]);
});

test("an encrypted key is found by its name without a passphrase, and by itself with one", () => {
  const files = {
    "caCert.pem": authority.certificatePem,
    "caKey.pem": encrypted(authority),
    "intermediateCert.pem": ca.certificatePem,
    "private/intermediate.key": encrypted(ca),
  };
  const byName = read(files);
  expect(
    byName.authorities.map(({ key }) => [key?.key.file, key?.byName]),
  ).toEqual([
    ["caKey.pem", true],
    ["private/intermediate.key", true],
  ]);
  expect(codes(byName)).toContain("caKey.pem encrypted-key");
  const opened = read(files, ["wrong", "secret"]);
  expect(
    opened.authorities.map(({ key }) => [key?.key.file, key?.byName]),
  ).toEqual([
    ["caKey.pem", false],
    ["private/intermediate.key", false],
  ]);
});

test("the records of openssl ca go to the CA that issued what they list, else to the one beside them", () => {
  const serial = server.serialNumber.toUpperCase();
  const found = read({
    "ca/cert.pem": authority.certificatePem,
    "ca/index.txt": "",
    "ca/serial": "1000\n",
    "ca/crlnumber": "0A\n",
    "below.pem": ca.certificatePem,
    "server.pem": server.certificatePem,
    "elsewhere/database.txt": `V\t271120214640Z\t\t${serial}\tunknown\t/CN=mqtt.example.com\nnonsense\n`,
    "elsewhere/crl/crlnumber": "not a number\n",
  });
  const [above, below] = found.authorities.map(({ records }) => records);
  expect(above).toMatchObject({
    database: { file: "ca/index.txt", entries: [] },
    nextSerial: { value: "1000" },
    crlNumber: { value: "a" },
  });
  expect(below?.database?.entries).toHaveLength(1);
  expect(codes(found)).toEqual(
    expect.arrayContaining([
      "elsewhere/database.txt:2 malformed-line",
      "elsewhere/crl/crlnumber no-number",
    ]),
  );
});

test("of two certificates of one CA the later one counts, and what the other signed stays below it", async () => {
  const { certificatePem } = await issueCertificate(
    order({
      profile: "intermediate",
      subject: { commonName: "Test Issuing CA" },
      validityDays: 100,
    }),
    { publicKey: publicKeyDer(ca.key), key: DEFAULT_KEY },
    authority.signer,
    DEFAULT_NOW,
  );
  const found = read({
    "a-root.pem": authority.certificatePem,
    "b-older.pem": certificatePem,
    "c-newer.pem": ca.certificatePem,
    "server.pem": server.certificatePem,
  });
  expect(found.authorities.map(({ file }) => file)).toEqual([
    "a-root.pem",
    "c-newer.pem",
  ]);
  expect(found.leaves[0]?.issuer?.file).toBe("c-newer.pem");
  expect(codes(found)).toContain("b-older.pem older-certificate");
});

test("what is wrong is said of the file it is in", () => {
  const found = read({
    "ca.pem": ca.certificatePem,
    "chain.pem": `${ca.certificatePem}${server.certificatePem}`,
    "broken.pem":
      "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
    "cut.pem": "-----BEGIN CERTIFICATE-----\nQUJD\n",
    "old/index.txt": "V\t271120214640Z\t\t01\tunknown\t/CN=a\n",
    "server-key.pem": exportPkcs8(server.key),
  });
  expect(codes(found)).toEqual(
    expect.arrayContaining([
      "ca.pem issuer-missing",
      "broken.pem:1 unreadable",
      "cut.pem:1 unreadable",
    ]),
  );
  expect(codes(found).some((code) => code.startsWith("chain.pem "))).toBe(true);
  expect(
    found.findings
      .filter(({ preventsAdoption }) => preventsAdoption)
      .map(({ code }) => code),
  ).toEqual(["issuer-missing"]);
});

test("a key that others may read is a finding", () => {
  const found = read({ "ca.pem": authority.certificatePem });
  expect(codes(found)).not.toContain("ca.key key-readable-by-others");
  const folder = join(base, String(count));
  writeFileSync(join(folder, "ca.key"), exportPkcs8(authority.key));
  chmodSync(join(folder, "ca.key"), 0o644);
  const again = readOpenSslDirectory(folder, { now: DEFAULT_NOW });
  expect(codes(again)).toContain("ca.key key-readable-by-others");
});

test("no finding holds anything of a key", () => {
  const found = read({
    "ca.pem": authority.certificatePem,
    "ca.key": exportPkcs8(authority.key),
  });
  const body = exportPkcs8(authority.key).split("\n")[1] ?? "";
  expect(JSON.stringify(found.findings)).not.toContain(body.slice(0, 20));
});
