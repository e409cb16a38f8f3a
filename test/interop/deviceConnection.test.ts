import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Broker } from "../support/broker";
import { splitPem } from "../support/certificates";
import type { CommandResult } from "../support/command";
import { describeWith, findProgram, runCommand } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject } from "../support/rendered";
import { PROGRAMS } from "./stacks/cache";
import { pythonWith } from "./stacks/programs";
import { ThingsBoardLoader, loaderProgram } from "./stacks/thingsBoardLoader";

const IDS = ["Valve-1", "site/valve-2"];
const KEYSTORE_PASSWORD = "key store password";
const TRUST_PASSWORD = "trust store password";

let fleet: Fleet;

beforeAll(async () => {
  fleet = new Fleet("test/e2e/programs/deviceConnection").configure(
    "connection",
    {
      topic: "plant/it's {id}/telemetry",
      payload: `{"text":"it's $HOME \\"quoted\\" \`x\`"}`,
      devices: IDS,
      identities: true,
      trustStorePassword: TRUST_PASSWORD,
    },
  );
  await fleet.up();
});

afterAll(() => {
  fleet.remove();
});

const at = (...parts: readonly string[]): string =>
  fleet.path("connection", ...parts);
const text = (...parts: readonly string[]): string =>
  readFileSync(at(...parts), "utf8");

test("a second update changes nothing", async () => {
  const { summary } = await fleet.up();
  expect(Object.keys(summary)).toEqual(["same"]);
});

test("what is secret is for nobody else to read, and all else holds no secret", () => {
  const mode = (path: string): string =>
    (statSync(at(path)).mode & 0o777).toString(8);
  for (const id of ["Valve-1", "site%2Fvalve-2"]) {
    expect(mode(`devices/${id}/mqtt_device_identity.h`)).toBe("600");
    expect(mode(`devices/${id}/publish.sh`)).toBe("644");
  }
  expect(mode("truststore.p12")).toBe("600");
  for (const path of ["README.md", "client.properties", "connection.json"]) {
    expect(text(path)).not.toMatch(/PRIVATE KEY|store password/);
  }
});

test("connection.json of a device names files that are there", () => {
  for (const id of IDS) {
    const { files, clientId } = JSON.parse(
      text("devices", id.replace("/", "%2F"), "connection.json"),
    ) as { files: Record<string, string>; clientId: string };
    expect(clientId).toBe(id);
    for (const path of Object.values(files)) {
      expect([path, existsSync(fleet.path(path))]).toEqual([path, true]);
    }
  }
});

