import * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardMqtt, ThingsBoardMqttArgs } from "../../components";
import { ThingsBoardCredentials, ThingsBoardProduct } from "../../components";
import { root } from "../pki/support/authority";
import { secret } from "../provider/support/wire";
import { valueOf } from "./support/record";
import { RecordedThingsBoard, sha256 } from "./support/recordedThingsBoard";

const PASSWORD = "a long and random password";
const BASE64 = Buffer.from(PASSWORD).toString("base64");

jest.setTimeout(20_000);

let fleet: RecordedThingsBoard;

beforeAll(async () => {
  fleet = await RecordedThingsBoard.start();
});

describe("a key store", () => {
  let store: ThingsBoardMqtt;
  beforeAll(async () => {
    store = await fleet.make("store", {
      credentialsType: ThingsBoardCredentials.Keystore,
      keystore: { password: PASSWORD },
    });
  });

  test("is made of chain and key, under a password that is a secret", () => {
    expect(fleet.recorder.get("store-keystore").inputs).toEqual({
      format: "PKCS12",
      privateKeyPem: secret("KEY"),
      chainPem: fleet.chainPem,
      password: secret(PASSWORD),
      alias: "server",
    });
  });

  test("is in a Secret of its own, as the bytes it is", async () => {
    const { inputs, provider: by } = fleet.recorder.get(
      "store-keystore-secret",
    );
    expect(by).toBe("cluster");
    expect(inputs).toMatchObject({
      metadata: { namespace: "thingsboard", name: "tb-mqtts-keystore" },
      type: "Opaque",
      data: secret({ "keystore.p12": "store-keystore.contentBase64" }),
    });
    expect(await valueOf(store.secretName)).toBe("tb-mqtts-keystore");
    expect(await valueOf(store.mounts)).toEqual([
      expect.objectContaining({
        objectName: "tb-mqtts-keystore",
        mountPath: "/ssl-config",
      }),
    ]);
  });

  test("its passwords are one, and in the Secret of the variables", async () => {
    expect(fleet.texts("store-key-password")).toEqual({
      MQTT_SSL_KEY_STORE_PASSWORD: PASSWORD,
      MQTT_SSL_KEY_PASSWORD: PASSWORD,
    });
    expect(await valueOf(store.secretEnvironmentNames)).toEqual([
      "MQTT_SSL_KEY_PASSWORD",
      "MQTT_SSL_KEY_STORE_PASSWORD",
    ]);
    expect(fleet.recorder.get("store-env").inputs.data).toEqual({
      MQTT_SSL_ENABLED: "true",
      MQTT_SSL_BIND_PORT: "8883",
      MQTT_SSL_CREDENTIALS_TYPE: "KEYSTORE",
      MQTT_SSL_KEY_STORE_TYPE: "PKCS12",
      MQTT_SSL_KEY_STORE: "/ssl-config/keystore.p12",
      MQTT_SSL_KEY_ALIAS: "server",
      MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
    });
  });

  test("names, alias and CAs that clients are told of are as asked for", async () => {
    const named = await fleet.make("named", {
      credentialsType: ThingsBoardCredentials.Keystore,
      keystore: {
        password: PASSWORD,
        secretName: "stores",
        alias: "broker",
        trustedPem: "DEVICE ROOTS",
      },
      environmentSecretName: "passwords",
      mountPath: "/stores",
    });
    expect(fleet.recorder.get("named-keystore").inputs).toMatchObject({
      alias: "broker",
      trustAnchorsPem: "DEVICE ROOTS",
    });
    expect(await valueOf(named.secretName)).toBe("stores");
    expect(await valueOf(named.environmentSecretName)).toBe("passwords");
    expect(await valueOf(named.environment)).toMatchObject({
      MQTT_SSL_KEY_STORE: "/stores/keystore.p12",
      MQTT_SSL_KEY_ALIAS: "broker",
    });
  });

  test("of one certificate for several listeners is one Secret, at their paths", async () => {
    const dtls = fleet.broker({ secretName: "tb-dtls" });
    const made = await fleet.make("dtls", {
      credentialsType: "KEYSTORE",
      keystore: { password: PASSWORD },
      coap: { server: dtls },
      lwm2m: { server: dtls },
    });
    expect(
      (await valueOf(made.mounts)).map(({ objectName, mountPath }) => [
        objectName,
        mountPath,
      ]),
    ).toEqual([
      ["tb-mqtts-keystore", "/ssl-config"],
      ["tb-dtls-keystore", "/coap-config"],
      ["tb-dtls-keystore", "/lwm2m-config"],
    ]);
    expect(
      fleet.below("dtls").filter((text) => text.startsWith("Secret")),
    ).toEqual([
      "Secret dtls-coap-keystore-secret",
      "Secret dtls-key-password",
      "Secret dtls-keystore-secret",
    ]);
  });

  test("leaves gRPC with PEM files, at a path of their own", async () => {
    const both = await fleet.make("store-edge", {
      credentialsType: ThingsBoardCredentials.Keystore,
      keystore: { password: PASSWORD },
      edgeRpc: {},
    });
    expect(await valueOf(both.environment)).toMatchObject({
      EDGES_RPC_SSL_ENABLED: "true",
      EDGES_RPC_SSL_CERT: "/edge-config/tls.crt",
      EDGES_RPC_SSL_PRIVATE_KEY: "/edge-config/tls.key",
    });
    expect(await valueOf(both.mounts)).toEqual([
      expect.objectContaining({ objectName: "tb-mqtts-keystore" }),
      {
        name: "mqtt-pki-edge-rpc",
        kind: "Secret",
        objectName: "tb-mqtts",
        mountPath: "/edge-config",
        listeners: ["edgeRpc"],
      },
    ]);
  });
});

