import { splitPem } from "../../../support/certificates";
import type { OpenSsl } from "../../../pki/support/openssl";
import type { Checks, Outside } from "./outside";
import type { Holdings, PlayedFleet } from "./playedFleet";

/** After which steps a device with the firmware of day 0 cannot verify the broker any more. */
const OLD_FIRMWARE_FAILS = [
  "03-activate",
  "05-activate-again",
  "08-daily-update",
  "09-retire",
  "10-clean-up",
];

/**
 * Devices with the bundle of day 0, and devices with the one of each update, by
 * OpenSSL at the step's own moment: a rotation over a year cannot be seen by a
 * broker and a device of today.
 */
export class Firmware implements Outside {
  private first!: Holdings;

  constructor(
    private readonly fleet: PlayedFleet,
    private readonly checks: Checks,
    private readonly openssl: OpenSsl,
  ) {}

  async begin(): Promise<void> {
    this.first = this.fleet.holdings();
    return Promise.resolve();
  }

  async after(step: string, at: Date): Promise<void> {
    const { server, serverRoots } = this.fleet.holdings();
    const verdicts = [this.first.serverRoots, serverRoots].map(
      (bundle) =>
        this.openssl.refusal({
          chain: splitPem(server.chain),
          anchors: splitPem(bundle),
          at,
          args: ["-purpose", "sslserver"],
        }) === "",
    );
    this.checks.equal(`${step}: [old firmware, new firmware] go on`, verdicts, [
      !OLD_FIRMWARE_FAILS.includes(step),
      true,
    ]);
    this.checks.equal(
      `${step}: roots in the bundle`,
      splitPem(serverRoots).length,
      step >= "09" ? 1 : 2,
    );
    return Promise.resolve();
  }

  async end(): Promise<void> {
    return Promise.resolve();
  }
}
