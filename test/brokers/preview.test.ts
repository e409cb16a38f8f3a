import { Fleet } from "../support/fleet";
import type { BrokersSetting } from "./stack";

/** What a preview of a first update says to these settings of one broker. */
async function refusalOf(
  broker: Partial<BrokersSetting["brokers"][number]>,
  devices: readonly string[],
): Promise<string> {
  const fleet = new Fleet("test/brokers/program");
  try {
    fleet.configure("storePassword", "store-password-of-the-test");
    fleet.configure("brokers", {
      serverNames: ["localhost"],
      devices,
      stranger: "",
      revoked: [],
      trust: "first",
      brokers: [
        {
          name: "broker",
          kind: "Mosquitto",
          root: "/srv",
          port: 8883,
          revocation: true,
          stores: false,
          identity: "CommonName",
          ...broker,
        },
      ],
    });
    const { code, stdout, stderr } = await fleet.tryPreview();
    expect(code).not.toBe(0);
    return stdout + stderr;
  } finally {
    fleet.remove();
  }
}

test("a preview refuses all that is wrong, though it does not know the revocation lists yet", async () => {
  const said = await refusalOf({ root: "/srv/a b", port: 70_000 }, ["a"]);
  expect(said).toContain("port: 70000 is no port; write 1 to 65535");
  for (const name of ["server", "trust", "crl", "configuration", "data"]) {
    expect(said).toContain(`paths.${name}: `);
  }
});

test("it refuses what one broker cannot do and another can", async () => {
  const said = await refusalOf({ kind: "RabbitMQ" }, ["a", "a.b"]);
  expect(said).toMatch(/devices: RabbitMQ .*would reach the topics of/);
});

test("it refuses more devices than a ConfigMap holds", async () => {
  const said = await refusalOf(
    { kind: "RabbitMQ", revocation: false },
    Array.from(
      { length: 1400 },
      (_, index) => `sensor-${"x".repeat(50)}-${index}`,
    ),
  );
  expect(said).toMatch(
    /devices: the configuration takes [12],\d{3},\d{3} bytes, and a ConfigMap holds 1 MiB; write output/,
  );
});

test("it refuses a name that the bundle has which the pod mounts", async () => {
  const said = await refusalOf({ trustBundle: "broker", revocation: false }, [
    "a",
  ]);
  expect(said).toMatch(
    /kubernetes\.configMapName: \S*broker\S* is the name of another object/,
  );
});
