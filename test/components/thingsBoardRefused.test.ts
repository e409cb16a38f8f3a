import { join } from "node:path";
import type { BundleTrustArgs } from "../../resources";
import { runCommand } from "../support/command";
import type { Party } from "../pki/support/authority";
import { intermediate, issue, root } from "../pki/support/authority";
import type { RefusedCase, Refusal } from "./support/refusedProgram";

const ROOT = join(__dirname, "..", "..");

/** The rule, what is asked for, and all that is said. */
type Row = readonly [
  string,
  NonNullable<RefusedCase["thingsBoard"]>,
  readonly RegExp[],
];

let rows: readonly Row[] = [];
let refusals: readonly Refusal[] = [];
let ca: Party;
let stranger: Party;
let chainPem: string;

beforeAll(async () => {
  ca = await root();
  stranger = await intermediate(
    await root({ subject: { commonName: "Other Root" } }),
    { subject: { commonName: "Stranger CA" } },
  );
  const serverCa = await intermediate(ca);
  const server = await issue(serverCa, {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
    dnsNames: ["mqtt.example.com"],
  });
  chainPem = server.certificatePem + serverCa.certificatePem;
  rows = table();
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [
      "-r",
      join(ROOT, "bin", "register.cjs"),
      join(__dirname, "support", "refusedProgram.ts"),
    ],
    {
      cwd: ROOT,
      input: JSON.stringify(rows.map(([, thingsBoard]) => ({ thingsBoard }))),
    },
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
  refusals = JSON.parse(stdout) as Refusal[];
}, 60_000);

