import { X509Certificate, createPrivateKey } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:tls";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject } from "../support/rendered";

const PASSWORD = "password-of-the-test-0123456789";

test("devices that TBMQ would not know are refused in the first preview, before there is a certificate", async () => {
  const fleet = new Fleet("test/e2e/programs/thingsBoardListeners");
  try {
    fleet.configure("password", PASSWORD).configure("strangeDevices", true);
    const { code, stdout, stderr } = await fleet.tryPreview();
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`.replaceAll("\\", "")).toMatch(
      /tbmq: deviceAuthority: hangs from "device-root" and the server from "root", and TBMQ validates devices by/,
    );
  } finally {
    fleet.remove();
  }
});

describe("a stack with key stores, TBMQ, and every listener", () => {
  const fleet = new Fleet("test/e2e/programs/thingsBoardListeners");

  beforeAll(async () => {
    fleet.configure("password", PASSWORD);
    await fleet.up();
  }, 120_000);

  afterAll(() => {
    fleet.remove();
  });

  const dataOf = (kind: string, name: string): Record<string, string> =>
    readObject(
      fleet.path("out", "1-manifest", `v1-${kind}-default-${name}.yaml`),
    ).data;
  const stores = ["broker-keystore", "tbmq-store"];

  /** A key store's bytes. */
  function storeOf(name: string): Buffer {
    const file = fleet.path(
      "out",
      "1-manifest",
      `v1-secret-default-${name}.yaml`,
    );
    const [, base64 = ""] =
      /^ {2}keystore\.p12: (\S+)$/m.exec(readFileSync(file, "utf8")) ?? [];
    return Buffer.from(base64, "base64");
  }

  test.each([
    ["broker-keystore", "broker-env", "MQTT_SSL"],
    ["tbmq-store", "tbmq-store-passwords", "LISTENER_SSL"],
  ])(
    "the store in %s opens with the password in %s",
    (name, secret, prefix) => {
      const passwords = dataOf("secret", secret);
      expect(Object.keys(passwords).sort()).toEqual([
        `${prefix}_KEY_PASSWORD`,
        `${prefix}_KEY_STORE_PASSWORD`,
      ]);
      const passphrase = passwords[`${prefix}_KEY_STORE_PASSWORD`] ?? "";
      expect(passwords[`${prefix}_KEY_PASSWORD`]).toBe(passphrase);
      const open = (given: string): void => {
        createServer({ pfx: storeOf(name), passphrase: given }).close();
      };
      expect(() => {
        open(passphrase);
      }).not.toThrow();
      expect(() => {
        open("another password");
      }).toThrow();
    },
  );

  describeWith(
    { name: "keytool", path: findProgram("keytool") },
    "apt-get install openjdk-17-jre-headless",
    "as Java reads them",
    (keytool) => {
      test.each([
        ["broker-keystore", ["server"]],
        // Beside the key, the root by which TBMQ is to know devices.
        ["tbmq-store", ["device-ca", "server"]],
      ])("%s has the entries %j", (name, aliases) => {
        const file = fleet.path(`${name}.p12`);
        writeFileSync(file, storeOf(name), { mode: 0o600 });
        try {
          const listed = execFileSync(
            keytool,
            ["-list", "-v", "-keystore", file, "-storepass:env", "STORE"],
            {
              encoding: "utf8",
              env: { ...process.env, STORE: PASSWORD, LC_ALL: "C" },
            },
          );
          expect(
            [...listed.matchAll(/^Alias name: (.+)$/gm)]
              .map(([, alias]) => alias)
              .sort(),
          ).toEqual(aliases);
          expect(listed).toMatch(/Entry type: PrivateKeyEntry/);
          expect(listed.includes("Owner: CN=Device Root CA")).toBe(
            name === "tbmq-store",
          );
        } finally {
          rmSync(file);
        }
      });
    },
  );

  test("TBMQ's file is the chain with its root, and its key encrypted PKCS#8 under the passphrase of the other Secret", () => {
    const files = dataOf("secret", "encrypted-tbmq");
    const chain = splitPem(files["server.pem"] ?? "").map(
      (pem) => new X509Certificate(pem),
    );
    expect(chain.map(({ subject }) => subject)).toEqual([
      "CN=mqtt.example.com",
      "CN=Server CA",
      "CN=Root CA",
    ]);
    const key = files["mqttserver_key.pem"] ?? "";
    expect(key).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const passwords = dataOf("secret", "encrypted-env");
    expect(Object.keys(passwords).sort()).toEqual([
      "LISTENER_SSL_PEM_KEY_PASSWORD",
      "LISTENER_WSS_PEM_KEY_PASSWORD",
    ]);
    const passphrase = passwords.LISTENER_SSL_PEM_KEY_PASSWORD ?? "";
    const opened = createPrivateKey({ key, passphrase });
    expect(chain[0]?.checkPrivateKey(opened)).toBe(true);
  });

  test("DTLS has the certificate with the EC key, beside the RSA one of MQTT", () => {
    const variables = dataOf("configmap", "old-env");
    expect(variables).toMatchObject({
      MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
      SSL_PEM_CERT: "/ssl-config/server.pem",
      EDGES_RPC_SSL_CERT: "/ssl-config/server.pem",
      COAP_DTLS_PEM_CERT: "/coap-config/tls.crt",
      LWM2M_SERVER_PEM_CERT: "/lwm2m-config/tls.crt",
      LWM2M_BS_PEM_CERT: "/lwm2m-config/tls.crt",
      LWM2M_TRUST_PEM_CERT: "/mqtt-device-ca/ca-bundle.pem",
    });
    const kinds = ["old", "broker"].map(
      (name) =>
        new X509Certificate(dataOf("secret", name)["tls.crt"] ?? "").publicKey
          .asymmetricKeyType,
    );
    expect(kinds).toEqual(["rsa", "ec"]);
  });

  test("no password and no key is in a ConfigMap", () => {
    for (const name of [
      "broker-env",
      "tbmq-store-env",
      "encrypted-env",
      "old-env",
      "old-connectivity",
    ]) {
      const text = JSON.stringify(dataOf("configmap", name));
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain("PRIVATE KEY");
    }
  });

  test("another update changes nothing, and another password the stores in place", async () => {
    const before = stores.map((name) => storeOf(name).toString("base64"));
    const preview = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([preview.code, preview.stderr]).toEqual([0, ""]);
    fleet.configure("password", `${PASSWORD}-2`);
    const { summary } = await fleet.up();
    expect(Object.keys(summary).sort()).toEqual(["same", "update"]);
    for (const [index, name] of stores.entries()) {
      expect(storeOf(name).toString("base64") === before[index]).toBe(false);
    }
  });

  test("neither password nor key is in plain text in the state", async () => {
    const closed = await fleet.exportText();
    expect(closed).not.toContain(PASSWORD);
    expect(closed).not.toMatch(/PRIVATE KEY|Proc-Type/);
  });
});
