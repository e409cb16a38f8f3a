import type { Fleet } from "../../support/fleet";

const DAY = 86_400_000;
const COLUMNS = "id,serialNumber";

/** One update of the fleet: what it does to the program, and when it happens. */
export interface Turn {
  name: string;
  command: "up" | "destroy";
  /** What the clock of certificates says, as a date of ISO 8601. */
  now: string;
  /** Whether certificates that are there may be issued anew. */
  renews: boolean;
  /** About how often it writes the state. */
  writes: number;
}

/**
 * The life of a fleet, again and again: made, grown, renewed, grown, renewed
 * and destroyed.
 */
export class Life {
  private readonly start = new Date();
  private devices = 0;
  private turn = 0;

  constructor(private readonly fleet: Fleet) {
    fleet.configure("mqtt-pki:allowClockOverride", true);
  }

  /** Changes the program for the next turn. */
  next(): Turn {
    const turns = [
      this.growing("create", 0, 24),
      this.growing("add devices", 1, 5),
      this.renewing(290),
      this.growing("add devices after a renewal", 291, 5),
      this.renewing(580),
      {
        name: "destroy",
        command: "destroy",
        day: 581,
        renews: false,
        writes: 10,
      },
    ] as const;
    const turn = turns[this.turn % turns.length] ?? turns[0];
    this.turn += 1;
    if (turn.name === "create") {
      this.devices = 0;
    }
    if ("grows" in turn) {
      this.grow();
    }
    const { name, command, renews, day, writes } = turn;
    const now = new Date(this.start.getTime() + day * DAY).toISOString();
    return { name, command, renews, now, writes };
  }

  private growing(name: string, day: number, writes: number) {
    return {
      name,
      command: "up",
      day,
      renews: false,
      grows: true,
      writes,
    } as const;
  }

  private renewing(day: number) {
    return {
      name: "renew",
      command: "up",
      day,
      renews: true,
      writes: 5,
    } as const;
  }

  /** More devices, and another name for the server, so that its certificate is issued anew. */
  private grow(): void {
    this.devices += 4;
    const rows = Array.from(
      { length: this.devices },
      (_, index) => `meter-${index},M${index}`,
    );
    this.fleet
      .editManifest(() => [COLUMNS, ...rows, ""].join("\n"))
      .configure("server.dnsNames", [`mqtt${this.devices}.example.com`]);
  }
}
