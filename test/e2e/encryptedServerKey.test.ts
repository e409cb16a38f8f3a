import { X509Certificate, createPrivateKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { Fleet } from "../support/fleet";

const PASSPHRASE = "passphrase-of-the-test-0123456789";

/** An object as it was rendered. */
interface Rendered {
  readonly type?: string;
  readonly data: Readonly<Record<string, string>>;
}

describe("a stack whose server key gets a passphrase", () => {
  const fleet = new Fleet("test/e2e/programs/encryptedServerKey");

  afterAll(() => {
    fleet.remove();
  });

  const pathOf = (name: string): string =>
    fleet.path("out", "1-manifest", `v1-${name}.yaml`);
  const textOf = (name: string): string => readFileSync(pathOf(name), "utf8");
  const objectOf = (name: string): Rendered => parse(textOf(name)) as Rendered;
  const decoded = (name: string, entry: string): string =>
    Buffer.from(objectOf(name).data[entry] ?? "", "base64").toString();

  test("has a plain key and the empty variable before", async () => {
    await fleet.up();
    expect(decoded("secret-default-broker", "tls.key")).toMatch(
      /^-----BEGIN PRIVATE KEY-----\n/,
    );
    expect(
      objectOf("configmap-default-broker-env").data.MQTT_SSL_PEM_KEY_PASSWORD,
    ).toBe("");
    expect(existsSync(pathOf("secret-default-broker-env"))).toBe(false);
  });

  test("has it encrypted after an update in place, for the same key", async () => {
    const plain = createPrivateKey(decoded("secret-default-broker", "tls.key"));
    fleet.configure("keyPassphrase", PASSPHRASE);
    const { summary } = await fleet.up();
    expect(Object.keys(summary).sort()).toEqual(["create", "same", "update"]);
    expect(summary).toMatchObject({ create: 2, update: 2 });
    for (const entry of ["tls.key", "mqttserver_key.pem"]) {
      const pem = decoded("secret-default-broker", entry);
      expect(pem).toMatch(
        /^-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n/,
      );
      const key = createPrivateKey({ key: pem, passphrase: PASSPHRASE });
      expect(key.equals(plain)).toBe(true);
      const chain = decoded("secret-default-broker", "server.pem");
      expect(new X509Certificate(chain).checkPrivateKey(key)).toBe(true);
    }
    expect(objectOf("secret-default-broker").type).toBe("kubernetes.io/tls");
  });

  test("hands the passphrase to ThingsBoard in a Secret of its own, in no ConfigMap", () => {
    expect(
      decoded("secret-default-broker-env", "MQTT_SSL_PEM_KEY_PASSWORD"),
    ).toBe(PASSPHRASE);
    const environment = textOf("configmap-default-broker-env");
    expect(environment).not.toContain("MQTT_SSL_PEM_KEY_PASSWORD");
    expect(environment).toContain("MQTT_SSL_PEM_KEY:");
    expect(environment).not.toContain(PASSPHRASE);
    expect(textOf("secret-default-broker")).not.toContain(
      Buffer.from(PASSPHRASE).toString("base64"),
    );
  });

  test("renders the same bytes in an update after", async () => {
    const names = ["secret-default-broker", "secret-default-broker-env"];
    const before = names.map(textOf);
    const preview = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([preview.code, preview.stderr]).toEqual([0, ""]);
    const { summary } = await fleet.up();
    expect(Object.keys(summary)).toEqual(["same"]);
    expect(names.map(textOf)).toEqual(before);
  });

  test("has neither passphrase nor key in plain text in its state", async () => {
    const closed = await fleet.exportText();
    expect(closed).not.toContain(PASSPHRASE);
    expect(closed).not.toMatch(/PRIVATE KEY|Proc-Type/);
    const open = await fleet.exportText(["--show-secrets"]);
    expect(open).toContain(PASSPHRASE);
  });
});
