import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import { Plugin, urnOf } from "./support/plugin";
import { secret } from "./support/wire";

const ROOT = join(__dirname, "..", "..");
const folder = scratchFolder();

let plugin: Plugin;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
});

afterAll(async () => {
  await plugin.stop();
});

test("the plugin takes secrets as secrets, so the engine hands them over marked", async () => {
  const response = await plugin.configure();
  expect(response.getAcceptsecrets()).toBe(true);
});

test("it works as well where Pulumi's language host starts it", async () => {
  const hosted = await Plugin.start({ cwd: folder, startedBy: "pulumi" });
  try {
    expect(await hosted.getSchema()).toEqual(await plugin.getSchema());
    const urn = urnOf("Certificate", "it");
    expect(await hosted.check(urn, {})).toEqual(await plugin.check(urn, {}));
  } finally {
    await hosted.stop();
  }
});

test("its schema names every resource and function, and the version of the package", async () => {
  const { version } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as { version: string };
  const schema = await plugin.getSchema();
  expect(schema).toMatchObject({ name: "mqtt-pki", version });
  expect(Object.keys(schema.resources as object).sort()).toEqual([
    "mqtt-pki:index:BatchJobResult",
    "mqtt-pki:index:BundlePublication",
    "mqtt-pki:index:Certificate",
    "mqtt-pki:index:CertificateAuthority",
    "mqtt-pki:index:ClusterAccess",
    "mqtt-pki:index:ConfigurationFiles",
    "mqtt-pki:index:DeviceBatch",
    "mqtt-pki:index:EncryptedPrivateKey",
    "mqtt-pki:index:ExistingAuthority",
    "mqtt-pki:index:ExportedAuthority",
    "mqtt-pki:index:Keystore",
    "mqtt-pki:index:ThingsBoardDeviceProfile",
    "mqtt-pki:index:ThingsBoardDevices",
    "mqtt-pki:index:WorkloadPatch",
  ]);
  expect(Object.keys(schema.functions as object)).toEqual([
    "mqtt-pki:index:checkThingsBoardFiles",
    "mqtt-pki:index:readDeviceBatch",
    "mqtt-pki:index:readLiveObject",
  ]);
});

test("a resource or function it does not have is refused by its name", async () => {
  const urn = urnOf("Enrolment", "it");
  for (const call of [
    () => plugin.check(urn, {}),
    () => plugin.diff(urn, {}, {}),
    () => plugin.create(urn, {}),
    () => plugin.update(urn, {}, {}),
    () => plugin.delete(urn, {}),
  ]) {
    expect(await plugin.refusal(call())).toMatch(
      /mqtt-pki:index:Enrolment is no resource of mqtt-pki/,
    );
  }
  expect(
    await plugin.refusal(plugin.invoke("mqtt-pki:index:toString", {})),
  ).toMatch(/mqtt-pki:index:toString is no function of mqtt-pki/);
});

test("a name that every object has is no resource either", async () => {
  const urn = "urn:pulumi:test::fleet::constructor::it";
  expect(await plugin.refusal(plugin.check(urn, {}))).toMatch(
    /is no resource of mqtt-pki/,
  );
});

test("inputs that hold nothing are refused member by member, not with a crash", async () => {
  const missing = {
    Certificate: ["profile", "subject", "key", "signer"],
    CertificateAuthority: ["generations"],
    DeviceBatch: ["key", "outputDirectory", "signer"],
  };
  for (const [type, paths] of Object.entries(missing)) {
    for (const inputs of [{}, { __defaults: [] }, { key: secret(null) }]) {
      const failures = await plugin.check(urnOf(type, "it"), inputs);
      for (const path of paths) {
        expect(failures.some((text) => text.startsWith(`${path}: `))).toBe(
          true,
        );
      }
    }
  }
});
