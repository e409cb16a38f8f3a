import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
  ThingsBoardMqtt,
} from "../../components";
import { isSecret } from "../provider/support/wire";
import { Recorder, valueOf } from "./support/record";

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

jest.setTimeout(20_000);

let recorder: Recorder;
let root: RootCA;
let ca: IntermediateCA;
let server: ServerCertificate;
let devices: DeviceCertificateBatch;
let thingsBoard: ThingsBoardMqtt;

beforeAll(async () => {
  recorder = await Recorder.install();
  const provider = new kubernetes.Provider("cluster", {});
  root = new RootCA("root", { subject: { commonName: "Root" } });
  ca = new IntermediateCA("ca", {
    issuer: root,
    subject: { commonName: "CA" },
    nameConstraints: { permittedDnsNames: ["example.com"] },
  });
  server = new ServerCertificate("server", {
    issuer: ca,
    subject: { commonName: "mqtt.example.com" },
    dnsNames: ["broker.example.com"],
    ipAddresses: ["192.0.2.7"],
    key: { algorithm: "RSA" },
    kubernetes: {
      namespace: "thingsboard",
      secretName: "tb-mqtts",
      aliases: true,
      provider,
    },
  });
  devices = new DeviceCertificateBatch("devices", {
    issuer: ca,
    manifest: "fleet.csv",
    profile: { subject: { organization: "IoT" }, validityDays: 90 },
    includeRoot: true,
    reissue: "once",
    output: {
      directory: "out",
      kubernetes: {
        namespace: "thingsboard",
        secretName: "devices",
        shards: 2,
        provider,
      },
    },
  });
  thingsBoard = new ThingsBoardMqtt("thingsboard", {
    server,
    namespace: "thingsboard",
    deviceAuthority: root,
    provider,
  });
  await Promise.all([
    valueOf(server.secretName),
    valueOf(devices.secretNames),
    valueOf(thingsBoard.configMapName),
    valueOf(thingsBoard.bundleConfigMapName),
    valueOf(ca.activeGeneration),
  ]);
});

test("every resource is below its component, under the component's name", () => {
  expect(recorder.tree()).toEqual(
    [
      "kubernetes cluster < ",
      "RootCA root < ",
      "PrivateKey root-key < root",
      "CertRequest root-request < root",
      "Certificate root-certificate < root",
      "CertificateAuthority root-authority < root",
      "IntermediateCA ca < ",
      "PrivateKey ca-key < ca",
      "CertRequest ca-request < ca",
      "Certificate ca-certificate < ca",
      "CertificateAuthority ca-authority < ca",
      "ServerCertificate server < ",
      "PrivateKey server-key < server",
      "CertRequest server-request < server",
      "Certificate server-certificate < server",
      "Secret server-secret < server",
      "DeviceCertificateBatch devices < ",
      "DeviceBatch devices < devices",
      "Secret devices-secret-0 < devices",
      "Secret devices-secret-1 < devices",
      "ThingsBoardMqtt thingsboard < ",
      "ConfigMap thingsboard-env < thingsboard",
      "ConfigMap thingsboard-ca-bundle < thingsboard",
    ].sort(),
  );
});

test("the types are those that state and other languages know", () => {
  const ours = recorder.asked
    .map(({ type }) => type)
    .filter((type) => type.startsWith("mqtt-pki:"));
  expect([...new Set(ours)].sort()).toEqual([
    "mqtt-pki:index:Certificate",
    "mqtt-pki:index:CertificateAuthority",
    "mqtt-pki:index:DeviceBatch",
    "mqtt-pki:index:DeviceCertificateBatch",
    "mqtt-pki:index:IntermediateCA",
    "mqtt-pki:index:RootCA",
    "mqtt-pki:index:ServerCertificate",
    "mqtt-pki:index:ThingsBoardMqtt",
  ]);
});

describe("keys and requests", () => {
  test("keys are P-256 where nothing else is said, never the P-224 of tls.PrivateKey", () => {
    for (const name of ["root-key", "ca-key"]) {
      expect(recorder.get(name).inputs).toEqual(P256);
    }
    expect(recorder.get("server-key").inputs).toEqual({
      algorithm: "RSA",
      rsaBits: 2048,
    });
    expect(
      recorder.get("devices", "mqtt-pki:index:DeviceBatch").inputs.key,
    ).toEqual(P256);
  });

  test("a request holds key and subject only: a new host name changes neither", () => {
    const { inputs } = recorder.get("server-request");
    expect(Object.keys(inputs).sort()).toEqual(["privateKeyPem", "subject"]);
    expect(inputs.subject).toEqual({ commonName: "mqtt.example.com" });
  });
});

