import {
  certificateAt,
  identityOf,
  splitPem,
} from "../../../support/certificates";
import { actions } from "../../../support/report";
import { required } from "../../../support/rendered";
import { RotationFleet } from "../../../support/rotationFleet";
import { lifetimes } from "../matrix/renewals";

/** Beside a successor, and with one that never signed. */
export function renewedRoot(): void {
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
      for (const states of [
        { "2026a": "active", "2027a": "staged" },
        { "2026a": "retiring", "2027a": "active" },
      ]) {
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
      fleet.write("serverRoot", {
        "2026a": "retiring",
        "2027b": next("active"),
      });
      await fleet.update(fleet.day(37));
      fleet
        .write("serverRoot", { "2026a": "retired", "2027b": next("active") })
        .acknowledge("serverRoot", fleet.day(38), "I4");
      await fleet.update(fleet.day(38));
      for (const [old, young] of [
        ["active", "retiring"],
        ["retiring", "active"],
      ] as const) {
        fleet.write("serverRoot", { "2026a": old, "2027b": next(young) });
        expect(await fleet.refusal(fleet.day(38))).toMatch(
          /"2026a" left the trust bundle on .*\(I9\)/,
        );
      }
    });
  });
}
