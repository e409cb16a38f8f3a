import {
  BrokerConfiguration,
  BrokerIdentity,
  BrokerKind,
} from "../../components";
import type { BrokerConfigurationArgs } from "../../components";
import { emptyList } from "../platforms/brokers/revocationList";
import { digest, required } from "../support/rendered";
import { Recorder, valueOf } from "./support/record";

jest.setTimeout(20_000);

const ROOTS = "one root\nanother root\n";
const CHAIN = "a chain\n";
const KEY = "a key\n";
const TRUST = {
  generations: [
    {
      authority: "root",
      id: "2026a",
      state: "active",
      certificatePem: ROOTS,
    },
  ],
};

let recorder: Recorder;
let made = 0;

beforeEach(async () => {
  recorder = await Recorder.install();
});

// What a component registers at its end is for the recorder it began with.
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
});

function make(args: Partial<BrokerConfigurationArgs> = {}, name = "broker") {
  return new BrokerConfiguration(name, {
    broker: BrokerKind.Mosquitto,
    server: { chainPem: CHAIN, privateKeyPem: KEY, secretName: "tls" },
    deviceAuthority: {
      trustAnchorsPem: ROOTS,
      trust: TRUST,
    },
    kubernetes: { namespace: "mqtt" },
    ...args,
  });
}

async function annotationsOf(
  args: Partial<BrokerConfigurationArgs>,
): Promise<Record<string, string>> {
  made += 1;
  return valueOf(make(args, `broker-${made}`).podAnnotations);
}

test("configuration, roots and revocation lists are ConfigMaps; the key stays in its Secret", async () => {
  const crlPem = emptyList("CA");
  const broker = make({ crlPem });
  expect(await valueOf(broker.volumes)).toEqual([
    { name: "mqtt-pki-configuration", configMap: { name: "broker" } },
    {
      name: "mqtt-pki-server",
      secret: { secretName: "tls", defaultMode: 288 },
    },
    {
      name: "mqtt-pki-device-roots",
      configMap: { name: "broker-device-roots" },
    },
    { name: "mqtt-pki-crl", configMap: { name: "broker-crl" } },
  ]);
  expect(
    (await valueOf(broker.volumeMounts)).map(({ mountPath }) => mountPath),
  ).toEqual([
    "/mosquitto/config",
    "/mqtt/server",
    "/mqtt/device-roots",
    "/mqtt/crl",
  ]);
  expect(recorder.tree()).toEqual([
    "BrokerConfiguration broker < ",
    "BundlePublication broker-device-roots-publication < broker",
    "ConfigMap broker-configuration < broker",
    "ConfigMap broker-crl < broker",
    "ConfigMap broker-device-roots < broker",
  ]);
  expect(recorder.get("broker-crl").inputs.data).toEqual({ "crl.pem": crlPem });
  expect(recorder.get("broker-device-roots").inputs.data).toEqual({
    "ca-bundle.pem": ROOTS,
  });
  expect(JSON.stringify(recorder.asked)).not.toContain(KEY.trim());
});

test("a bundle that is there already is mounted and not made again", async () => {
  const broker = new BrokerConfiguration("broker", {
    broker: BrokerKind.Mosquitto,
    server: { chainPem: CHAIN, privateKeyPem: KEY, secretName: "tls" },
    trustBundle: { configMapName: "device-roots", bundleSha256: "ab" },
    kubernetes: { namespace: "mqtt" },
  });
  expect(await valueOf(broker.bundleConfigMapName)).toBe("device-roots");
  expect((await valueOf(broker.podAnnotations))["mqtt-pki/bundle-sha256"]).toBe(
    "ab",
  );
  expect(recorder.tree()).toEqual([
    "BrokerConfiguration broker < ",
    "ConfigMap broker-configuration < broker",
  ]);
});

test.each([BrokerKind.Mosquitto, BrokerKind.Artemis, BrokerKind.VerneMq])(
  "%s checks revocation lists of devices that it does not tell apart, too",
  async (broker) => {
    const crlPem = emptyList("CA");
    const devices = [{ id: "sensor-1" }];
    const { crlConfigMapName } = make({
      ...{ broker, devices, crlPem },
      identity: BrokerIdentity.None,
    });
    expect(await valueOf(crlConfigMapName)).toBe("broker-crl");
    expect(recorder.get("broker-crl").inputs.data).toEqual({
      "crl.pem": crlPem,
    });
  },
);

