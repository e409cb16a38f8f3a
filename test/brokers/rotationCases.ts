import { required } from "../support/rendered";
import type { Bench } from "./bench";
import type { BrokerCase } from "./cases";
import { DEVICE, REVOKED_LATER } from "./stack";

/** What a broker does when what it has mounted changes; one after another, on the same process unless a hint says otherwise. */
export const ROTATION_CASES: readonly BrokerCase[] = [
  {
    name: "another server certificate",
    body: async (bench, whole) => {
      const { second } = bench.updates;
      const session = await bench.open(bench.device(DEVICE));
      bench.mount("certificate", second);
      const done = await bench.takeUp(
        "certificate",
        () => bench.shows(second),
        whole,
      );
      // What the hint promises of open connections.
      expect(session.lives).toBe(bench.driver.sessionsOutliveReload);
      await session.end();
      return done;
    },
  },
  {
    name: "a device revoked later",
    skip: ({ refusals }) =>
      refusals.revoked === undefined
        ? "gets no revocation list here"
        : undefined,
    body: async (bench, whole) => {
      const device = bench.device(REVOKED_LATER);
      expect(await bench.verdict(device)).toBe("connack 0");
      bench.mount("crl", bench.updates.second);
      const done = await bench.takeUp(
        "crl",
        async () => (await bench.verdict(device)) !== "connack 0",
        whole,
      );
      await bench.refuses(bench.refusal("revoked"), device);
      return done;
    },
  },
  {
    name: "a second device root",
    body: async (bench, whole) => {
      const { second } = bench.updates;
      expect(await bench.verdict(next(bench))).not.toBe("connack 0");
      bench.mount("trust", second);
      const done = await bench.takeUp(
        "trust",
        async () => (await bench.verdict(next(bench))) === "connack 0",
        whole,
      );
      expect(await bench.verdict(bench.device(DEVICE))).toBe("connack 0");
      return done;
    },
  },
  {
    name: "the first device root goes",
    body: async (bench, whole) => {
      bench.mount("trust", bench.updates.third);
      const done = await bench.takeUp(
        "trust",
        async () => (await bench.verdict(bench.device(DEVICE))) !== "connack 0",
        whole,
      );
      await bench.refuses(
        bench.driver.refusals.foreignAuthority,
        bench.device(DEVICE),
      );
      expect(await bench.verdict(next(bench))).toBe("connack 0");
      return done;
    },
  },
];

/** The same device with a certificate of the next root. */
function next(bench: Bench): ReturnType<Bench["device"]> {
  return bench.client(
    DEVICE,
    required(bench.updates.second.nextDevices, DEVICE),
  );
}
