import * as pulumi from "@pulumi/pulumi";
import { digest } from "../support/rendered";
import { isSecret, secret } from "../provider/support/wire";
import { valueOf } from "./support/record";
import type { Recorder } from "./support/record";
import type { RecordedFleet } from "./support/recordedFleet";
import { recordFleet } from "./support/recordedFleet";

jest.setTimeout(20_000);

let fleet: RecordedFleet;
let recorder: Recorder;

beforeAll(async () => {
  fleet = await recordFleet();
  ({ recorder } = fleet);
});

describe("what a server's Secret holds", () => {
  test("leaf and chain, key and roots, each under both of its names, base64, all of it secret", () => {
    const { inputs } = recorder.get("server-secret");
    expect(inputs.type).toBe("kubernetes.io/tls");
    const chain =
      "server-certificate.certificatePemca-certificate.certificatePem";
    const key = "server-key.privateKeyPemPkcs8";
    expect(inputs.data).toEqual(
      secret({
        "tls.crt": base64(chain),
        "server.pem": base64(chain),
        "tls.key": base64(key),
        "mqttserver_key.pem": base64(key),
        "ca.crt": base64("root-certificate.certificatePem"),
      }),
    );
  });

  test("its name is fixed, and annotations say what is in it", () => {
    expect(recorder.get("server-secret").inputs.metadata).toEqual({
      namespace: "thingsboard",
      name: "tb-mqtts",
      labels: { "app.kubernetes.io/managed-by": "mqtt-pki" },
      annotations: {
        "mqtt-pki/fingerprint-sha256": "server-certificate.fingerprintSha256",
        "mqtt-pki/serial-number": "server-certificate.serialNumber",
        "mqtt-pki/not-after": "server-certificate.notAfter",
        "mqtt-pki/issuer-generation": "1",
        "mqtt-pki/bundle-sha256": digest("root-certificate.certificatePem"),
      },
    });
  });

  test("it is made by the provider that was given", () => {
    for (const name of [
      "server-secret",
      "devices-secret-1",
      "thingsboard-env",
    ]) {
      expect(recorder.get(name).provider).toBe("cluster");
    }
  });
});

describe("a batch of devices", () => {
  test("hands everything on to one resource", () => {
    expect(
      recorder.get("devices", "mqtt-pki:index:DeviceBatch").inputs,
    ).toMatchObject({
      manifest: "fleet.csv",
      subject: { organization: "IoT" },
      validityDays: 90,
      includeRoot: true,
      reissue: "once",
      outputDirectory: "out",
      secretShards: 2,
    });
  });

  test("reads each shard once the batch is written, into a Secret of its own", async () => {
    const calls = recorder.calls.filter(
      ({ token }) => token === "mqtt-pki:index:readDeviceBatch",
    );
    expect(calls.map(({ inputs }) => inputs)).toEqual(
      [0, 1].map((shard) => ({
        outputDirectory: "out",
        digest: "devices.digest",
        shard,
        shards: 2,
      })),
    );
    for (const shard of [0, 1]) {
      const { inputs } = recorder.get(`devices-secret-${shard}`);
      expect(inputs.type).toBe("Opaque");
      expect(inputs.metadata).toMatchObject({
        name: `devices-${shard}`,
        namespace: "thingsboard",
        annotations: { "mqtt-pki/batch-digest": "devices.digest" },
      });
      expect(inputs.data).toEqual(secret({ "a.key.pem": base64("a key") }));
    }
    expect(await valueOf(fleet.devices.secretNames)).toEqual([
      "devices-0",
      "devices-1",
    ]);
  });
});

describe("ThingsBoard's side", () => {
  test("the variables name the files of the Secret by absolute paths, and no key is among them", () => {
    const { inputs } = recorder.get("thingsboard-env");
    expect(inputs.data).toEqual({
      MQTT_SSL_ENABLED: "true",
      MQTT_SSL_BIND_PORT: "8883",
      MQTT_SSL_CREDENTIALS_TYPE: "PEM",
      MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
      MQTT_SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
      MQTT_SSL_PEM_KEY_PASSWORD: "",
      MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
    });
    expect(inputs.metadata).toMatchObject({ name: "tb-mqtts-env" });
  });

  test("the bundle holds the roots of the server and nothing else", () => {
    const { inputs } = recorder.get("thingsboard-ca-bundle");
    expect(inputs.data).toEqual({
      "ca-bundle.pem": "root-certificate.certificatePem",
    });
    expect(inputs.metadata).toMatchObject({ name: "mqtt-ca-bundle" });
  });

  test("the device profile provisions by the chain, with the CA that was given", async () => {
    expect(JSON.parse(await valueOf(fleet.thingsBoard.deviceProfile))).toEqual({
      name: "mqtt-x509",
      type: "DEFAULT",
      transportType: "DEFAULT",
      provisionType: "X509_CERTIFICATE_CHAIN",
      profileData: {
        configuration: { type: "DEFAULT" },
        transportConfiguration: { type: "DEFAULT" },
        provisionConfiguration: {
          type: "X509_CERTIFICATE_CHAIN",
          provisionDeviceSecret: fleet.deviceRootPem,
          certificateRegExPattern: "(.*)",
          allowCreateNewDevicesByX509Certificate: true,
        },
      },
    });
  });
});

test("keys stay secret in the components' outputs, certificates do not become one", async () => {
  expect(await pulumi.isSecret(fleet.server.privateKeyPem)).toBe(true);
  expect(await pulumi.isSecret(fleet.server.trustAnchorsPem)).toBe(false);
  expect(await pulumi.isSecret(fleet.server.certificatePem)).toBe(false);
  expect(isSecret(recorder.get("server-secret").inputs.data)).toBe(true);
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