const clients = findProgram("mosquitto_sub") && findProgram("mosquitto_pub");
describeWith(
  {
    name: "mosquitto with its clients",
    path: clients === undefined ? undefined : findProgram("mosquitto"),
  },
  "apt-get install mosquitto mosquitto-clients",
  "a mosquitto on the same certificates",
  (program) => {
    let broker: Broker;

    beforeAll(async () => {
      const folder = fleet.path("mounted");
      mkdirSync(folder, { mode: 0o700 });
      const { data } = readObject(
        fleet.path("out", "1-manifest", "v1-secret-default-broker.yaml"),
      );
      for (const [name, content] of Object.entries(data)) {
        writeFileSync(join(folder, name), content, { mode: 0o600 });
      }
      broker = await Broker.start(program, folder, {
        chain: join(folder, "tls.crt"),
        key: join(folder, "tls.key"),
        deviceRoot: join(folder, "ca.crt"),
      });
      // The port is one that was free: only now it can be told.
      fleet.configure("connection.port", broker.port);
      await fleet.up();
    });

    afterAll(async () => {
      await broker.stop();
    });

    /** What the broker said of one PUBLISH that it took. */
    const published = async (
      id: string,
      publish: () => Promise<CommandResult>,
    ): Promise<void> => {
      const from = broker.position;
      const { code, stdout, stderr } = await publish();
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: "",
        stderr: "",
      });
      const said = await broker.waitFor(/Received PUBLISH from .*\n/, from);
      expect(said).toContain(`Received PUBLISH from ${id} `);
      expect(said).toContain(`'plant/it's ${id}/telemetry'`);
      expect(said).toContain(`as ${id} `);
    };

    test("the command of the README works when it is pasted", async () => {
      const [, command = ""] =
        /```sh\n([^]*?)```/.exec(text("README.md")) ?? [];
      await published("Valve-1", () =>
        runCommand("/bin/sh", ["-euc", command], { cwd: fleet.directory }),
      );
    });

    test.each(IDS)(
      "publish.sh publishes as %s, from any folder",
      async (id) => {
        await published(id, () =>
          runCommand("/bin/sh", [at("publish.sh"), id], { cwd: "/" }),
        );
        const own = at("devices", id.replace("/", "%2F"), "publish.sh");
        await published(id, () => runCommand("/bin/sh", [own], { cwd: "/" }));
      },
    );

    describe.each(["paho1", "paho2"])("publish.py with %s", (list) => {
      const python = pythonWith(
        join(PROGRAMS, "python", "paho", `${list}.txt`),
      );

      (python === undefined ? test.skip : test).each(IDS)(
        "publishes as %s, from any folder",
        async (id) => {
          await published(id, () =>
            runCommand(python ?? "", [at("publish.py"), id], { cwd: "/" }),
          );
        },
      );
    });

    test("the message arrives as it was configured", async () => {
      const subscriber = runCommand(findProgram("mosquitto_sub") ?? "", [
        ...[
          "-h",
          "localhost",
          "-p",
          String(broker.port),
          "-C",
          "1",
          "-W",
          "20",
        ],
        ...["--cafile", at("ca-bundle.pem"), "-t", "plant/#", "-q", "1"],
        ...["--cert", fleet.path("devices-out", "Valve-1", "chain.pem")],
        ...["--key", fleet.path("devices-out", "Valve-1", "key.pem")],
      ]);
      await broker.waitFor(/Sending SUBACK/, 0);
      await runCommand("/bin/sh", [at("publish.sh"), "Valve-1"]);
      expect((await subscriber).stdout).toBe(
        `{"text":"it's $HOME \\"quoted\\" \`x\`"}\n`,
      );
    });

    const java = findProgram("java");
    (java === undefined ? test.skip : test).each(IDS)(
      "a Java client with the properties of %s",
      async (id) => {
        const { stdout, stderr } = await runCommand(
          java ?? "",
          [
            join(__dirname, "programs", "PropertiesClient.java"),
            at("devices", id.replace("/", "%2F"), "client.properties"),
            String(broker.port),
          ],
          {
            cwd: fleet.directory,
            env: {
              ...process.env,
              MQTT_KEYSTORE_PASSWORD: KEYSTORE_PASSWORD,
              MQTT_TRUSTSTORE_PASSWORD: TRUST_PASSWORD,
            },
          },
        );
        expect({ stdout, stderr }).toEqual({
          stdout: "TLSv1.3 CONNACK 0\n",
          stderr: "",
        });
      },
    );
  },
);

const loader = loaderProgram();
describeWith(
  { name: "a Java with BouncyCastle", path: loader.command?.program },
  loader.command === undefined ? loader.reason : "",
  "a Java client with the properties, and ThingsBoard's loader",
  (java) => {
    let thingsBoard: ThingsBoardLoader;

    beforeAll(() => {
      if (loader.command !== undefined) {
        thingsBoard = new ThingsBoardLoader(loader.command);
      }
    });

    afterAll(() => {
      thingsBoard.end();
    });

    test.each([
      // ThingsBoard asks for a certificate of its own issuer's only, and Java's key managers have none.
      ["Java's own key managers", "default", "0"],
      ["a key manager that shows its only key", "only", "1"],
    ])("with %s", async (_, keyManager, shown) => {
      const { data } = readObject(
        fleet.path("out", "1-manifest", "v1-secret-default-broker.yaml"),
      );
      const [certFile, keyFile] = ["tls.crt", "tls.key"].map((name) => {
        const path = fleet.path(`loaded-${name}`);
        writeFileSync(path, data[name] ?? "", { mode: 0o600 });
        return path;
      }) as [string, string];
      const port = Number(
        await thingsBoard.pem("THINGSBOARD", certFile, keyFile, ""),
      );
      const { stdout, stderr } = await runCommand(
        java,
        [
          join(__dirname, "programs", "PropertiesClient.java"),
          at("devices", "Valve-1", "client.properties"),
          ...[String(port), "greeting", keyManager],
        ],
        {
          cwd: fleet.directory,
          env: {
            ...process.env,
            MQTT_KEYSTORE_PASSWORD: KEYSTORE_PASSWORD,
            MQTT_TRUSTSTORE_PASSWORD: TRUST_PASSWORD,
          },
        },
      );
      await thingsBoard.stop(port);
      expect({ stderr, said: stdout.split(" ").slice(0, 2) }).toEqual({
        stderr: "",
        said: ["TLSv1.3", shown],
      });
    });
  },
);

