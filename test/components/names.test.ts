import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { checkedName, secretData } from "../../components/kubernetes";
import { runCommand } from "../support/command";
import { valueOf } from "./support/record";
import type { RefusedCase, Refusal } from "./support/refusedProgram";

const ROOT = join(__dirname, "..", "..");

const BAD_NAMES = [
  "",
  "A",
  "a_b",
  "-a",
  "a-",
  "a.",
  ".a",
  "a..b",
  "a/b",
  "a b",
  "ä",
  "a\n",
  "x".repeat(254),
];
const BAD_NAMESPACES = [
  "",
  "A",
  "a.b",
  "-a",
  "a-",
  "a_b",
  "a\n",
  "x".repeat(64),
];
const RESERVED = [
  "tb-mqtt-transport-config",
  "tb-node-config",
  "tb-node-db-config",
  "tb-kafka-config",
  "tb-cache-config",
  "tb-mqtts-config",
  "tbmq-mqtts-config",
  "tbmq-node-mqtts-config",
];
const BAD_MOUNTS = ["ssl-config", "./x", "", "/", "/x/", "/a b", "classpath:x"];
const BAD_PORTS = [0, -1, 65_536, 8883.5];

/** Everything that must be refused: the rule, the case, what is said. */
const ROWS: readonly [string, RefusedCase, RegExp][] = [
  ...BAD_NAMES.map((name): [string, RefusedCase, RegExp] => [
    `${JSON.stringify(name.slice(0, 20))} is no name of an object`,
    { object: { namespace: "default", name } },
    /^server: kubernetes\.secretName: ".*" is no name of a Kubernetes object; use a-z 0-9 - and \., 1 to 253 characters/,
  ]),
  ...BAD_NAMESPACES.map((namespace): [string, RefusedCase, RegExp] => [
    `${JSON.stringify(namespace.slice(0, 20))} is no name of a namespace`,
    { object: { namespace, name: "it" } },
    /^server: kubernetes\.namespace: ".*" is no name of a namespace; use a-z 0-9 and -, 1 to 63 characters/,
  ]),
  [
    "both mistakes are said at once",
    { object: { namespace: "A", name: "B" } },
    /^server: kubernetes\.namespace: .*\nserver: kubernetes\.secretName: /,
  ],
  ...RESERVED.flatMap((name): [string, RefusedCase, RegExp][] => [
    [
      `ThingsBoard's own ConfigMap ${name} is never written`,
      { thingsBoard: { configMapName: name } },
      /: configMapName: ".*" is a ConfigMap of ThingsBoard's own manifests/,
    ],
    [
      `nor is a bundle in its place, ${name}`,
      { thingsBoard: { bundleConfigMapName: name } },
      /: bundleConfigMapName: ".*" is a ConfigMap of ThingsBoard's own/,
    ],
  ]),
  [
    "a passphrase does not take the place of the broker's Secret",
    {
      thingsBoard: {
        server: {
          secretName: "tb-mqtts",
          trustAnchorsPem: "PEM",
          keyPassphrase: "a long and random one",
        },
        environmentSecretName: "tb-mqtts",
      },
    },
    /: environmentSecretName: "tb-mqtts" is the name of another object/,
  ],
  ...["a${HOME}b", "a#{1}b"].map(
    (keyPassphrase): [string, RefusedCase, RegExp] => [
      `a passphrase that ThingsBoard would read as a variable, like ${keyPassphrase}`,
      {
        thingsBoard: {
          server: { secretName: "b", trustAnchorsPem: "PEM", keyPassphrase },
        },
      },
      /: server\.keyPassphrase: holds "\$\{" or "#\{", in which ThingsBoard/,
    ],
  ),
  [
    "Ed25519 has no form that is encrypted for ThingsBoard",
    { server: { algorithm: "ED25519", keyPassphrase: "a long one" } },
    /it-\d+: kubernetes\.keyPassphrase: .*which Ed25519 keys do not have/,
  ],
  [
    "the two ConfigMaps need two names",
    { thingsBoard: { configMapName: "a", bundleConfigMapName: "a" } },
    /: bundleConfigMapName: "a"/,
  ],
  ...BAD_MOUNTS.map((mountPath): [string, RefusedCase, RegExp] => [
    `${JSON.stringify(mountPath)} is no place to mount: only absolute paths are reloaded`,
    { thingsBoard: { mountPath } },
    /: mountPath: ".*" is no absolute path/,
  ]),
  ...BAD_PORTS.map((bindPort): [string, RefusedCase, RegExp] => [
    `${bindPort} is no port`,
    { thingsBoard: { bindPort } },
    /: bindPort: \S+ is no port; write 1 to 65535/,
  ]),
  [
    "a bundle's namespaces and name, all of them at once",
    {
      trustBundle: {
        namespaces: ["b", "B", "a", "b"],
        configMapName: "C",
      },
    },
    /: namespaces\[1\]: "B" is no name .*\n.*: namespaces\[2\]: "a" is named in namespace; .*\n.*: namespaces\[3\]: "b" is named twice; .*\n.*: configMapName: "C" is no name/,
  ],
  [
    "a colon in a bundle's name stands for a signer, which is said by itself",
    { trustBundle: { clusterTrustBundle: { name: "example.com:x:roots" } } },
    /: clusterTrustBundle\.name: "example\.com:x:roots" has a colon, .*signerName and here the rest, such as "roots"/,
  ],
  ...["x", "x/y", "example.com/x/y", "Example.com/x", "example.com/"].map(
    (signerName): [string, RefusedCase, RegExp] => [
      `${signerName} is no signer`,
      { trustBundle: { clusterTrustBundle: { name: "roots", signerName } } },
      /: clusterTrustBundle\.signerName: ".*" is no name of a signer; write a domain and a path/,
    ],
  ),
  [
    "what the server would not take for a bundle",
    {
      trustBundle: {
        authority: {
          trustAnchorsPem:
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        },
        clusterTrustBundle: { name: "roots" },
      },
    },
    /certificate 1 is a PUBLIC KEY; .*\n.*certificate 2 cannot be read as X\.509/,
  ],
  [
    "two that would restart a workload in turn",
    { twoRestarts: true },
    /-two: restart\[0\]\.annotation: "mqtt-pki\/bundle-sha256" of the Deployment "broker" is written by "it-\d+-one" already, .*such as "mqtt-pki\/it-\d+-two-sha256"/,
  ],
  [
    "a workload where no pod can mount the bundle",
    {
      trustBundle: {
        restart: [{ kind: "Deployment", name: "broker", namespace: "b" }],
      },
    },
    /: restart\[0\]\.namespace: "b" has no object of this component, .* write one of a\./,
  ],
  [
    "a broker without a Secret has no files to name",
    { thingsBoard: { server: { secretName: "", trustAnchorsPem: "PEM" } } },
    /"-env" is no name of a Kubernetes object|secretName/,
  ],
];

