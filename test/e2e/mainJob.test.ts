import { X509Certificate, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  certificateAt,
  credentialsId,
  splitPem,
} from "../support/certificates";
import { Fleet } from "../support/fleet";
import type { State } from "../support/report";
import type { KubernetesObject } from "../support/rendered";
import {
  changedFiles,
  digest,
  readInventory,
  readObject,
  required,
  tree,
} from "../support/rendered";

const DEVICES = [
  "energy-meter-stuttgart-01",
  "energy-meter-stuttgart-02",
  "flow-meter-hamburg-01",
  "flow-meter-hamburg-02",
  "gateway-frankfurt-01",
  "gateway-frankfurt-02",
  "thermometer-berlin-01",
  "thermometer-berlin-02",
  "thermometer-munich-01",
  "thermometer-munich-02",
  "valve-cologne-01",
  "valve-cologne-02",
];
const SERVER_SECRET = "v1-secret-thingsboard-tb-mqtts.yaml";
const DEVICE_SECRET = "v1-secret-thingsboard-devices-demo-0.yaml";
const ENVIRONMENT = "v1-configmap-thingsboard-tb-mqtts-env.yaml";
const BUNDLE = "v1-configmap-thingsboard-mqtt-ca-bundle.yaml";
const DEVICE_BUNDLE = "v1-configmap-thingsboard-mqtt-device-ca-bundle.yaml";
const MANIFESTS = [
  SERVER_SECRET,
  DEVICE_SECRET,
  ENVIRONMENT,
  BUNDLE,
  DEVICE_BUNDLE,
];

const fleet = new Fleet();
let outputs: Record<string, unknown>;

beforeAll(async () => {
  outputs = (await fleet.up()).outputs;
});

afterAll(() => {
  fleet.remove();
});

function manifest(name: string): KubernetesObject {
  return readObject(fleet.rendered("1-manifest", name));
}

function deviceFile(id: string, name: string): string {
  return readFileSync(fleet.rendered("devices", id, name), "utf8");
}

function textOutput(name: string): string {
  return String(required(outputs, name));
}

