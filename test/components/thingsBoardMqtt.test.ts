import type { ThingsBoardMqtt } from "../../components";
import { ThingsBoardProduct } from "../../components";
import { valueOf } from "./support/record";
import { RecordedThingsBoard, sha256 } from "./support/recordedThingsBoard";

jest.setTimeout(20_000);

let fleet: RecordedThingsBoard;

beforeAll(async () => {
  fleet = await RecordedThingsBoard.start();
});

describe("with nothing said but a server", () => {
  let plain: ThingsBoardMqtt;
  beforeAll(async () => {
    plain = await fleet.make("plain");
  });

  test("two ConfigMaps are made, as ever", () => {
    expect(fleet.below("plain")).toEqual([
      "ConfigMap plain-ca-bundle",
      "ConfigMap plain-env",
    ]);
  });

  test("what a workload needs is named", async () => {
    expect(plain.product).toBe("thingsboard");
    expect(await valueOf(plain.namespace)).toBe("thingsboard");
    expect(await valueOf(plain.secretName)).toBe("tb-mqtts");
    expect(await valueOf(plain.mountPath)).toBe("/ssl-config");
    expect(await valueOf(plain.bundleMountPath)).toBe("/mqtt-ca");
    expect(await valueOf(plain.ports)).toEqual({ mqtts: 8883 });
    expect(await valueOf(plain.secretEnvironmentNames)).toEqual([]);
    expect(await valueOf(plain.environmentSecretName)).toBe("");
    expect(await valueOf(plain.connectivityConfigMapName)).toBe("");
    expect(await valueOf(plain.connectivityEnvironment)).toEqual({});
    expect(await valueOf(plain.mounts)).toEqual([
      {
        name: "mqtt-pki-mqtts",
        kind: "Secret",
        objectName: "tb-mqtts",
        mountPath: "/ssl-config",
        listeners: ["mqtt"],
      },
    ]);
  });

  test("the newest version reloads by itself: no annotation but for the variables", async () => {
    expect(await valueOf(plain.podAnnotations)).toEqual({});
    expect(await valueOf(plain.nodeAnnotations)).toEqual({});
    expect(await valueOf(plain.configurationAnnotations)).toEqual({
      "mqtt-pki/configuration-sha256": expect.stringMatching(
        /^[0-9a-f]{64}$/,
      ) as string,
    });
  });
});

describe("an older version", () => {
  test("restarts its pods by the certificate, by the figure of ServerCertificate, and by the variables", async () => {
    const old = await fleet.make("old", {
      version: "thingsboard/tb-node:4.3.1",
    });
    const pods = await valueOf(old.podAnnotations);
    expect(pods).toEqual({
      "mqtt-pki/certificate-sha256": sha256(fleet.chainPem),
      ...(await valueOf(old.configurationAnnotations)),
    });
    const again = await fleet.make("old-again", { version: "4.2.2.1" });
    expect(await valueOf(again.podAnnotations)).toEqual(pods);
  });

  test("restarts them by the roots of LwM2M's devices as well", async () => {
    const made = await fleet.make("old-lwm2m", {
      version: "4.3.1",
      lwm2m: { deviceRoots: { configMapName: "roots", bundleSha256: "abc" } },
    });
    expect(await valueOf(made.podAnnotations)).toMatchObject({
      "mqtt-pki/certificate-sha256": sha256(fleet.chainPem),
      "mqtt-pki/device-bundle-sha256": "abc",
    });
  });

  test("another variable is another figure, and another certificate leaves that one alone", async () => {
    const one = await fleet.make("figure-one", { version: "4.3.1" });
    const port = await fleet.make("figure-port", {
      version: "4.3.1",
      bindPort: 8884,
    });
    const renewed = await fleet.make("figure-renewed", {
      version: "4.3.1",
      server: fleet.broker({ chainPem: "RENEWED" }),
    });
    const [before, moved, after] = await Promise.all(
      [one, port, renewed].map((made) => valueOf(made.podAnnotations)),
    );
    const configuration = "mqtt-pki/configuration-sha256";
    const certificate = "mqtt-pki/certificate-sha256";
    expect(moved?.[configuration]).not.toBe(before?.[configuration]);
    expect(moved?.[certificate]).toBe(before?.[certificate]);
    expect(after?.[configuration]).toBe(before?.[configuration]);
    expect(after?.[certificate]).toBe(sha256("RENEWED"));
  });
});

