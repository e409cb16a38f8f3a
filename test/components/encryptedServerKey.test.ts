import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ServerCertificate, ThingsBoardMqtt } from "../../components";
import { secret } from "../provider/support/wire";
import { Recorder, valueOf } from "./support/record";

const PASSPHRASE = "a long and random passphrase";
const ISSUER = {
  certificatePem: "CERTIFICATE",
  chainPem: "CHAIN",
  trustAnchorsPem: "ROOT",
  signer: { privateKeyPem: "KEY" },
};

jest.setTimeout(20_000);

let recorder: Recorder;
let server: ServerCertificate;
let thingsBoard: ThingsBoardMqtt;

beforeAll(async () => {
  recorder = await Recorder.install();
  const provider = new kubernetes.Provider("cluster", {});
  server = new ServerCertificate("server", {
    issuer: ISSUER,
    subject: { commonName: "mqtt.example.com" },
    kubernetes: {
      namespace: "thingsboard",
      secretName: "tb-mqtts",
      aliases: true,
      keyPassphrase: PASSPHRASE,
      provider,
    },
  });
  thingsBoard = new ThingsBoardMqtt("thingsboard", {
    server,
    namespace: "thingsboard",
    provider,
  });
  await Promise.all([
    valueOf(server.secretName),
    valueOf(thingsBoard.configMapName),
    valueOf(thingsBoard.environmentSecretName),
    valueOf(thingsBoard.bundleConfigMapName),
  ]);
});

test("the key is encrypted in the form ThingsBoard reads, below the server", () => {
  const { type, inputs, parent } = recorder.get("server-encrypted-key");
  expect([type, parent]).toEqual([
    "mqtt-pki:index:EncryptedPrivateKey",
    "server",
  ]);
  expect(inputs).toEqual({
    privateKeyPem: secret("server-key.privateKeyPemPkcs8"),
    passphrase: secret(PASSPHRASE),
    form: "TRADITIONAL",
  });
});

test("the Secret holds the encrypted key under both names, the plain one under none, and keeps its type", () => {
  const { inputs } = recorder.get("server-secret");
  const { data, type } = inputs as {
    type: string;
    data: { value: Record<string, string> };
  };
  expect(type).toBe("kubernetes.io/tls");
  const texts = Object.fromEntries(
    Object.entries(data.value).map(([name, text]) => [
      name,
      Buffer.from(text, "base64").toString(),
    ]),
  );
  expect(texts).toMatchObject({
    "tls.key": "server-encrypted-key.encryptedPrivateKeyPem",
    "mqttserver_key.pem": "server-encrypted-key.encryptedPrivateKeyPem",
  });
  expect(JSON.stringify(texts)).not.toMatch(/privateKeyPemPkcs8/);
  expect(JSON.stringify(texts)).not.toContain(PASSPHRASE);
});

test("ThingsBoard gets the passphrase through a Secret of its own, made by the provider that was given", async () => {
  const { type, inputs, provider } = recorder.get("thingsboard-key-password");
  expect([type, provider]).toEqual(["kubernetes:core/v1:Secret", "cluster"]);
  expect(inputs).toMatchObject({
    metadata: {
      namespace: "thingsboard",
      name: "tb-mqtts-env",
      labels: { "app.kubernetes.io/managed-by": "mqtt-pki" },
    },
    type: "Opaque",
    data: secret({
      MQTT_SSL_PEM_KEY_PASSWORD: Buffer.from(PASSPHRASE).toString("base64"),
    }),
  });
  expect(await valueOf(thingsBoard.environmentSecretName)).toBe("tb-mqtts-env");
});

test("no ConfigMap names the variable: an empty one there might win", async () => {
  const { inputs } = recorder.get("thingsboard-env");
  expect(inputs.data).toEqual({
    MQTT_SSL_ENABLED: "true",
    MQTT_SSL_BIND_PORT: "8883",
    MQTT_SSL_CREDENTIALS_TYPE: "PEM",
    MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
    MQTT_SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
    MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
  });
  expect(await pulumi.isSecret(thingsBoard.environment)).toBe(false);
});

test("the passphrase stands in no argument but as a secret", () => {
  const plain = JSON.stringify(recorder.asked, (_name, value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).includes("1b47061264138c4ac30d75fd1eb44270")
      ? "[secret]"
      : value,
  );
  expect(plain).toContain("[secret]");
  for (const hidden of [
    PASSPHRASE,
    Buffer.from(PASSPHRASE).toString("base64"),
  ]) {
    expect(plain).not.toContain(hidden);
  }
});

test("a server's outputs hand it on as a secret, or not at all", async () => {
  expect(server.keyPassphrase).toBeDefined();
  expect(await pulumi.isSecret(pulumi.output(server.keyPassphrase))).toBe(true);
  const open = new ServerCertificate("open", {
    issuer: ISSUER,
    subject: { commonName: "mqtt.example.com" },
    kubernetes: { namespace: "thingsboard", secretName: "open" },
  });
  await valueOf(open.secretName);
  expect(open.keyPassphrase).toBeUndefined();
});