describe("the first update", () => {
  test("renders the broker's Secret, the ConfigMaps and the devices, and nothing else", () => {
    const files = Object.entries(tree(fleet.rendered()))
      .filter(([, { sha256 }]) => sha256 !== undefined)
      .map(([path]) => path);
    expect(files.sort()).toEqual(
      [
        ...MANIFESTS.map((name) => `1-manifest/${name}`),
        // Whose folder it is, so that no other batch writes there.
        "devices/.batch",
        "devices/inventory.csv",
        ...DEVICES.flatMap((id) =>
          ["cert.pem", "chain.pem", "key.pem"].map(
            (name) => `devices/${id}/${name}`,
          ),
        ),
      ].sort(),
    );
  });

  test("lets nobody but the owner read what it renders", () => {
    const wrong = Object.entries(tree(fleet.path("rendered"))).filter(
      ([, { mode, sha256 }]) =>
        mode !== (sha256 === undefined ? "0700" : "0600"),
    );
    expect(wrong).toEqual([]);
  });

  test("makes the Secret one object of type kubernetes.io/tls, with ThingsBoard's names beside Kubernetes' own", () => {
    const { apiVersion, kind, type, metadata, data } = manifest(SERVER_SECRET);
    expect({ apiVersion, kind, type }).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
    });
    expect([metadata.namespace, metadata.name]).toEqual([
      "thingsboard",
      "tb-mqtts",
    ]);
    expect(Object.keys(data).sort()).toEqual([
      "ca.crt",
      "mqttserver_key.pem",
      "server.pem",
      "tls.crt",
      "tls.key",
    ]);
    expect(data["server.pem"]).toBe(data["tls.crt"]);
    expect(digest(required(data, "mqttserver_key.pem"))).toBe(
      digest(required(data, "tls.key")),
    );
  });

  test("puts leaf and intermediate into tls.crt, in this order, and the root into ca.crt only", () => {
    const { data } = manifest(SERVER_SECRET);
    const chain = required(data, "tls.crt");
    expect(splitPem(chain)).toHaveLength(2);
    expect(certificateAt(chain, 0).subject).toBe(
      "C=DE\nO=my IoT Cloud Organization\nCN=my-iot-cloud.com",
    );
    expect(certificateAt(chain, 1).subject).toBe(
      "C=DE\nO=IoT Cloud Server\nOU=PKI\nCN=IoT Cloud (MQTT) Server CA",
    );
    expect(splitPem(required(data, "ca.crt"))).toHaveLength(1);
    expect(certificateAt(required(data, "ca.crt")).subject).toBe(
      "C=DE\nO=My IoT Cloud\nOU=PKI\nCN=My IoT Cloud Root CA",
    );
  });

  test("puts the leaf's own key into tls.key, as unencrypted PKCS#8", () => {
    const { data } = manifest(SERVER_SECRET);
    const key = required(data, "tls.key");
    // Compared as a word, so that a failure shows no more of the key than its first line.
    expect(key.split("\n")[0]).toBe("-----BEGIN PRIVATE KEY-----");
    expect(
      certificateAt(required(data, "tls.crt")).checkPrivateKey(
        createPrivateKey(key),
      ),
    ).toBe(true);
  });

  test("says on the Secret which certificate it holds and when it ends", () => {
    const { metadata, data } = manifest(SERVER_SECRET);
    const leaf = certificateAt(required(data, "tls.crt"));
    expect(metadata.labels).toEqual({
      "app.kubernetes.io/managed-by": "mqtt-pki",
    });
    expect(metadata.annotations).toEqual({
      "mqtt-pki/fingerprint-sha256": digest(leaf.raw),
      "mqtt-pki/serial-number": leaf.serialNumber.toLowerCase(),
      "mqtt-pki/issuer-generation": "1",
      "mqtt-pki/bundle-sha256": digest(required(data, "ca.crt")),
      "mqtt-pki/not-after": leaf.validToDate
        .toISOString()
        .replace(".000Z", "Z"),
    });
  });

  test("gives both sides the roots they know the other by, with the digest of the bundle beside", () => {
    for (const [name, output] of [
      [BUNDLE, "serverTrustAnchors"],
      [DEVICE_BUNDLE, "deviceTrustAnchors"],
    ] as const) {
      const { metadata, data } = manifest(name);
      expect(data).toEqual({ "ca-bundle.pem": textOutput(output) });
      expect(metadata.annotations).toEqual({
        "mqtt-pki/bundle-sha256": digest(textOutput(output)),
        "mqtt-pki/generations": "1",
        "mqtt-pki/not-after": certificateAt(textOutput(output))
          .validToDate.toISOString()
          .replace(".000Z", "Z"),
      });
    }
  });

  test("tells ThingsBoard by MQTT_SSL_* where the Secret's files are mounted", () => {
    const { metadata, data } = manifest(ENVIRONMENT);
    expect([metadata.namespace, metadata.name]).toEqual([
      "thingsboard",
      "tb-mqtts-env",
    ]);
    expect(data).toEqual({
      MQTT_SSL_ENABLED: "true",
      MQTT_SSL_BIND_PORT: "8883",
      MQTT_SSL_CREDENTIALS_TYPE: "PEM",
      MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
      MQTT_SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
      MQTT_SSL_PEM_KEY_PASSWORD: "",
      MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
    });
  });

  test("gives devices the server's root to trust, and no other", () => {
    const { data } = manifest(BUNDLE);
    expect(Object.keys(data)).toEqual(["ca-bundle.pem"]);
    const bundle = required(data, "ca-bundle.pem");
    expect(bundle).toBe(required(manifest(SERVER_SECRET).data, "ca.crt"));
    expect(bundle).toBe(textOutput("serverTrustAnchors"));
    expect(bundle).not.toContain(textOutput("deviceTrustAnchors").trim());
  });

  test("gives each device a certificate under its id, its own key and a chain up to the device root", () => {
    const root = textOutput("deviceTrustAnchors");
    const keys = DEVICES.map((id) => {
      const [certificate, chain, key] = [
        deviceFile(id, "cert.pem"),
        deviceFile(id, "chain.pem"),
        deviceFile(id, "key.pem"),
      ];
      const links = splitPem(chain);
      expect(links).toHaveLength(3);
      expect([links[0], links[2]]).toEqual([certificate, root]);
      expect(certificateAt(chain, 1).subject).toContain(
        "CN=IoT Cloud Device CA",
      );
      const leaf = new X509Certificate(certificate);
      expect(leaf.subject.split("\n")).toContain(`CN=${id}`);
      expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
      return digest(key);
    });
    expect(new Set(keys).size).toBe(DEVICES.length);
  });

  test("takes serial numbers and URIs from the manifest's columns", () => {
    const gateway = new X509Certificate(
      deviceFile("gateway-frankfurt-01", "cert.pem"),
    );
    expect(gateway.subject).toBe(
      "O=My IoT Cloud\nCN=gateway-frankfurt-01\nserialNumber=GW-000401",
    );
    expect(gateway.subjectAltName).toBe(
      "URI:urn:uuid:8f2d3c1a-5b0e-4a57-9a55-0c6f4f9a6b01",
    );
    expect(
      new X509Certificate(deviceFile("valve-cologne-01", "cert.pem"))
        .subjectAltName,
    ).toBeUndefined();
  });

  test("puts the same chains and keys into the devices' Secret", () => {
    const { type, data } = manifest(DEVICE_SECRET);
    expect(type).toBe("Opaque");
    const digests = Object.entries(data).map(([key, text]) => [
      key,
      digest(text),
    ]);
    expect(Object.fromEntries(digests)).toEqual(
      Object.fromEntries(
        DEVICES.flatMap((id) => [
          [`${id}.chain.pem`, digest(deviceFile(id, "chain.pem"))],
          [`${id}.key.pem`, digest(deviceFile(id, "key.pem"))],
        ]),
      ),
    );
  });

  test("lists every device in the inventory, with the id ThingsBoard knows its certificate by", () => {
    const inventory = readInventory(fleet.rendered("devices", "inventory.csv"));
    expect(Object.keys(inventory)).toEqual(DEVICES);
    for (const id of DEVICES) {
      const pem = deviceFile(id, "cert.pem");
      const { serialNumber, raw, validFromDate, validToDate } =
        new X509Certificate(pem);
      expect(required(inventory, id)).toEqual({
        id,
        serialNumber: serialNumber.toLowerCase(),
        notBefore: validFromDate.toISOString().replace(".000Z", "Z"),
        notAfter: validToDate.toISOString().replace(".000Z", "Z"),
        sha256: digest(raw),
        thingsBoardCredentialsId: credentialsId(pem),
        status: "active",
      });
    }
  });

  test("writes the device profile with the device root for ThingsBoard", () => {
    const profile: unknown = JSON.parse(textOutput("deviceProfile"));
    expect(profile).toMatchObject({
      provisionType: "X509_CERTIFICATE_CHAIN",
      profileData: {
        provisionConfiguration: {
          provisionDeviceSecret: textOutput("deviceTrustAnchors"),
        },
      },
    });
  });
});