describe("TBMQ", () => {
  let tbmq: ThingsBoardMqtt;
  beforeAll(async () => {
    tbmq = await fleet.make("tbmq", {
      product: ThingsBoardProduct.Tbmq,
      version: "2.3.0",
      deviceAuthority: fleet.deviceCa,
      wss: {},
    });
  });

  test("has a Secret of its own, with the root after the chain", async () => {
    expect(fleet.texts("tbmq-broker-secret")).toEqual({
      "server.pem": fleet.chainPem + fleet.ca.certificatePem,
      "mqttserver_key.pem": "KEY",
    });
    expect(await valueOf(tbmq.secretName)).toBe("tb-mqtts-tbmq");
  });

  test("has variables of its own, for MQTT and WebSocket from the same files", async () => {
    expect(await valueOf(tbmq.environment)).toEqual({
      LISTENER_SSL_ENABLED: "true",
      LISTENER_SSL_BIND_PORT: "8883",
      LISTENER_SSL_CREDENTIALS_TYPE: "PEM",
      LISTENER_SSL_PEM_CERT: "/ssl-config/server.pem",
      LISTENER_SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
      LISTENER_SSL_PEM_KEY_PASSWORD: "",
      LISTENER_WSS_ENABLED: "true",
      LISTENER_WSS_BIND_PORT: "8085",
      LISTENER_WSS_CREDENTIALS_TYPE: "PEM",
      LISTENER_WSS_PEM_CERT: "/ssl-config/server.pem",
      LISTENER_WSS_PEM_KEY: "/ssl-config/mqttserver_key.pem",
      LISTENER_WSS_PEM_KEY_PASSWORD: "",
    });
    expect(await valueOf(tbmq.ports)).toEqual({ mqtts: 8883, wss: 8085 });
    expect(await valueOf(tbmq.mounts)).toEqual([
      expect.objectContaining({ listeners: ["mqtt", "wss"] }),
    ]);
  });

  test("has HTTPS from the same files, or from the Secret of another certificate, where nobody is validated", async () => {
    const web = {
      product: ThingsBoardProduct.Tbmq,
      http: { server: fleet.broker({ secretName: "tbmq-https" }), port: 8443 },
    };
    const own = await fleet.make("tbmq-web", web);
    expect(await valueOf(own.environment)).toMatchObject({
      SSL_ENABLED: "true",
      HTTP_BIND_PORT: "8443",
      SSL_PEM_CERT: "/https-config/tls.crt",
      SSL_PEM_KEY: "/https-config/tls.key",
    });
    expect(fleet.below("tbmq-web")).toEqual([
      "ConfigMap tbmq-web-ca-bundle",
      "ConfigMap tbmq-web-env",
      "Secret tbmq-web-broker-secret",
    ]);
    const shared = await fleet.make("tbmq-shared", { ...web, http: {} });
    expect(await valueOf(shared.environment)).toMatchObject({
      SSL_PEM_CERT: "/ssl-config/server.pem",
    });
  });

  test("never reloads, and has no device profile", async () => {
    expect(await valueOf(tbmq.podAnnotations)).toMatchObject({
      "mqtt-pki/certificate-sha256": sha256(
        fleet.chainPem + fleet.ca.certificatePem,
      ),
    });
    expect(await valueOf(tbmq.deviceProfile)).toBe("");
  });

  test("opens a key in encrypted PKCS#8, whose passphrase goes into both variables", async () => {
    const encrypted = await fleet.make("tbmq-encrypted", {
      product: ThingsBoardProduct.Tbmq,
      server: fleet.broker({ keyPassphrase: pulumi.secret(PASSWORD) }),
      brokerSecretName: "tbmq-files",
      wss: {},
    });
    expect(
      fleet.recorder.get("tbmq-encrypted-encrypted-key").inputs,
    ).toMatchObject({
      form: "PKCS8",
      passphrase: secret(PASSWORD),
    });
    expect(
      fleet.texts("tbmq-encrypted-broker-secret")["mqttserver_key.pem"],
    ).toBe("tbmq-encrypted-encrypted-key.encryptedPrivateKeyPem");
    expect(fleet.texts("tbmq-encrypted-key-password")).toEqual({
      LISTENER_SSL_PEM_KEY_PASSWORD: PASSWORD,
      LISTENER_WSS_PEM_KEY_PASSWORD: PASSWORD,
    });
    expect(await valueOf(encrypted.secretName)).toBe("tbmq-files");
  });

  test("with a key store, knows devices of another root by entries beside the key, and restarts by both", async () => {
    const other = await root({ subject: { commonName: "Device Root" } });
    const made = await fleet.make("tbmq-store", {
      product: ThingsBoardProduct.Tbmq,
      credentialsType: ThingsBoardCredentials.Keystore,
      keystore: { password: PASSWORD },
      deviceAuthority: {
        certificatePem: fleet.deviceCa.certificatePem,
        trustAnchorsPem: other.certificatePem,
      },
    });
    expect(fleet.recorder.get("tbmq-store-keystore").inputs).toMatchObject({
      trustAnchorsPem: other.certificatePem,
      trustAlias: "device-ca",
    });
    // TBMQ reads its store at the start: a new generation of the devices' root has to reach it.
    const digest = sha256(fleet.chainPem + other.certificatePem);
    expect(await valueOf(made.podAnnotations)).toMatchObject({
      "mqtt-pki/certificate-sha256": digest,
    });
    expect(
      fleet.recorder.get("tbmq-store-keystore-secret").inputs,
    ).toMatchObject({
      metadata: { annotations: { "mqtt-pki/certificate-sha256": digest } },
    });
  });
});

