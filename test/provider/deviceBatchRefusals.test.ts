import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import { snapshot } from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, secret } from "./support/wire";

const URN = urnOf("DeviceBatch", "fleet");
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let inputs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  inputs = batchInputs(above.signer, "out", ["a", "b"]);
});

afterAll(async () => {
  await plugin.stop();
});

function manifest(name: string, text: string): Properties {
  writeFileSync(join(folder, name), text);
  return { devices: null, manifest: name };
}

function constrained(signer: Properties): Properties {
  const nameConstraints = { permittedDnsNames: ["example.com"] };
  return {
    signer: {
      ...signer,
      authorities: [
        { subject: { commonName: "CA" }, validityDays: 1825, nameConstraints },
      ],
    },
  };
}

describe("a check refuses", () => {
  const rows: readonly [string, () => Properties, readonly RegExp[]][] = [
    [
      "an id with a colon, where it stands",
      () => ({ devices: [{ id: "a" }, { id: "a:b" }] }),
      [/^devices\[1\]\.id: "a:b" contains ":"/],
    ],
    [
      "two devices of one id, with both places",
      () => ({ devices: [{ id: "a" }, { id: "b" }, { id: "a" }] }),
      [/^devices\[2\]\.id: "a" stands at devices\[0\] already/],
    ],
    [
      "every malformed row of a manifest, by its line",
      () => manifest("a.csv", "id,uris\na\nb,urn:b\nc,,\n"),
      [/^a\.csv:2: has 1 fields/, /^a\.csv:4: has 3 fields/],
    ],
    [
      "every bad row of a manifest, by its line",
      () => manifest("b.csv", "id,serialNumber\na b,\nc,x_y\n"),
      [/^b\.csv:2\.id: /, /^b\.csv:3\.serialNumber: /],
    ],
    [
      "a column nobody knows",
      () => manifest("c.csv", "id,name\na,b\n"),
      [/^c\.csv:1: "name" is no known column/],
    ],
    [
      "CSV that is none",
      () => manifest("d.csv", 'id\n"a\n'),
      [/^d\.csv:2: is no well-formed CSV/],
    ],
    [
      "a manifest that is not there",
      () => ({ devices: null, manifest: "none.csv" }),
      [/^manifest: "none\.csv" is not there/],
    ],
    [
      "a manifest that is a folder",
      () => {
        mkdirSync(join(folder, "dir.csv"));
        return { devices: null, manifest: "dir.csv" };
      },
      [/^manifest: "dir\.csv" cannot be read \(EISDIR\)/],
    ],
    [
      "a manifest of another form",
      () => ({ devices: null, manifest: "fleet.xlsx" }),
      [/^manifest: "fleet\.xlsx" is no CSV file/],
    ],
    [
      "both a list and a manifest",
      () => ({ manifest: "a.csv" }),
      [/^devices: and manifest exclude each other/],
    ],
    [
      "neither list nor manifest",
      () => ({ devices: null }),
      [/^devices: is missing; list devices here/],
    ],
    [
      "days beyond the issuer's, once for the whole batch",
      () => ({ validityDays: 2000 }),
      [/^validityDays: 2000 days would outlive the issuer/],
    ],
    [
      "days of one device beyond the issuer's, at that device",
      () => ({ devices: [{ id: "a" }, { id: "b", validityDays: 2000 }] }),
      [/^devices\[1\]\.validityDays: 2000 days would outlive/],
    ],
    [
      "a validity shorter than the point of renewal",
      () => ({
        renewal: { beforeDays: 30 },
        devices: [{ id: "a", validityDays: 20 }],
      }),
      [/^devices\[0\]\.validityDays: /],
    ],
    [
      "a name outside the issuer's constraints",
      () => ({
        ...constrained(above.signer),
        devices: [{ id: "a", dnsNames: ["a.net"] }],
      }),
      [/^devices\[0\]\.dnsNames\[0\]: "a\.net" is outside/],
    ],
    [
      "an id like a host name outside the issuer's constraints",
      () => ({
        ...constrained(above.signer),
        devices: [{ id: "sensor.evil.net" }],
      }),
      [
        /^devices\[0\]\.(id|subject\.commonName): "sensor\.evil\.net" is outside/,
      ],
    ],
    [
      "Ed25519, which Mbed TLS cannot read",
      () => ({ key: { algorithm: "ED25519" } }),
      [/^key\.algorithm: "ED25519" is not for profile "device"/],
    ],
    [
      "P-224",
      () => ({ key: { algorithm: "ECDSA", ecdsaCurve: "P224" } }),
      [/^key\.ecdsaCurve: "P224" is below/],
    ],
    [
      "a subject that no X.509 name holds",
      () => ({ subject: { country: "Germany" } }),
      [/^subject\.country: /],
    ],
    [
      "a common name for the whole batch",
      () => ({ subject: { commonName: "x" } }),
      [/^subject\.commonName: is no known argument/],
    ],
    [
      "an empty folder name",
      () => ({ outputDirectory: "" }),
      [/^outputDirectory: is empty; name a folder/],
    ],
    [
      "a file as its folder",
      () => {
        writeFileSync(join(folder, "file"), "");
        return { outputDirectory: "file" };
      },
      [/^outputDirectory: "file" cannot be a folder/],
    ],
    [
      "a folder below a file",
      () => {
        writeFileSync(join(folder, "file"), "");
        return { outputDirectory: "file/out" };
      },
      [/^outputDirectory: .*"file" is a file/],
    ],
    [
      "an id that no key of a Secret can be",
      () => ({
        secretShards: 1,
        devices: [{ id: "a/b" }, { id: "a@b" }, { id: "..a" }, { id: "ok" }],
      }),
      [/^devices\[0\]\.id: /, /^devices\[1\]\.id: /, /^devices\[2\]\.id: /],
    ],
    [
      "no number of Secrets",
      () => ({ secretShards: 0 }),
      [/^output\.kubernetes\.shards: 0 is no number of Secrets/],
    ],
    [
      "more than one Secret holds",
      () => ({
        secretShards: 1,
        devices: Array.from({ length: 700 }, (_, at) => ({ id: `d-${at}` })),
      }),
      [
        /^output\.kubernetes\.shards: 700 devices .* do not fit one Secret of 1 MiB; write 2\.$/,
      ],
    ],
    [
      "more than 32 Secrets hold",
      () => ({
        secretShards: 32,
        devices: Array.from({ length: 20_000 }, (_, at) => ({ id: `d-${at}` })),
      }),
      [/leave output\.kubernetes out and take the files/],
    ],
  ];

  test.each(rows)("%s", async (_rule, overrides, reasons) => {
    const failures = await plugin.check(URN, { ...inputs, ...overrides() });
    expect(failures).toEqual(
      reasons.map((reason) => expect.stringMatching(reason) as string),
    );
  });

  test("all of it at once, and nothing is written", async () => {
    const failures = await plugin.check(URN, {
      ...inputs,
      key: { algorithm: "RSA", rsaBits: 1024 },
      validityDays: 0,
      devices: [{ id: "" }, { id: "a", uris: ["x"] }, { id: "a" }],
    });
    expect(failures.map((text) => text.replace(/: .*/s, ""))).toEqual([
      "key.rsaBits",
      "validityDays",
      "devices[0].id",
      "devices[1].uris[0]",
      "devices[2].id",
    ]);
    expect(() => snapshot(join(folder, "out"))).toThrow(/ENOENT/);
  });

  // The super-user may write everywhere.
  const asUser = userInfo().uid === 0 ? test.skip : test;
  asUser("a folder this user cannot write", async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o500 });
    const failures = await plugin.check(URN, {
      ...inputs,
      outputDirectory: join(closed, "out"),
    });
    expect(failures).toEqual([expect.stringMatching(/does not let this user/)]);
    chmodSync(closed, 0o700);
  });
});

