import { writeFileSync } from "node:fs";
import { runCli } from "../../cli/support/run";
import {
  certificateAt,
  identityOf,
  splitPem,
} from "../../support/certificates";
import { WHOLE_PROOF } from "../../support/figures";
import { Fleet } from "../../support/fleet";
import type { Report } from "../../support/report";
import { actions, messages } from "../../support/report";
import { digest, readInventory, required } from "../../support/rendered";
import type { Credentials } from "../../support/rotationFleet";
import { RotationFleet } from "../../support/rotationFleet";
import { lifetimes } from "./matrix/renewals";

// What a rotation's straight way does not come by: a key that others know, an end that is final, a renewal on the way.

jest.setTimeout(600_000);

/** Each refusal is a preview of seconds; the short form looks at the first of a kind, test/rotation at all of them. */
function few<T>(list: readonly T[]): readonly T[] {
  return WHOLE_PROOF ? list : list.slice(0, 1);
}

function texts({ diagnostics }: Report): string {
  return diagnostics.map(({ message }) => message).join("\n");
}

/** Serial number of the leaf, and its key as a digest. */
function leafOf({ chain, key }: Credentials): {
  serialNumber: string;
  key: string;
} {
  return {
    serialNumber: certificateAt(chain).serialNumber,
    key: digest(key),
  };
}

