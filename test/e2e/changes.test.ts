import { readFileSync } from "node:fs";
import { certificateAt, identityOf } from "../support/certificates";
import { Fleet } from "../support/fleet";
import { actions, messages } from "../support/report";
import type { Entry } from "../support/rendered";
import {
  changedFiles,
  digest,
  readInventory,
  readObject,
  required,
  tree,
} from "../support/rendered";

const SERVER_SECRET = "1-manifest/v1-secret-thingsboard-tb-mqtts.yaml";
const DEVICE_SECRET = "1-manifest/v1-secret-thingsboard-devices-demo-0.yaml";
const BATCH_UPDATE = [
  "update DeviceBatch devices-demo",
  "update Secret devices-demo-secret-0",
];

const fleet = new Fleet();
let before: Record<string, Entry>;

beforeAll(async () => {
  await fleet.up();
});

afterAll(() => {
  fleet.remove();
});

beforeEach(() => {
  before = tree(fleet.rendered());
});

function changed(): string[] {
  return changedFiles(before, tree(fleet.rendered()));
}

function server(): Record<string, string> {
  return readObject(fleet.rendered(SERVER_SECRET)).data;
}

function deviceFiles(id: string): string[] {
  return ["cert.pem", "chain.pem", "key.pem"].map(
    (name) => `devices/${id}/${name}`,
  );
}

function deviceCertificate(id: string): string {
  return readFileSync(fleet.rendered("devices", id, "cert.pem"), "utf8");
}

function inventory(): Record<string, Record<string, string>> {
  return readInventory(fleet.rendered("devices", "inventory.csv"));
}

describe("one host name more in the configuration", () => {
  const expected = [
    "update Certificate server-certificate",
    "update Secret server-secret",
  ];

  test("changes one certificate and one Secret, and nothing else", async () => {
    const [old, identity] = [
      server(),
      identityOf(certificateAt(required(server(), "tls.crt"))),
    ];
    fleet.configure("server.dnsNames", [
      "my-iot-cloud.com",
      "mqtt.my-iot-cloud.com",
      "my-iot-cloud.net",
      "mqtt.my-iot-cloud.net",
      "mqtt.eu.my-iot-cloud.com",
    ]);

    const preview = await fleet.preview();
    expect(actions(preview)).toEqual(expected);
    expect(changed()).toEqual([]);

    const update = await fleet.up();
    expect(actions(update)).toEqual(expected);
    expect(changed()).toEqual([SERVER_SECRET]);
    const renewed = server();
    const leaf = certificateAt(required(renewed, "tls.crt"));
    expect(leaf.subjectAltName).toBe(
      "DNS:my-iot-cloud.com, DNS:mqtt.my-iot-cloud.com, DNS:my-iot-cloud.net, DNS:mqtt.my-iot-cloud.net, DNS:mqtt.eu.my-iot-cloud.com",
    );
    expect(identityOf(leaf)).toEqual(identity);
    expect(digest(required(renewed, "tls.key"))).toBe(
      digest(required(old, "tls.key")),
    );
    expect(renewed["ca.crt"]).toBe(old["ca.crt"]);
  });

  test("leaves nothing to do afterwards", async () => {
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([outcome.code, messages(outcome)]).toEqual([0, []]);
  });

  test("is not taken for no change by --expect-no-changes", async () => {
    fleet.configure("server.validityDays", 300);
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    fleet.configure("server.validityDays", 365);
    expect(outcome.code).not.toBe(0);
    expect(`${messages(outcome).join("")}${outcome.stderr}`).toMatch(
      /no changes were expected/i,
    );
  });
});

describe("the manifest", () => {
  test("issues one certificate for one row more, and leaves the others byte for byte", async () => {
    fleet.editManifest((text) => `${text}valve-cologne-03,VA-000303,\n`);

    const preview = await fleet.preview();
    expect(actions(preview)).toEqual(BATCH_UPDATE);
    expect(
      preview.diagnostics.map(({ message }) => message).join("\n"),
    ).toContain("+1 new, 0 changed, 0 due, 12 unchanged");
    expect(changed()).toEqual([]);

    expect(actions(await fleet.up())).toEqual(BATCH_UPDATE);
    expect(changed()).toEqual(
      [
        DEVICE_SECRET,
        "devices/inventory.csv",
        "devices/valve-cologne-03",
        ...deviceFiles("valve-cologne-03"),
      ].sort(),
    );
    expect(required(inventory(), "valve-cologne-03").status).toBe("active");
  });

  test("reissues the one device whose row changed, for the key it has", async () => {
    fleet.editManifest((text) => text.replace("FM-000201", "FM-000299"));

    const preview = await fleet.preview();
    expect(
      preview.diagnostics.map(({ message }) => message).join("\n"),
    ).toContain("+0 new, 1 changed, 0 due, 12 unchanged");

    expect(actions(await fleet.up())).toEqual(BATCH_UPDATE);
    expect(changed()).toEqual(
      [
        DEVICE_SECRET,
        "devices/inventory.csv",
        "devices/flow-meter-hamburg-01/cert.pem",
        "devices/flow-meter-hamburg-01/chain.pem",
      ].sort(),
    );
    expect(
      certificateAt(deviceCertificate("flow-meter-hamburg-01")).subject,
    ).toContain("serialNumber=FM-000299");
  });

  test("keeps a removed row in the inventory, as removed", async () => {
    const certificate = deviceCertificate("thermometer-munich-02");
    fleet.editManifest((text) =>
      text.replace(/^thermometer-munich-02,.*\n/m, ""),
    );

    const preview = await fleet.preview();
    expect(actions(preview)).toEqual(BATCH_UPDATE);
    expect(
      preview.diagnostics.map(({ message }) => message).join("\n"),
    ).toContain("12 unchanged, 1 removed");

    expect(actions(await fleet.up())).toEqual(BATCH_UPDATE);
    const entry = required(inventory(), "thermometer-munich-02");
    expect(entry).toMatchObject({
      status: "removed",
      serialNumber: certificateAt(certificate).serialNumber.toLowerCase(),
    });
    const { data } = readObject(fleet.rendered(DEVICE_SECRET));
    expect(Object.keys(data)).not.toContain("thermometer-munich-02.chain.pem");
    const others = changed().filter(
      (path) => !path.startsWith("devices/thermometer-munich-02"),
    );
    expect(others).toEqual([DEVICE_SECRET, "devices/inventory.csv"]);
  });

  test("gives every device a new key where the configuration asks to reissue", async () => {
    const ids = Object.entries(inventory())
      .filter(([, { status }]) => status === "active")
      .map(([id]) => id);
    fleet.configure("devices.reissue", "keys were seen by others");
    expect(actions(await fleet.up())).toEqual(BATCH_UPDATE);
    expect(changed()).toEqual(
      [
        DEVICE_SECRET,
        "devices/inventory.csv",
        ...ids.flatMap(deviceFiles),
      ].sort(),
    );
  });

  test("changes nothing when only its rows change places", async () => {
    fleet.editManifest((text) => {
      const [header = "", ...rows] = text.trimEnd().split("\n");
      return [header, ...rows.reverse(), ""].join("\n");
    });
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([outcome.code, outcome.report?.steps]).toEqual([0, []]);
  });
});
