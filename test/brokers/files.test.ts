import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../cluster/freePorts";
import { describeWith, findProgram } from "../support/command";
import { Fleet } from "../support/fleet";
import { tree } from "../support/rendered";
import { mosquittoDriver } from "./drivers/mosquitto";
import { Session } from "./probe";

const PUBLIC = [
  "configuration/acl",
  "configuration/mosquitto.conf",
  "device-roots/ca-bundle.pem",
  "server/tls.crt",
];

describe("a broker outside of Kubernetes", () => {
  let fleet: Fleet;
  let port: number;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    fleet = new Fleet("test/brokers/filesProgram");
    fleet.configure("folder", fleet.path("out", "mosquitto"));
    fleet.configure("port", port);
  });

  afterAll(() => {
    fleet.remove();
  });

  /** Permissions of what is there, by path. */
  function modes(): Record<string, string> {
    const files = Object.entries(tree(fleet.path("out", "mosquitto"))).filter(
      // The first is what says whose files the others are.
      ([path, { sha256 }]) => !path.startsWith(".") && sha256 !== undefined,
    );
    return Object.fromEntries(files.map(([path, { mode }]) => [path, mode]));
  }

  test("gets its files, and no private key but where that is asked for", async () => {
    await fleet.up();
    expect(modes()).toEqual(
      Object.fromEntries(PUBLIC.map((path) => [path, "0644"])),
    );
    fleet.configure("privateKey", true);
    await fleet.up();
    expect(modes()).toEqual({
      ...Object.fromEntries(PUBLIC.map((path) => [path, "0644"])),
      "server/tls.key": "0600",
    });
  });

  describeWith(
    { name: "mosquitto", path: findProgram("mosquitto") },
    "apt-get install mosquitto",
    "its files, in a mosquitto",
    () => {
      test("let a device in", async () => {
        const found = mosquittoDriver.find();
        if ("missing" in found) {
          throw new Error(found.missing);
        }
        const root = fleet.path("out", "mosquitto");
        const data = join(root, "data");
        mkdirSync(data);
        const broker = await found.start({
          root: fleet.directory,
          configuration: join(root, "configuration"),
          data,
          port,
          args: ["mosquitto", "-c", join(root, "configuration/mosquitto.conf")],
          environment: {},
        });
        try {
          const device = fleet.path("out", "devices", "sensor-1");
          const { stdout } = await fleet.engine(
            "stack",
            "output",
            "serverAnchors",
          );
          const session = await Session.open({
            port,
            anchors: stdout,
            clientId: "sensor-1",
            credentials: {
              chain: readFileSync(join(device, "chain.pem"), "utf8"),
              key: readFileSync(join(device, "key.pem"), "utf8"),
            },
          });
          await session.subscribe("devices/sensor-1/#");
          await session.publish("devices/sensor-1/telemetry", "hello");
          expect(await session.received(1)).toEqual(["hello"]);
          await session.end();
        } finally {
          await broker.stop();
        }
      });
    },
  );
});

test("a revocation list that is none is refused in words, and with no trace of the program", async () => {
  const fleet = new Fleet("test/brokers/filesProgram");
  try {
    fleet.configure("folder", "/srv");
    fleet.configure("port", 8883);
    fleet.configure(
      "crlPem",
      "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    );
    const { code, stdout, stderr } = await fleet.tryPreview();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("crlPem: its block 1 is no X.509");
    expect(stdout + stderr).not.toMatch(/^ +at |asn1|ASN/m);
  } finally {
    fleet.remove();
  }
});