describeWith(
  { name: "gcc", path: findProgram("gcc") },
  "apt-get install gcc",
  "the headers",
  (gcc) => {
    const main = `
#include <stdio.h>
#include "mqtt_connection.h"
#include "devices/Valve-1/mqtt_device_identity.h"
int main(void) {
  const char *parts[] = {MQTT_URI, MQTT_HOST, MQTT_CLIENT_ID, MQTT_TOPIC, MQTT_DEVICE_ID, MQTT_DEVICE_CLIENT_ID,
    MQTT_DEVICE_TOPIC, MQTT_CA_BUNDLE_PEM, MQTT_DEVICE_CHAIN_PEM, MQTT_DEVICE_KEY_PEM};
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) printf("%s%c", parts[i], 0);
  printf("%u %d", (unsigned)(sizeof MQTT_CA_BUNDLE_PEM), MQTT_PORT);
  return 0;
}
`;

    test.each([
      ["c", "-std=c99", "gcc"],
      ["c++", "-std=c++11", "g++"],
    ])(
      "in %s they say what the files say",
      async (language, standard, name) => {
        if (language === "c++" && findProgram(name) === undefined) {
          return;
        }
        const program = fleet.path(`header-${language}`);
        const built = await runCommand(
          gcc,
          [
            ...["-x", language, standard, "-Wall", "-Wextra", "-Wpedantic"],
            ...["-Werror", "-I", at(), "-o", program, "-"],
          ],
          { input: main },
        );
        expect(built).toEqual({ code: 0, stdout: "", stderr: "" });
        const { stdout } = await runCommand(program, []);
        const port = /"port": (\d+)/.exec(text("connection.json"))?.[1] ?? "";
        const bundle = text("ca-bundle.pem");
        const [chain, key] = ["chain.pem", "key.pem"].map((file) =>
          readFileSync(fleet.path("devices-out", "Valve-1", file), "utf8"),
        );
        expect(splitPem(bundle)).toHaveLength(1);
        // Not by toEqual, whose message would show the key.
        const expected = [
          ...[`mqtts://localhost:${port}`, "localhost", "{id}"],
          ...["plant/it's {id}/telemetry", "Valve-1", "Valve-1"],
          ...["plant/it's Valve-1/telemetry", bundle, chain, key],
          `${bundle.length + 1} ${port}`,
        ];
        const found = stdout.split("\0");
        expect(expected.map((part, index) => part === found[index])).toEqual(
          expected.map(() => true),
        );
      },
    );
  },
);

test("what is wrong is refused in the preview, all of it at once", async () => {
  const other = new Fleet("test/e2e/programs/deviceConnection").configure(
    "connection",
    {
      platform: "cumulocity",
      host: "mqtts://tenant.example.com:8883",
      port: 1883,
      clientId: "same",
      topic: "a/#",
      directory: "devices-out/connection",
      devices: ["a:b"],
    },
  );
  const { code, stdout, stderr } = await other.tryPreview();
  other.remove();
  expect(code).not.toBe(0);
  const said = `${stdout}${stderr}`;
  for (const path of [
    "host",
    "port",
    "clientId",
    "topic",
    "directory",
    "devices[0]",
  ]) {
    expect(said).toContain(`connection: ${path}: `);
  }
});
