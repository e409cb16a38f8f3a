import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderName } from "../../../pki/batch/folderName";
import type { ConnectionOrder } from "../../../platforms/device";
import {
  completeConnection,
  connectionFiles,
  connectionProblems,
  deviceFiles,
} from "../../../platforms/device";
import { describeWith, findProgram } from "../../support/command";

const ORDER: ConnectionOrder = {
  host: "mqtt.example.com",
  directory: "rendered/dev/connection",
  batchDirectory: "rendered/dev/devices",
};
const CUMULOCITY: ConnectionOrder = {
  ...ORDER,
  platform: "cumulocity",
  host: "tenant.example.com",
};
const SERVICE = { ...CUMULOCITY, port: 9883, tenantId: "t12345" };

test.each<[string, ConnectionOrder]>([
  ["ThingsBoard", ORDER],
  ["an address of version 4", { ...ORDER, host: "192.0.2.1" }],
  ["an address of version 6", { ...ORDER, host: "2001:db8::1" }],
  ["a name without a dot", { ...ORDER, host: "localhost" }],
  ["Cumulocity's Core MQTT", CUMULOCITY],
  ["Cumulocity with a template", { ...CUMULOCITY, clientId: "d:{id}:mine" }],
  ["Cumulocity's MQTT Service", SERVICE],
  ["any broker", { ...ORDER, platform: "broker", username: "{id}" }],
  [
    "files of a device's own",
    {
      host: ORDER.host,
      directory: ORDER.directory,
      chainFile: "/etc/mqtt/chain.pem",
      keyFile: "/etc/mqtt/key.pem",
    },
  ],
  [
    "a folder that begins as the batch's",
    { ...ORDER, directory: "rendered/dev/devices-mqtt" },
  ],
])("nothing is wrong with %s", (_, order) => {
  expect(connectionProblems(order)).toEqual([]);
});