describe("the annotations of a pod", () => {
  test("have what nobody signals, and what no signal would do", async () => {
    expect(await annotationsOf({})).toMatchObject({
      "mqtt-pki/certificate-sha256": digest(CHAIN),
      "mqtt-pki/bundle-sha256": digest(ROOTS),
    });
    expect(
      Object.keys(await annotationsOf({ signalled: true })).sort(),
    ).toEqual(["mqtt-pki/bundle-sha256", "mqtt-pki/configuration-sha256"]);
  });

  test("have nothing that the broker looks for by itself", async () => {
    const devices = [{ id: "sensor-1" }];
    expect(
      Object.keys(
        await annotationsOf({ broker: BrokerKind.RabbitMq, devices }),
      ),
    ).toEqual(["mqtt-pki/configuration-sha256"]);
  });

  test("change with what they stand for, and with nothing else", async () => {
    const changed = async (change: Partial<BrokerConfigurationArgs>) => {
      const [before, after] = [
        await annotationsOf({}),
        await annotationsOf(change),
      ];
      return Object.keys(after).filter((key) => after[key] !== before[key]);
    };
    const server = { privateKeyPem: KEY, secretName: "tls" };
    expect(await changed({ server: { ...server, chainPem: "new" } })).toEqual([
      "mqtt-pki/certificate-sha256",
    ]);
    expect(
      await changed({ deviceAuthority: { trustAnchorsPem: "new" } }),
    ).toEqual(["mqtt-pki/bundle-sha256"]);
    expect(await changed({ port: 8884 })).toEqual([
      "mqtt-pki/configuration-sha256",
    ]);
    expect(await changed({ kubernetes: { namespace: "other" } })).toEqual([]);
  });
});

test("outside Kubernetes it is files, the key among them only where that is asked for", async () => {
  const output = { directory: "out" };
  const args = {
    broker: BrokerKind.Mosquitto,
    server: { chainPem: CHAIN, privateKeyPem: KEY, secretName: "" },
    deviceAuthority: { trustAnchorsPem: ROOTS, trust: TRUST },
  };
  const without = new BrokerConfiguration("without", { ...args, output });
  const withKey = new BrokerConfiguration("with-key", {
    ...args,
    output: { ...output, privateKey: true },
  });
  expect(await valueOf(without.volumes)).toEqual([]);
  await valueOf(withKey.caveats);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const files = recorder.get("without-files").inputs;
  expect(Object.keys(required(files, "files") as object).sort()).toEqual([
    "configuration/acl",
    "configuration/mosquitto.conf",
    "device-roots/ca-bundle.pem",
    "server/tls.crt",
  ]);
  expect(files.secretFiles).toBeUndefined();
  expect(recorder.get("without-files-publication").inputs.place).toBe(
    "out/device-roots/ca-bundle.pem",
  );
  expect(JSON.stringify(recorder.get("with-key-files").inputs)).toContain(
    "server/tls.key",
  );
});

test("devices are known by the subject that their batch gives them", async () => {
  make({
    broker: BrokerKind.Nats,
    devices: [{ id: "a" }, { id: "b", subject: "CN=b,DC=example" }],
    deviceSubject: { organization: "Example", country: "DE" },
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { data } = recorder.get("broker-configuration").inputs as {
    data: Record<string, string>;
  };
  expect(data["nats.conf"]).toContain('"CN=a,O=Example,C=DE"');
  expect(data["nats.conf"]).toContain('"CN=b,DC=example"');
});

describe("refused at once", () => {
  test.each<[string, Partial<BrokerConfigurationArgs>, RegExp]>([
    ["no broker", { broker: "HiveMQ CE" }, /broker: "HiveMQ CE" is no broker/],
    [
      "no place",
      { kubernetes: undefined as never },
      /kubernetes: is missing; .*output\.directory/,
    ],
    [
      "two sources of roots",
      { trustBundle: { configMapName: "a", bundleSha256: "b" } },
      /trustBundle: is given, and deviceAuthority as well/,
    ],
    [
      "no source of roots",
      { deviceAuthority: undefined as never },
      /deviceAuthority: is missing/,
    ],
    [
      "an encrypted key",
      {
        server: {
          chainPem: CHAIN,
          privateKeyPem: KEY,
          secretName: "tls",
          keyPassphrase: "a passphrase",
        },
      },
      /server: its key in the Secret is encrypted/,
    ],
    [
      "a password that opens nothing",
      { storePassword: "a password" },
      /storePassword: is nothing that Eclipse Mosquitto/,
    ],
    [
      "stores without a password",
      { broker: BrokerKind.HiveMq, identity: BrokerIdentity.None },
      /storePassword: is missing/,
    ],
    [
      "lists that are not read",
      { broker: BrokerKind.Nats, crlPem: emptyList("CA") },
      /crlPem: is nothing that NATS/,
    ],
  ])("%s", (_, args, message) => {
    expect(() => make(args)).toThrow(message);
  });

  test("several mistakes, each in a line", () => {
    let text = "";
    try {
      make({
        broker: "none",
        deviceAuthority: undefined as never,
        kubernetes: undefined as never,
      });
    } catch (error) {
      text = String(error);
    }
    expect(text.match(/broker: [a-z][A-Za-z]*: /g)).toHaveLength(3);
  });
});