describe("certificates", () => {
  test("a root signs itself, with its key in PKCS#8 and as a secret", () => {
    expect(recorder.get("root-certificate").inputs).toEqual({
      profile: "root",
      subject: { commonName: "Root" },
      key: P256,
      requestPem: "root-request.certRequestPem",
      validityDays: 3650,
      signer: { privateKeyPem: secretOf("root-key.privateKeyPemPkcs8") },
    });
  });

  test("an intermediate is signed by its issuer, for 1825 days, with path length 0", () => {
    expect(recorder.get("ca-certificate").inputs).toEqual({
      profile: "intermediate",
      subject: { commonName: "CA" },
      key: P256,
      requestPem: "ca-request.certRequestPem",
      validityDays: 1825,
      pathLength: 0,
      nameConstraints: { permittedDnsNames: ["example.com"] },
      signer: {
        privateKeyPem: secretOf("root-key.privateKeyPemPkcs8"),
        certificatePem: "root-authority.certificatePem",
        chainPem: "",
        trustAnchorsPem: "root-authority.trustAnchorsPem",
        authorities: [{ subject: { commonName: "Root" }, validityDays: 3650 }],
      },
    });
  });

  test("a server knows all CAs above it, nearest first, with their limits", () => {
    const { inputs } = recorder.get("server-certificate");
    expect(inputs).toMatchObject({
      profile: "server",
      key: { algorithm: "RSA", rsaBits: 2048 },
      validityDays: 365,
      dnsNames: ["broker.example.com"],
      ipAddresses: ["192.0.2.7"],
      uris: [],
      signer: {
        privateKeyPem: secretOf("ca-key.privateKeyPemPkcs8"),
        certificatePem: "ca-authority.certificatePem",
        chainPem: "ca-authority.chainPem",
        trustAnchorsPem: "root-authority.trustAnchorsPem",
        authorities: [
          {
            subject: { commonName: "CA" },
            validityDays: 1825,
            pathLength: 0,
            nameConstraints: { permittedDnsNames: ["example.com"] },
          },
          { subject: { commonName: "Root" }, validityDays: 3650 },
        ],
      },
    });
  });

  test("ledgers hold one active generation; an intermediate's has chain and anchors of its issuer", () => {
    const generations = (name: string): object => ({
      "1": {
        state: "active",
        certificatePem: `${name}-certificate.certificatePem`,
      },
    });
    expect(recorder.get("root-authority").inputs).toEqual({
      generations: generations("root"),
    });
    expect(recorder.get("ca-authority").inputs).toEqual({
      generations: generations("ca"),
      issuerChainPem: "",
      rootTrustAnchorsPem: "root-authority.trustAnchorsPem",
    });
  });
});

describe("what a server's Secret holds", () => {
  test("leaf and chain, key and roots, each under both of its names, base64, all of it secret", () => {
    const { inputs } = recorder.get("server-secret");
    expect(inputs.type).toBe("kubernetes.io/tls");
    const chain = "server-certificate.certificatePemca-authority.chainPem";
    const key = "server-key.privateKeyPemPkcs8";
    expect(inputs.data).toEqual(
      secretOf({
        "tls.crt": base64(chain),
        "server.pem": base64(chain),
        "tls.key": base64(key),
        "mqttserver_key.pem": base64(key),
        "ca.crt": base64("root-authority.trustAnchorsPem"),
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
        "mqtt-pki/issuer-generation": "ca-authority.activeGeneration",
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
    expect(recorder.calls.map(({ inputs }) => inputs)).toEqual(
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
      expect(inputs.data).toEqual(secretOf({ "a.key.pem": base64("a key") }));
    }
    expect(await valueOf(devices.secretNames)).toEqual([
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
      "ca-bundle.pem": "root-authority.trustAnchorsPem",
    });
    expect(inputs.metadata).toMatchObject({ name: "mqtt-ca-bundle" });
  });

  test("the device profile provisions by the chain, with the CA that was given", async () => {
    expect(JSON.parse(await valueOf(thingsBoard.deviceProfile))).toEqual({
      name: "mqtt-x509",
      type: "DEFAULT",
      transportType: "DEFAULT",
      provisionType: "X509_CERTIFICATE_CHAIN",
      profileData: {
        configuration: { type: "DEFAULT" },
        transportConfiguration: { type: "DEFAULT" },
        provisionConfiguration: {
          type: "X509_CERTIFICATE_CHAIN",
          provisionDeviceSecret: "root-authority.certificatePem",
          certificateRegExPattern: "(.*)",
          allowCreateNewDevicesByX509Certificate: true,
        },
      },
    });
  });
});

test("keys stay secret in the components' outputs, certificates do not become one", async () => {
  expect(await pulumi.isSecret(server.privateKeyPem)).toBe(true);
  expect(await pulumi.isSecret(server.trustAnchorsPem)).toBe(false);
  expect(await pulumi.isSecret(server.certificatePem)).toBe(false);
  expect(isSecret(recorder.get("server-secret").inputs.data)).toBe(true);
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function secretOf(value: unknown): object {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  };
}