describe("a root whose key became known", () => {
  const fleet = new RotationFleet(3);
  const COMPROMISED = { "2026a": "compromised", "2027a": "active" };

  beforeAll(async () => {
    fleet.write("deviceRoot", { "2026a": "active" });
    await fleet.update(fleet.day(0));
    fleet.write("deviceRoot", { "2026a": "active", "2027a": "staged" });
    await fleet.update(fleet.day(1));
    fleet.write("deviceRoot", COMPROMISED);
  });

  afterAll(() => {
    fleet.remove();
  });

  /** Minutes after the successor was published. */
  const minutes = (count: number): Date =>
    new Date(fleet.day(1).getTime() + count * 60_000);

  test("is followed at once by no successor that brokers cannot know yet (I3)", async () => {
    expect(await fleet.refusal(minutes(5))).toMatch(
      /generations\.2027a\.state: was published on .*\(I3\)/,
    );
  });

  test("unless the code takes that upon itself; then everything below is issued anew in that update, as its preview shows", async () => {
    const before = fleet.holdings();
    fleet.acknowledge("deviceRoot", minutes(5), "I3");
    const preview = await fleet.preview(minutes(5));
    expect(messages(preview, "warning").join("\n")).toMatch(
      /acknowledged: was published on .*\(I3\)/,
    );
    const update = await fleet.update(minutes(5));
    expect(actions(update)).toEqual(
      preview.report === undefined ? undefined : actions(preview.report),
    );
    expect(actions(update)).toEqual([
      "update Certificate device-ca-certificate",
      "update CertificateAuthority device-ca-authority",
      "update CertificateAuthority device-root-authority",
      "update DeviceBatch devices-demo",
      "update Secret devices-demo-secret-0",
    ]);
    const after = fleet.holdings();
    for (const id of fleet.devices) {
      const [old, young] = [before, after].map(({ devices }) =>
        required(devices, id),
      ) as [Credentials, Credentials];
      expect(splitPem(young.chain)[1]).not.toBe(splitPem(old.chain)[1]);
      expect(leafOf(young).key).toBe(leafOf(old).key);
    }
    // Until the replacements are out, it stays trusted.
    expect(after.deviceRoots).toBe(before.deviceRoots);
    expect(leafOf(after.server)).toEqual(leafOf(before.server));
  });

  test("the status says what is to be replaced, in which order, and asks for attention", async () => {
    const file = fleet.fleet.path("export.json");
    writeFileSync(file, await fleet.fleet.exportText());
    const { code, out } = await runCli(
      ["rotation", "status", "--json", "--state", file],
      { now: minutes(6) },
    );
    expect(code).toBe(1);
    const { authorities } = JSON.parse(out) as {
      authorities: {
        name: string;
        urgent: boolean;
        compromised: Record<string, { name: string; count: number }[]>;
      }[];
    };
    const root = authorities.find(({ name }) => name === "device-root");
    expect(root?.urgent).toBe(true);
    expect(
      root?.compromised["2026a"]?.map(({ name, count }) => [name, count]),
    ).toEqual([
      ["device-ca-certificate", 1],
      ["devices-demo", 3],
      ["device-root 2026a", 0],
    ]);
    expect(
      authorities.filter(({ urgent }) => urgent).map(({ name }) => name),
    ).toEqual(["device-root"]);
  });

  test.each(
    few([
      ["active", { "2026a": "active", "2027a": "retiring" }, /\(I2\)/],
      ["retiring", { "2026a": "retiring", "2027a": "active" }, /\(I2\)/],
      ["staged", { "2026a": "staged", "2027a": "active" }, /\(I2\)/],
      ["nothing", { "2027a": "active" }, /2026a" is compromised and .*\(I9\)/],
    ] as const),
  )("it does not become %s", async (_state, states, reason) => {
    fleet.write("deviceRoot", states);
    expect(await fleet.refusal(minutes(7))).toMatch(reason);
  });

  test("it does not become retired as long as its certificates are out (I4)", async () => {
    fleet.write("deviceRoot", { "2026a": "retired", "2027a": "active" });
    expect(await fleet.refusal(minutes(7))).toMatch(
      /"2026a" of device-root would leave the trust bundle, and 3 certificates chain to it: devices-demo .*\(I4\)/,
    );
  });

  test("it becomes retired with I4 acknowledged, and nothing brings it back", async () => {
    fleet
      .write("deviceRoot", { "2026a": "retired", "2027a": "active" })
      .acknowledge("deviceRoot", minutes(8), "I4");
    const { deviceRoots } = fleet.holdings();
    const update = await fleet.update(minutes(8));
    expect(texts(update)).toContain(
      "device-root · 2026a compromised → retired",
    );
    expect(actions(update)).toContain("delete PrivateKey device-root-key");
    expect(splitPem(deviceRoots)).toHaveLength(2);
    expect(splitPem(fleet.holdings().deviceRoots)).toHaveLength(1);
    for (const states of few<Record<string, string>>([
      { "2026a": "retiring", "2027a": "active" },
      { "2026a": "active", "2027a": "retiring" },
      COMPROMISED,
    ])) {
      fleet.write("deviceRoot", states);
      expect(await fleet.refusal(minutes(9))).toMatch(/\(I[29]\)/);
    }
  });
});

describe("an intermediate whose key became known", () => {
  const fleet = new RotationFleet(3);

  beforeAll(async () => {
    fleet.write("deviceCA", { "2026a": "active" });
    await fleet.update(fleet.day(0));
    fleet.write("deviceCA", { "2026a": "active", "2027a": "staged" });
    await fleet.update(fleet.day(1));
  });

  afterAll(() => {
    fleet.remove();
  });

  test("every device gets another certificate for its old key, at once and in that update", async () => {
    const before = fleet.holdings();
    fleet.write("deviceCA", { "2026a": "compromised", "2027a": "active" });
    const update = await fleet.update(fleet.day(1));
    expect(actions(update)).toEqual([
      "update CertificateAuthority device-ca-authority",
      "update DeviceBatch devices-demo",
      "update Secret devices-demo-secret-0",
    ]);
    const after = fleet.holdings();
    for (const id of fleet.devices) {
      const [old, young] = [before, after].map(({ devices }) =>
        leafOf(required(devices, id)),
      );
      expect(young?.serialNumber).not.toBe(old?.serialNumber);
      expect(young?.key).toBe(old?.key);
    }
    const inventory = readInventory(
      fleet.fleet.rendered("devices", "inventory.csv"),
    );
    expect(Object.keys(inventory)).toEqual(fleet.devices);
    expect(after.deviceRoots).toBe(before.deviceRoots);
  });
});

describe("a root that is renewed, given up and rotated", () => {
  const fleet = new RotationFleet(1);
  // It outlives the intermediate, which is issued anew below it.
  const next = (state: string) => ({
    state,
    subject: { commonName: "serverRoot 2027b" },
    validityDays: 200,
  });

  beforeAll(async () => {
    for (const [path, value] of Object.entries(
      lifetimes("serverRoot", "serverCA", "server"),
    )) {
      fleet.fleet.configure(path, value);
    }
    fleet.write("serverRoot", { "2026a": "active" });
    await fleet.update(fleet.day(0));
    fleet.write("serverRoot", { "2026a": "active", "2027a": "staged" });
    await fleet.update(fleet.day(1));
  });

  afterAll(() => {
    fleet.remove();
  });

  async function ledger(): Promise<Record<string, unknown>> {
    const { resources } = await fleet.fleet.state();
    return (
      resources.find(({ urn }) => urn.endsWith("::server-root-authority"))
        ?.outputs ?? {}
    );
  }

  test("what was staged and given up cannot come back under its id (I9)", async () => {
    fleet.write("serverRoot", { "2026a": "active" });
    const update = await fleet.update(fleet.day(2));
    expect(actions(update)).toContain(
      "delete PrivateKey server-root-2027a-key",
    );
    for (const states of few([
      { "2026a": "active", "2027a": "staged" },
      { "2026a": "retiring", "2027a": "active" },
    ])) {
      fleet.write("serverRoot", states);
      expect(await fleet.refusal(fleet.day(3))).toMatch(
        /"2027a" left the trust bundle on .*\(I9\)/,
      );
    }
  });

  test("renewal beside a staged one keeps key, subject and key identifier; the bundle holds the newest certificate only (I11)", async () => {
    fleet.write("serverRoot", { "2026a": "active", "2027b": next("staged") });
    await fleet.update(fleet.day(3));
    const before = splitPem(fleet.holdings().serverRoots);
    const { evidence } = await ledger();
    const update = await fleet.update(fleet.day(36));
    expect(actions(update)).toContain(
      "update Certificate server-root-certificate",
    );
    const after = splitPem(fleet.holdings().serverRoots);
    expect([before.length, after.length]).toEqual([2, 2]);
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after.map((pem) => identityOf(certificateAt(pem)))).toEqual(
      before.map((pem) => identityOf(certificateAt(pem))),
    );
    // To the ledger it is no step: trust counts from the day on which it began.
    const renewed = await ledger();
    for (const id of ["2026a", "2027b"]) {
      const { firstPublished } = required(
        evidence as Record<string, { firstPublished: string }>,
        id,
      );
      expect(renewed.evidence).toMatchObject({ [id]: { firstPublished } });
    }
    expect(renewed.tombstones).not.toHaveProperty("2026a");
  });

  test("there is no way back from retirement", async () => {
    fleet.write("serverRoot", { "2026a": "retiring", "2027b": next("active") });
    await fleet.update(fleet.day(37));
    fleet
      .write("serverRoot", { "2026a": "retired", "2027b": next("active") })
      .acknowledge("serverRoot", fleet.day(38), "I4");
    await fleet.update(fleet.day(38));
    for (const [old, young] of few([
      ["active", "retiring"],
      ["retiring", "active"],
    ] as const)) {
      fleet.write("serverRoot", { "2026a": old, "2027b": next(young) });
      expect(await fleet.refusal(fleet.day(38))).toMatch(
        /"2026a" left the trust bundle on .*\(I9\)/,
      );
    }
  });
});

test("a shared root gets a second ledger, for brokers, and nothing is issued anew", async () => {
  const fleet = new RotationFleet(1, new Fleet("test/e2e/programs/sharedRoot"));
  try {
    await fleet.update(fleet.day(0));
    const before = fleet.holdings();
    fleet.write("deviceRoot", { "2026a": "active" });
    const update = await fleet.update(fleet.day(1));
    expect(actions(update)).toEqual([
      "create CertificateAuthority device-root-authority",
      "create ExistingAuthority device-root-2026a-existing",
      "create RootCA device-root",
    ]);
    const after = fleet.holdings();
    expect(after.deviceRoots).toBe(before.deviceRoots);
    expect(Object.values(after.devices).map(leafOf)).toEqual(
      Object.values(before.devices).map(leafOf),
    );
  } finally {
    fleet.remove();
  }
});
