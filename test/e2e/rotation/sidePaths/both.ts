import {
  certificateAt,
  identityOf,
  splitPem,
} from "../../../support/certificates";
import { actions } from "../../../support/report";
import { RotationFleet } from "../../../support/rotationFleet";
import { lifetimes } from "../matrix/renewals";
import { leafOf } from "./leaf";

/**
 * One of each kind in as few updates as possible: the root of the servers gives
 * a successor up and is renewed while the key of the devices' root is known.
 */
export function bothRoots(): void {
  describe("two roots, each on a side path, in the same updates", () => {
    const fleet = new RotationFleet(1);
    const COMPROMISED = { "2026a": "compromised", "2027a": "active" };

    beforeAll(async () => {
      for (const [path, value] of Object.entries(
        lifetimes("serverRoot", "serverCA", "server"),
      )) {
        fleet.fleet.configure(path, value);
      }
      await fleet.update(fleet.day(0));
      const staged = { "2026a": "active", "2027a": "staged" };
      fleet.write("serverRoot", staged).write("deviceRoot", staged);
      await fleet.update(fleet.day(1));
    });

    afterAll(() => {
      fleet.remove();
    });

    test("one gives its successor up, the other's key is known: all below is issued anew", async () => {
      const before = fleet.holdings();
      fleet
        .write("serverRoot", { "2026a": "active" })
        .write("deviceRoot", COMPROMISED);
      const update = actions(await fleet.update(fleet.day(2)));
      expect(update).toEqual(
        expect.arrayContaining([
          "delete PrivateKey server-root-2027a-key",
          "update Certificate device-ca-certificate",
          "update DeviceBatch devices-demo",
        ]),
      );
      const after = fleet.holdings();
      expect(splitPem(after.serverRoots)).toHaveLength(1);
      expect(after.deviceRoots).toBe(before.deviceRoots);
      expect(leafOf(after.server)).toEqual(leafOf(before.server));
      for (const [id, young] of Object.entries(after.devices)) {
        const old = before.devices[id] ?? young;
        expect(splitPem(young.chain)[1]).not.toBe(splitPem(old.chain)[1]);
        expect(leafOf(young).key).toBe(leafOf(old).key);
      }
    });

    test("neither the id nor the key comes back (I9, I2), as one preview says", async () => {
      fleet
        .write("serverRoot", { "2026a": "active", "2027a": "staged" })
        .write("deviceRoot", { "2026a": "active", "2027a": "retiring" });
      const refusal = await fleet.refusal(fleet.day(3));
      expect(refusal).toMatch(/"2027a" left the trust bundle on .*\(I9\)/);
      expect(refusal).toMatch(/"2026a" cannot go from compromised .*\(I2\)/);
    });

    test("one is renewed with its key, the other is retired with I4 acknowledged", async () => {
      const before = fleet.holdings();
      fleet
        .write("serverRoot", { "2026a": "active" })
        .write("deviceRoot", { ...COMPROMISED, "2026a": "retired" })
        .acknowledge("deviceRoot", fleet.day(36), "I4");
      const update = actions(await fleet.update(fleet.day(36)));
      expect(update).toEqual(
        expect.arrayContaining([
          "update Certificate server-root-certificate",
          "delete PrivateKey device-root-key",
        ]),
      );
      const after = fleet.holdings();
      expect(after.serverRoots).not.toBe(before.serverRoots);
      expect(identityOf(certificateAt(after.serverRoots))).toEqual(
        identityOf(certificateAt(before.serverRoots)),
      );
      const [, successor] = splitPem(before.deviceRoots);
      expect(splitPem(after.deviceRoots)).toEqual([successor]);
    });

    test("what is retired does not come back either", async () => {
      fleet.write("deviceRoot", COMPROMISED);
      expect(await fleet.refusal(fleet.day(36))).toMatch(
        /"2026a" left the trust bundle on .*\(I9\)/,
      );
    });
  });
}