describe("once all is there", () => {
  test("a preview expects no changes and finds none", async () => {
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect(outcome.code).toBe(0);
    expect(outcome.report?.steps).toEqual([]);
  });

  test("a second update changes no byte of what is rendered and nothing in the state's resources", async () => {
    const [files, state] = [tree(fleet.rendered()), await fleet.state()];
    const report = await fleet.up();
    expect(report.steps).toEqual([]);
    expect(changedFiles(files, tree(fleet.rendered()))).toEqual([]);
    expect(resourceDigests(await fleet.state())).toEqual(
      resourceDigests(state),
    );
  });

  test("destroy removes every file and every resource", async () => {
    await fleet.destroy();
    const files = Object.entries(tree(fleet.rendered()))
      .filter(([, { sha256 }]) => sha256 !== undefined)
      .map(([path]) => path);
    expect(files).toEqual([]);
    expect((await fleet.state()).resources).toEqual([]);
  });
});

/**
 * Inputs and outputs as digests, since encrypted keys are none of a message's
 * business; by name, since the order of resources is no promise.
 */
function resourceDigests({ resources }: State): Record<string, string> {
  return Object.fromEntries(
    resources.map((resource) => [
      resource.urn,
      digest(JSON.stringify(resource)),
    ]),
  );
}
