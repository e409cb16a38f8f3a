import type { Connection } from "../../../support/platforms/thingsBoard";
import { ThingsBoard } from "../../../support/platforms/thingsBoard";
import type { Checks, Outside } from "./outside";
import type { Holdings, PlayedFleet } from "./playedFleet";

/** The rendered device profile and chains against what ThingsBoard looks up. */
export class DeviceCaOfThingsBoard implements Outside {
  private readonly platform = new ThingsBoard();
  private first!: Holdings;
  private profile = "";

  constructor(
    private readonly fleet: PlayedFleet,
    private readonly checks: Checks,
  ) {}

  async begin(): Promise<void> {
    this.first = this.fleet.holdings();
    this.profile = await this.fleet.output("deviceProfile");
    this.platform.saveProfile(this.profile);
    const at = new Date((await this.started()).getTime() + 1000);
    this.comes("a device on day 0", this.first, at, "new");
  }

  async after(step: string, at: Date): Promise<void> {
    const now = this.fleet.holdings();
    const profile = await this.fleet.output("deviceProfile");
    this.checks.equal(
      `${step}: the profile is another one`,
      profile !== this.profile,
      step === "05-activate-root",
    );
    if (step === "02-activate-intermediate") {
      this.comes("the old certificate", this.first, at, "credentials");
      this.comes("the new certificate", now, at, "profile");
      this.comes("the new certificate again", now, at, "credentials");
      this.comesForTheFirstTime("an old device", this.first, at, "new");
      this.comesForTheFirstTime("a new device", now, at, "new");
    }
    if (step === "05-activate-root") {
      this.activateRoot(now, profile, at);
    }
    this.comes(`${step}: a device`, now, at, "credentials");
    this.profile = profile;
    return Promise.resolve();
  }

  async end(): Promise<void> {
    return Promise.resolve();
  }

  private activateRoot(now: Holdings, profile: string, at: Date): void {
    this.comes("profile not updated: known", now, at, "credentials");
    this.platform.forget(now.device.id);
    this.comes("profile not updated: never seen", now, at, "refused");
    this.checks.equal(
      "the same certificate in a second profile",
      this.messageOf(this.profile.replace("mqtt-x509", "another")),
      "Device profile with such certificate already exists!",
    );
    this.platform.saveProfile(profile);
    this.comes(
      "profile updated: never seen, old chain",
      this.first,
      at,
      "refused",
    );
    this.comes("profile updated: never seen, new chain", now, at, "new");
  }

  private comesForTheFirstTime(
    what: string,
    holdings: Holdings,
    at: Date,
    expected: string,
  ): void {
    this.platform.forget(holdings.device.id);
    this.comes(`${what} for the first time`, holdings, at, expected);
  }

  private comes(
    what: string,
    { device }: Holdings,
    at: Date,
    expected: string,
  ): void {
    const connection: Connection = this.platform.connect(device.chain, at);
    this.checks.equal(
      what,
      connection.accepted ? connection.by : "refused",
      expected,
    );
  }

  private messageOf(body: string): string {
    try {
      this.platform.saveProfile(body);
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private started(): Promise<Date> {
    const position = this.fleet.player.playground.position();
    return Promise.resolve(new Date(position?.started ?? 0));
  }
}