test.each<[string, Partial<ConnectionOrder>, RegExp]>([
  [
    "an unknown platform",
    { platform: "azure" },
    /^platform: "azure" is none; write "thingsboard", "cumulocity", "broker"\.$/,
  ],
  [
    "a URL for a host",
    { host: "mqtts://a.example" },
    /^host: .* is no host name; write the name alone, without scheme and port/,
  ],
  ["a host with a port", { host: "a.example:8883" }, /^host: /],
  ["a host with a blank", { host: "a b" }, /^host: /],
  ["a host with a wildcard", { host: "*.example.com" }, /^host: /],
  ["an empty host", { host: "" }, /^host: /],
  ["port 0", { port: 0 }, /^port: 0 is no port/],
  ["port 65536", { port: 65_536 }, /^port: 65536 is no port/],
  ["half a port", { port: 88.5 }, /^port: 88\.5 is no port/],
  [
    "another port of Cumulocity's",
    { ...CUMULOCITY, port: 1883 },
    /^port: 1883 is none of Cumulocity's/,
  ],
  [
    "MQTT Service without a tenant",
    { ...CUMULOCITY, port: 9883 },
    /^tenantId: is missing/,
  ],
  [
    "Core MQTT with a tenant",
    { ...CUMULOCITY, tenantId: "t1" },
    /^tenantId: "t1" is for port 9883/,
  ],
  [
    "ThingsBoard with a tenant",
    { tenantId: "t1" },
    /^tenantId: "t1" is for Cumulocity's/,
  ],
  [
    "MQTT Service with another client id",
    { ...SERVICE, clientId: "d:{id}" },
    /^clientId: "d:\{id\}" is not the common name/,
  ],
  [
    "Core MQTT with another client id",
    { ...CUMULOCITY, clientId: "x-{id}" },
    /^clientId: "x-\{id\}" is none that Cumulocity finds/,
  ],
  [
    "one client id for all",
    { clientId: "device" },
    /^clientId: "device" is the same for every device/,
  ],
  ["a topic to subscribe to", { topic: "a/#" }, /^topic: "a\/#" holds \+ or #/],
  ["an empty topic", { topic: "" }, /^topic: is empty/],
  [
    "a topic of two lines",
    { topic: "a\nb" },
    /^topic: .* holds a control character/,
  ],
  ["an empty folder", { directory: "" }, /^directory: is empty/],
  [
    "the batch's folder",
    { directory: "rendered/dev/devices" },
    /^directory: .* is the batch's folder or within it/,
  ],
  [
    "a folder in the batch's",
    { directory: "./rendered/dev/../dev/devices/a" },
    /^directory: /,
  ],
  [
    "a folder whose devices would stand in the batch's",
    { directory: "rendered/dev", devices: ["a"] },
    /^directory: .*"rendered\/dev\/devices", which is the batch's folder/,
  ],
  [
    "a folder of two lines",
    { directory: "a\nb" },
    /^directory: .* holds a control character/,
  ],
  ["no id", { devices: ["ok", "a:b"] }, /^devices\[1\]: "a:b" contains ":"/],
  ["a key file without a name", { keyFile: "" }, /^keyFile: "" is no path/],
])("%s is refused", (_, change, problem) => {
  const problems = connectionProblems({ ...ORDER, ...change });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test("without a batch, files have to be said", () => {
  const { batchDirectory: _batch, ...order } = ORDER;
  expect(connectionProblems(order)).toEqual([
    expect.stringMatching(/^batch: is missing; give a DeviceCertificateBatch/),
  ]);
});

test("ThingsBoard's seed: the command of its last step", () => {
  const connection = completeConnection(ORDER);
  const { "README.md": readme = "" } = connectionFiles(connection, "ROOT", {
    example: "thermometer-1",
    trustStore: false,
  });
  for (const part of [
    "mosquitto_pub -V mqttv311 -h mqtt.example.com -p 8883",
    "--cafile rendered/dev/connection/ca-bundle.pem",
    `--cert rendered/dev/devices/"$FOLDER"/chain.pem`,
    `--key rendered/dev/devices/"$FOLDER"/key.pem`,
    `-q 1 -t v1/devices/me/telemetry -m '{"temperature":25}'`,
  ]) {
    expect(readme).toContain(part);
  }
});

test("a command names the script as one word, whatever the folder is called", () => {
  const directory = "it's my fleet/connection";
  const { "README.md": readme } = connectionFiles(
    completeConnection({ ...ORDER, directory }),
    "ROOT",
    { trustStore: false },
  );
  expect(readme).toContain(
    String.raw`sh 'it'\''s my fleet/connection/publish.sh' DEVICE-ID`,
  );
});

describeWith(
  { name: "sh", path: findProgram("sh") },
  "put a POSIX shell into PATH",
  "publish.sh",
  (shell) => {
    test.each(["valve-1", "site/valve-1", ".hidden", "Inventory.csv", "a.csv"])(
      "finds the files of %s where the batch has them, whatever CDPATH says",
      (id) => {
        const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-publish-"));
        try {
          const own = join(folder, "a b", "connection");
          mkdirSync(own, { recursive: true });
          mkdirSync(join(folder, "other", "a b", "connection"), {
            recursive: true,
          });
          const { "publish.sh": script = "" } = connectionFiles(
            completeConnection(ORDER),
            "ROOT",
            { trustStore: false },
          );
          writeFileSync(join(own, "publish.sh"), script);
          // In the place of the client, to hear what it is told.
          writeFileSync(
            join(folder, "mosquitto_pub"),
            '#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n',
            { mode: 0o755 },
          );
          const { stdout, stderr } = spawnSync(
            shell,
            ["a b/connection/publish.sh", id],
            {
              cwd: folder,
              encoding: "utf8",
              env: {
                ...process.env,
                PATH: `${folder}:${process.env.PATH ?? ""}`,
                CDPATH: join(folder, "other"),
              },
            },
          );
          expect(stderr).toBe("");
          const lines = stdout.split("\n");
          expect(lines[0]).toBe(realpathSync(own));
          expect(lines).toContain(`../devices/${folderName(id)}/chain.pem`);
          expect(lines).toContain(id);
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    );
  },
);

test("Cumulocity's seed: what its Java client is told", () => {
  const files = deviceFiles(completeConnection(CUMULOCITY), "site/valve-1");
  const properties =
    files["devices/site%2Fvalve-1/client.properties"]?.split("\n");
  expect(properties).toEqual(
    expect.arrayContaining([
      "brokerUrl=ssl://tenant.example.com:8883",
      "clientId=d:site/valve-1",
      "com.ibm.ssl.keyStore=rendered/dev/devices/site%2Fvalve-1/keystore.p12",
      "com.ibm.ssl.keyStoreType=PKCS12",
      "com.ibm.ssl.trustStore=rendered/dev/connection/truststore.p12",
      "com.ibm.ssl.trustStoreType=PKCS12",
    ]),
  );
  expect(Object.values(files).join("")).not.toMatch(/Password=|PWD=/);
});

test("Cumulocity's MQTT Service: the common name, and the tenant for a user", () => {
  expect(completeConnection(SERVICE)).toMatchObject({
    port: 9883,
    clientId: "{id}",
    username: "t12345",
  });
  expect(completeConnection(CUMULOCITY)).toMatchObject({
    port: 8883,
    clientId: "d:{id}",
    topic: "s/us",
  });
});

test("an address of version 6 stands in brackets where it is part of a URL", () => {
  const files = connectionFiles(
    completeConnection({ ...ORDER, host: "2001:db8::1" }),
    "",
    { trustStore: false },
  );
  expect(files["mqtt_connection.h"]).toContain('"mqtts://[2001:db8::1]:8883"');
  expect(files["client.properties"]).toContain("ssl://[2001:db8::1]:8883");
  expect(files["publish.sh"]).toContain("-h 2001:db8::1 ");
});