describe("files are judged before they are named", () => {
  /** What a component asked of the plugin. */
  async function judged(
    name: string,
    args: Partial<ThingsBoardMqttArgs>,
  ): Promise<object[]> {
    const before = fleet.recorder.calls.length;
    await fleet.make(name, args);
    return fleet.recorder.calls.slice(before).map(({ token, inputs }) => {
      expect(token).toBe("mqtt-pki:index:checkThingsBoardFiles");
      return inputs;
    });
  }

  test("not those that the server's own Secret was made of", async () => {
    expect(await judged("judged-once", {})).toEqual([]);
  });

  test("those of another program", async () => {
    const { hasAliases: _, ...server } = fleet.broker();
    expect(await judged("judged-foreign", { server })).toEqual([
      {
        loader: "THINGSBOARD",
        certFileText: fleet.chainPem,
        keyFileText: "KEY",
        keyPassword: "",
      },
    ]);
  });

  test("a key store, and the files that gRPC then has", async () => {
    expect(
      await judged("judged-store", {
        credentialsType: ThingsBoardCredentials.Keystore,
        keystore: { password: PASSWORD },
        edgeRpc: {},
      }),
    ).toEqual([
      {
        loader: "EDGE_RPC",
        certFileText: fleet.chainPem,
        keyFileText: "KEY",
        keyPassword: "",
      },
      {
        loader: "THINGSBOARD",
        keystoreBase64: "judged-store-keystore.contentBase64",
        keystorePassword: PASSWORD,
        keyPassword: PASSWORD,
        keyAlias: "server",
      },
    ]);
  });

  test("TBMQ's, with the passphrase of their key", async () => {
    expect(
      await judged("judged-tbmq", {
        product: ThingsBoardProduct.Tbmq,
        server: fleet.broker({ keyPassphrase: PASSWORD }),
      }),
    ).toEqual([
      {
        loader: "TBMQ",
        certFileText: fleet.chainPem + fleet.ca.certificatePem,
        keyFileText: "judged-tbmq-encrypted-key.encryptedPrivateKeyPem",
        keyPassword: PASSWORD,
      },
    ]);
  });
});

test("no password stands in an argument but as a secret", () => {
  const plain = JSON.stringify(fleet.recorder.asked, (_name, value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).includes("1b47061264138c4ac30d75fd1eb44270")
      ? "[secret]"
      : value,
  );
  expect(plain).toContain("[secret]");
  for (const hidden of [PASSWORD, BASE64, '"KEY"', "contentBase64"]) {
    expect(plain).not.toContain(hidden);
  }
});