describe("a preview that does not know everything", () => {
  test.each([
    ["the devices", { devices: UNKNOWN }],
    ["one device", { devices: [{ id: "a" }, UNKNOWN] }],
    [
      "the id of a device below constraints",
      {
        devices: [{ id: UNKNOWN }],
        signer: {
          privateKeyPem: UNKNOWN,
          authorities: [
            {
              subject: { commonName: "CA" },
              validityDays: 1825,
              nameConstraints: { permittedDnsNames: ["example.com"] },
            },
          ],
        },
      },
    ],
    [
      "what the issuer may issue for",
      {
        devices: [{ id: "a", dnsNames: ["a.example.com"] }],
        signer: {
          privateKeyPem: UNKNOWN,
          authorities: [
            {
              subject: { commonName: "CA" },
              validityDays: 1825,
              nameConstraints: { permittedDnsNames: [UNKNOWN] },
            },
          ],
        },
      },
    ],
    ["the manifest", { devices: null, manifest: UNKNOWN }],
    ["the signer", { signer: UNKNOWN }],
    [
      "the issuer's key and certificate",
      {
        signer: {
          privateKeyPem: secret(UNKNOWN),
          certificatePem: UNKNOWN,
          chainPem: UNKNOWN,
          trustAnchorsPem: UNKNOWN,
          authorities: [],
        },
      },
    ],
    ["the folder", { outputDirectory: UNKNOWN }],
    [
      "the validity, with a point of renewal",
      { validityDays: UNKNOWN, renewal: { beforeDays: 30 } },
    ],
    ["whether it may be cut", { validityDays: 2000, truncate: UNKNOWN }],
  ])("does not refuse %s, and plans a change", async (_what, overrides) => {
    expect(await plugin.check(URN, { ...inputs, ...overrides })).toEqual([]);
    const output = join(folder, "known");
    const known = { ...inputs, outputDirectory: output };
    const { outs } = await plugin.create(URN, known);
    const heard = plugin.log.length;
    expect(
      (await plugin.diff(URN, outs, { ...known, ...overrides })).changes,
    ).toBe("some");
    // What is not known cannot have been removed.
    expect(
      plugin.log
        .slice(heard)
        .map(({ text }) => text)
        .join("\n"),
    ).not.toContain("removed");
  });
});