function table(): Row[] {
  const server = {
    secretName: "tb-mqtts",
    trustAnchorsPem: ca.certificatePem,
    chainPem,
    privateKeyPem: "KEY",
  };
  const bare = { secretName: "tb-mqtts", trustAnchorsPem: ca.certificatePem };
  return [
    [
      "everything that is wrong, at once",
      {
        product: "tbmq",
        credentialsType: "KEYSTORE",
        mountPath: "x",
        bindPort: 0,
        coap: {},
        server: bare,
      },
      [
        /it-\d+: coap: TBMQ serves none; leave it out\.$/,
        /: keystore: is missing; /,
        /: mountPath: "x" is no absolute path; /,
        /: bindPort: 0 is no port; /,
        /: server\.chainPem: is missing; /,
        /: server\.privateKeyPem: is missing; /,
      ],
    ],
    [
      "a product that is none",
      { product: "TBMQ" },
      [/: product: "TBMQ" is not known here; write "thingsboard" or /],
    ],
    [
      "a version that is none, in the place of latest",
      { version: "latest" },
      [/: version: "latest" is no version; write the release that runs/],
    ],
    [
      "what a version has not yet",
      {
        version: "3.4",
        server,
        deviceAuthority: ca,
        connectivity: { host: "a" },
      },
      [/: deviceAuthority: .* since version 3\.5, /, /: connectivity: /],
    ],
    [
      "an older version, where nobody would notice a renewal",
      { version: "4.3.1", server: bare },
      [/: server\.chainPem: is missing; .* by which pods are restarted/],
    ],
    [
      "files that the Secret has not",
      { server: { ...server, hasAliases: false } },
      [
        /: server: its Secret has no server\.pem and mqttserver_key\.pem; write aliases: true/,
      ],
    ],
    [
      "DTLS without an EC key",
      { server: { ...server, keyAlgorithm: "RSA" }, coap: {} },
      [
        /: coap: DTLS needs an EC key, and that of server is RSA; give coap\.server/,
      ],
    ],
    [
      "devices that TBMQ would not know",
      {
        product: "tbmq",
        server,
        deviceAuthority: { certificatePem: stranger.certificatePem },
      },
      [
        /: deviceAuthority: "Stranger CA" hangs from none of the CAs in the server's chain/,
      ],
    ],
    [
      "the same in a preview, which has no certificates yet",
      {
        product: "tbmq",
        server: { ...server, trust: trustIn("server-root") },
        deviceAuthority: { ...ca, trust: trustIn("device-root") },
      },
      [
        /: deviceAuthority: hangs from "device-root" and the server from "server-root"/,
      ],
    ],
    [
      "a chain that does not lead to a root",
      {
        product: "tbmq",
        server: { ...server, trustAnchorsPem: stranger.certificatePem },
      },
      [/: server\.chainPem: "Test Issuing CA" at its end is issued by none of/],
    ],
    [
      "a password that ThingsBoard would read as a variable",
      {
        server,
        credentialsType: "KEYSTORE",
        keystore: { password: "a${HOME}b" },
      },
      [/: keystore\.password: holds "\$\{" or "#\{", in which ThingsBoard/],
    ],
    ...(["thingsboard", "tbmq"] as const).map((product): Row => [
      `files with which ${product} would fail`,
      { product, server: { ...server, privateKeyPem: "ANOTHER KEY" } },
      [/: server: The private key is not the certificate's\.$/],
    ]),
    [
      "files of a listener's own with which it would fail",
      {
        server,
        http: {
          server: {
            ...server,
            secretName: "tb-https",
            privateKeyPem: "ANOTHER KEY",
          },
        },
      },
      [/: http\.server: The private key is not the certificate's\.$/],
    ],
    [
      "a Secret's name for two objects",
      {
        server,
        credentialsType: "KEYSTORE",
        keystore: { password: "long enough", secretName: "tb-mqtts" },
      },
      [/: keystore\.secretName: "tb-mqtts" is the name of another object/],
    ],
    [
      "two certificates whose Secrets would have one name",
      {
        server,
        credentialsType: "KEYSTORE",
        keystore: { password: "long enough" },
        http: { server: { ...server } },
      },
      [
        /: http\.server\.secretName: "tb-mqtts-keystore" is the name of another/,
      ],
    ],
    [
      "a listener's Secret with the name of that with the passwords",
      {
        server: { ...server, keyPassphrase: "long enough" },
        http: { server: { ...server, secretName: "tb-mqtts-env" } },
      },
      [/: environmentSecretName: "tb-mqtts-env" is the name of another object/],
    ],
    [
      "a server without a Secret",
      { server: { ...server, secretName: "" }, configMapName: "tb-mqtts-env" },
      [
        /: server\.secretName: is empty, .* give the ServerCertificate kubernetes/,
      ],
    ],
    [
      "a path for a certificate that is not there",
      {
        server,
        lwm2m: { mountPath: "/lwm2m", bootstrap: true },
        http: { mountPath: "/https" },
      },
      [
        /: http\.mountPath: is of a certificate that http has not; give http\.server/,
        /: lwm2m\.mountPath: is of a certificate that lwm2m has not/,
      ],
    ],
    [
      "a device authority that is none",
      {
        server,
        deviceAuthority: { certificatePem: "a key" },
        deviceProfileName: " ",
      },
      [
        /: deviceProfileName: " " is empty; /,
        /: deviceAuthority\.certificatePem: holds no PEM block "BEGIN CERTIFICATE"/,
      ],
    ],
    [
      "a chain in the place of the one certificate that ThingsBoard looks for",
      { server, deviceAuthority: { certificatePem: chainPem } },
      [
        /: deviceAuthority\.certificatePem: holds 2 certificates, and ThingsBoard/,
      ],
    ],
    [
      "a ConfigMap of ThingsBoard's own, for what users are shown",
      { connectivity: { host: "a", configMapName: "tb-node-config" } },
      [/: connectivity\.configMapName: "tb-node-config" is a ConfigMap of/],
    ],
  ];
}

/** As a `RootCA` of the program has it. */
function trustIn(authority: string): BundleTrustArgs {
  return {
    generations: [{ authority, id: "1", state: "active", certificatePem: "" }],
  };
}

test("every one is refused as a user's mistake, with nothing else said", () => {
  expect(rows.length).toBeGreaterThan(0);
  for (const [index, [rule, , expected]] of rows.entries()) {
    const { reasons, plain } = refusals[index] ?? { reasons: [], plain: false };
    const lines = reasons.flatMap((reason) => reason.split("\n"));
    expect({ rule, lines, plain }).toEqual({
      rule,
      lines: expected.map(
        (message) => expect.stringMatching(message) as string,
      ),
      plain: true,
    });
  }
});

test("variables that name such files are in no ConfigMap", () => {
  const made = refusals.flatMap((refusal) => refusal.made);
  expect(made).toContain("mqtt-ca-bundle");
  expect(made.filter((name) => name !== "mqtt-ca-bundle")).toEqual([
    // Where only a password is wrong, or the name of another object, or missing, or the device authority.
    ...Array.from({ length: 8 }, () => "tb-mqtts-env"),
  ]);
});

test("no passphrase is repeated", () => {
  expect(JSON.stringify(refusals)).not.toContain("HOME}b");
});