describe("listeners beside MQTT", () => {
  let all: ThingsBoardMqtt;
  beforeAll(async () => {
    all = await fleet.make("all", {
      version: "4.3.1.2",
      http: { server: fleet.broker({ secretName: "tb-https" }) },
      coap: { skipClientValidityCheck: true },
      lwm2m: { bootstrap: true, deviceRoots: { configMapName: "roots" } },
      edgeRpc: {},
      connectivity: { host: "mqtt.example.com", coapsHost: "coap.example.com" },
    });
  });

  test("find their files where they are mounted: those of MQTT, or those of a certificate of their own", async () => {
    expect(await valueOf(all.environment)).toMatchObject({
      SSL_ENABLED: "true",
      SSL_PEM_CERT: "/https-config/tls.crt",
      SSL_PEM_KEY: "/https-config/tls.key",
      COAP_DTLS_ENABLED: "true",
      COAP_DTLS_PEM_CERT: "/ssl-config/server.pem",
      TB_COAP_X509_DTLS_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "true",
      LWM2M_SERVER_CREDENTIALS_ENABLED: "true",
      LWM2M_BS_CREDENTIALS_ENABLED: "true",
      LWM2M_BS_PEM_KEY: "/ssl-config/mqttserver_key.pem",
      LWM2M_TRUST_CREDENTIALS_ENABLED: "true",
      LWM2M_TRUST_PEM_CERT: "/mqtt-device-ca/ca-bundle.pem",
      EDGES_RPC_SSL_ENABLED: "true",
      EDGES_RPC_SSL_CERT: "/ssl-config/server.pem",
      MQTT_SSL_ENABLED: "true",
    });
    expect(await valueOf(all.mounts)).toEqual([
      {
        name: "mqtt-pki-mqtts",
        kind: "Secret",
        objectName: "tb-mqtts",
        mountPath: "/ssl-config",
        listeners: ["mqtt", "coap", "lwm2m", "edgeRpc"],
      },
      {
        name: "mqtt-pki-https",
        kind: "Secret",
        objectName: "tb-https",
        mountPath: "/https-config",
        listeners: ["http"],
      },
      {
        name: "mqtt-pki-ca",
        kind: "ConfigMap",
        objectName: "mqtt-ca-bundle",
        mountPath: "/mqtt-ca",
        listeners: ["connectivity"],
      },
      {
        name: "mqtt-pki-device-ca",
        kind: "ConfigMap",
        objectName: "roots",
        mountPath: "/mqtt-device-ca",
        listeners: ["lwm2m"],
      },
    ]);
  });

  test("have ports but HTTP and gRPC, which keep theirs", async () => {
    expect(await valueOf(all.ports)).toEqual({
      mqtts: 8883,
      coaps: 5684,
      lwm2ms: 5686,
      "lwm2ms-bs": 5688,
    });
    expect(await valueOf(all.environment)).not.toHaveProperty("HTTP_BIND_PORT");
  });

  test("what users are shown is in a ConfigMap of its own", async () => {
    expect(fleet.recorder.get("all-connectivity").inputs).toMatchObject({
      metadata: { name: "tb-mqtts-connectivity", namespace: "thingsboard" },
      data: {
        DEVICE_CONNECTIVITY_MQTTS_ENABLED: "true",
        DEVICE_CONNECTIVITY_MQTTS_HOST: "mqtt.example.com",
        DEVICE_CONNECTIVITY_MQTTS_PORT: "8883",
        DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT: "/mqtt-ca/ca-bundle.pem",
        DEVICE_CONNECTIVITY_COAPS_ENABLED: "true",
        DEVICE_CONNECTIVITY_COAPS_HOST: "coap.example.com",
        DEVICE_CONNECTIVITY_COAPS_PORT: "5684",
        DEVICE_CONNECTIVITY_COAPS_CA_ROOT_CERT: "/mqtt-ca/ca-bundle.pem",
      },
    });
    expect(Object.keys(await valueOf(all.environment)).join()).not.toMatch(
      /CONNECTIVITY/,
    );
  });

  test("what no version reloads has annotations for the node; the rest reloads", async () => {
    expect(await valueOf(all.podAnnotations)).toEqual({});
    expect(await valueOf(all.nodeAnnotations)).toEqual({
      "mqtt-pki/https-certificate-sha256": sha256(fleet.chainPem),
      "mqtt-pki/edge-rpc-certificate-sha256": sha256(fleet.chainPem),
      "mqtt-pki/bundle-sha256": sha256(fleet.ca.certificatePem),
      "mqtt-pki/connectivity-sha256": expect.stringMatching(
        /^[0-9a-f]{64}$/,
      ) as string,
    });
  });

  test("an older version restarts by all of the chains", async () => {
    const old = await fleet.make("all-old", {
      version: "4.3.1",
      http: {
        server: fleet.broker({ secretName: "tb-https", chainPem: "HTTPS" }),
      },
    });
    expect(await valueOf(old.podAnnotations)).toMatchObject({
      "mqtt-pki/certificate-sha256": sha256(`${fleet.chainPem}HTTPS`),
    });
  });

  test("every encrypted key has its own passphrase in the one Secret", async () => {
    await fleet.make("passphrases", {
      server: fleet.broker({ keyPassphrase: "the broker's" }),
      http: {
        server: fleet.broker({
          secretName: "tb-https",
          keyPassphrase: "the web's",
        }),
      },
      coap: {},
    });
    expect(fleet.texts("passphrases-key-password")).toEqual({
      MQTT_SSL_PEM_KEY_PASSWORD: "the broker's",
      SSL_PEM_KEY_PASSWORD: "the web's",
      COAP_DTLS_PEM_KEY_PASSWORD: "the broker's",
    });
  });
});

test("ThingsBoard Edge has the variables of ThingsBoard", async () => {
  const edge = await fleet.make("edge", {
    product: ThingsBoardProduct.Edge,
    http: {},
  });
  const environment = await valueOf(edge.environment);
  expect(environment.MQTT_SSL_PEM_CERT).toBe("/ssl-config/server.pem");
  expect(environment.SSL_PEM_CERT).toBe("/ssl-config/server.pem");
});