let refusals: readonly Refusal[];

beforeAll(async () => {
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [
      "-r",
      join(ROOT, "bin", "register.cjs"),
      join(__dirname, "support", "refusedProgram.ts"),
    ],
    { cwd: ROOT, input: JSON.stringify(ROWS.map(([, wanted]) => wanted)) },
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
  refusals = JSON.parse(stdout) as Refusal[];
}, 60_000);

describe("refused, as a user's mistake", () => {
  test.each(ROWS.map((row, index) => [row[0], index] as const))(
    "%s",
    (_rule, index) => {
      const [, , message] = ROWS[index] ?? [];
      const refusal = refusals[index];
      expect(refusal?.reasons).toEqual([
        expect.stringMatching(message ?? /never/) as string,
      ]);
      expect(refusal?.plain).toBe(true);
    },
  );
});

test("ThingsBoard's own ConfigMaps are never asked for, not even in vain", () => {
  const made = refusals.flatMap((refusal) => refusal.made);
  expect(made.length).toBeGreaterThan(0);
  expect(made.filter((name) => RESERVED.includes(name))).toEqual([]);
});

test("names of RFC 1123 are passed on as they are", async () => {
  const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  const name = fc
    .array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => labels.join("."))
    .filter((text) => text.length <= 253);
  const paths = { component: "x", namespace: "y", name: "z" };
  await fc.assert(
    fc.asyncProperty(label, name, async (namespace, object) => {
      const checked = checkedName(namespace, object, paths);
      expect(await valueOf(checked.namespace)).toBe(namespace);
      expect(await valueOf(checked.name)).toBe(object);
    }),
  );
});

test("a Secret's data is base64 and secret, whatever it was", async () => {
  const data = secretData({ text: "ä\n", hidden: pulumi.secret("x") });
  expect(await pulumi.isSecret(data)).toBe(true);
  expect(await valueOf(data)).toEqual({ text: "w6QK", hidden: "eA==" });
});
