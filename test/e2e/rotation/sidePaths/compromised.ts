import { writeFileSync } from "node:fs";
import { runCli } from "../../../cli/support/run";
import { splitPem } from "../../../support/certificates";
import type { Report } from "../../../support/report";
import { actions, messages } from "../../../support/report";
import { readInventory, required } from "../../../support/rendered";
import type { Credentials } from "../../../support/rotationFleet";
import { RotationFleet } from "../../../support/rotationFleet";
import { leafOf } from "./leaf";

function texts({ diagnostics }: Report): string {
  return diagnostics.map(({ message }) => message).join("\n");
}

/** With a successor that brokers cannot know yet. */
export function compromisedRoot(): void {
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
        "update BundlePublication device-roots-publication",
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

    test.each([
      ["active", { "2026a": "active", "2027a": "retiring" }, /\(I2\)/],
      ["retiring", { "2026a": "retiring", "2027a": "active" }, /\(I2\)/],
      ["staged", { "2026a": "staged", "2027a": "active" }, /\(I2\)/],
      ["nothing", { "2027a": "active" }, /2026a" is compromised and .*\(I9\)/],
    ] as const)("it does not become %s", async (_state, states, reason) => {
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
      for (const states of [
        { "2026a": "retiring", "2027a": "active" },
        { "2026a": "active", "2027a": "retiring" },
        COMPROMISED,
      ]) {
        fleet.write("deviceRoot", states);
        expect(await fleet.refusal(minutes(9))).toMatch(/\(I[29]\)/);
      }
    });
  });
}

/** The leaves below it get other certificates, not only other chains. */
export function compromisedIntermediate(): void {
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

    test("a new root above it certifies its successor alone, and both old ones go in one update, as the emergency runbook says", async () => {
      const old = fleet.holdings();
      fleet.write("deviceRoot", { "2026a": "active", "2027a": "staged" });
      await fleet.update(fleet.day(2));
      fleet.write("deviceRoot", { "2026a": "retiring", "2027a": "active" });
      const activation = actions(await fleet.update(fleet.day(3)));
      expect(activation).toContain(
        "update Certificate device-ca-2027a-certificate",
      );
      expect(activation).not.toContain(
        "update Certificate device-ca-certificate",
      );
      const retired = { "2026a": "retired", "2027a": "active" };
      fleet
        .write("deviceRoot", retired)
        .write("deviceCA", retired)
        .acknowledge("deviceRoot", fleet.day(4), "I4");
      const retirement = actions(await fleet.update(fleet.day(4)));
      expect(retirement).toEqual(
        expect.arrayContaining([
          "delete PrivateKey device-ca-key",
          "delete PrivateKey device-root-key",
        ]),
      );
      const { deviceRoots } = fleet.holdings();
      expect(splitPem(deviceRoots)).toHaveLength(1);
      expect(old.deviceRoots).not.toContain(deviceRoots.trim());
    });
  });
}
