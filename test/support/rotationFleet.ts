import { readFileSync } from "node:fs";
import { Fleet } from "./fleet";
import type { Outcome, Report } from "./report";
import { messages } from "./report";
import { readObject, required } from "./rendered";

const DAY = 86_400_000;

/** How many days of the past a rotation may take: every certificate of it is valid today, for TLS stacks that know no other clock. */
export const DAYS = 60;

/** The CAs of the demo fleet, by their names in its configuration. */
export type AuthorityName =
  "serverRoot" | "serverCA" | "deviceRoot" | "deviceCA";

/** A generation as the configuration has it; a state alone is the original key, or gets a subject of its own. */
export type GenerationSetting =
  string | { readonly state: string; readonly [name: string]: unknown };

/** A certificate's chain and key, PEM. */
export interface Credentials {
  readonly chain: string;
  readonly key: string;
}

/** All that an update has given to brokers and devices. */
export interface Holdings {
  /** What the broker shows. */
  readonly server: Credentials;
  /** What devices know the broker by, PEM. */
  readonly serverRoots: string;
  /** What the broker knows devices by, PEM. */
  readonly deviceRoots: string;
  /** What each device shows, by its id. */
  readonly devices: Readonly<Record<string, Credentials>>;
}

/** The demo fleet, whose CAs are rotated one update after another on a clock of its own. */
export class RotationFleet {
  readonly fleet: Fleet;
  readonly devices: readonly string[];
  private readonly started = Math.floor(Date.now() / 1000) * 1000 - DAYS * DAY;

  /** @param devices how many */
  constructor(devices: number, fleet = new Fleet()) {
    this.fleet = fleet;
    this.devices = Array.from(
      { length: devices },
      (_, index) => `meter-${String(index + 1).padStart(3, "0")}`,
    );
    fleet
      .editManifest(() =>
        [
          "id,serialNumber",
          ...this.devices.map((id) => `${id},${id}`),
          "",
        ].join("\n"),
      )
      .configure("mqtt-pki:allowClockOverride", true);
  }

  /** A moment that many days after the fleet's beginning. */
  day(days: number): Date {
    return new Date(this.started + days * DAY);
  }

  /** The states of a CA's generations. The first id ever used should be `2026a`, which stands for the original key. */
  write(
    authority: AuthorityName,
    generations: Readonly<Record<string, GenerationSetting>>,
  ): this {
    this.fleet.configure(
      `${authority}.generations`,
      Object.fromEntries(
        Object.entries(generations).map(([id, setting]) => [
          id,
          typeof setting !== "string"
            ? setting
            : id === "2026a"
              ? { state: setting }
              : {
                  state: setting,
                  subject: { commonName: `${authority} ${id}` },
                },
        ]),
      ),
    );
    return this;
  }

  /** Acknowledges a rule for a CA for a month; no rule takes the acknowledgements away. */
  acknowledge(authority: AuthorityName, at: Date, rule?: string): this {
    const until = new Date(at.getTime() + 30 * DAY).toISOString().slice(0, 10);
    this.fleet.configure(
      `${authority}.acknowledge`,
      rule === undefined
        ? undefined
        : [{ rule, reason: "all replaced, as this test has seen to", until }],
    );
    return this;
  }

  /** Updates the stack; fails the test where that fails. */
  async update(at: Date): Promise<Report> {
    return this.fleet.up({ now: at });
  }

  async preview(at: Date): Promise<Outcome> {
    return this.fleet.tryPreview({ now: at });
  }

  /** Why a preview refuses the code as it stands; fails the test where it does not. */
  async refusal(at: Date): Promise<string> {
    const outcome = await this.preview(at);
    if (outcome.code === 0) {
      throw new Error("the preview refuses nothing");
    }
    return messages(outcome).join("\n");
  }

  /** What everybody has now. */
  holdings(): Holdings {
    const secret = this.object("secret", "tb-mqtts");
    const device = (id: string, name: string) =>
      readFileSync(this.fleet.rendered("devices", id, name), "utf8");
    return {
      server: {
        chain: required(secret, "tls.crt"),
        key: required(secret, "tls.key"),
      },
      serverRoots: required(secret, "ca.crt"),
      deviceRoots: required(
        this.object("configmap", "mqtt-device-ca-bundle"),
        "ca-bundle.pem",
      ),
      devices: Object.fromEntries(
        this.devices.map((id) => [
          id,
          { chain: device(id, "chain.pem"), key: device(id, "key.pem") },
        ]),
      ),
    };
  }

  remove(): void {
    this.fleet.remove();
  }

  private object(kind: string, name: string): Record<string, string> {
    return readObject(
      this.fleet.rendered("1-manifest", `v1-${kind}-thingsboard-${name}.yaml`),
    ).data;
  }
}
