import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { RotationFleet } from "../../../support/rotationFleet";
import type { Phase, Step } from "./steps";
import { DAY_OF, OLD, PHASES, ROTATED, STATES } from "./steps";

/** Enough for a chain to change in one file after the other. */
const DEVICES = 3;

/** A fleet as it is before each phase, to be had again and again. */
export class Snapshots {
  private readonly folder = mkdtempSync(join(tmpdir(), "mqtt-pki-crash-"));
  private readonly moments = new Map<Phase, Date>();

  /** Brings a fleet through a whole rotation of all three CAs, and keeps what is there before each phase. */
  async make(): Promise<void> {
    const rotation = newFleet();
    try {
      for (const authority of ROTATED) {
        rotation.write(authority, { [OLD]: "active" });
      }
      await rotation.update(rotation.day(0));
      for (const phase of PHASES) {
        const at = rotation.day(DAY_OF[phase]);
        this.moments.set(phase, at);
        copy(dirname(rotation.fleet.directory), join(this.folder, phase));
        if (phase !== PHASES.at(-1)) {
          ROTATED.forEach((authority) =>
            rotation.write(authority, STATES[phase]),
          );
          await rotation.update(at);
        }
      }
    } finally {
      rotation.remove();
    }
  }

  /** Makes of a fleet the one before a phase, and writes the code of the step; when the step is. */
  restore(rotation: RotationFleet, { phase, authority }: Step): Date {
    const at = this.momentOf(phase);
    rotation.remove();
    copy(join(this.folder, phase), dirname(rotation.fleet.directory));
    rotation.write(authority, STATES[phase]);
    if (phase === "D retire") {
      // The certificates of before are valid for a year; here everybody has the next ones.
      rotation.acknowledge(authority, at, "I4");
    }
    return at;
  }

  momentOf(phase: Phase): Date {
    const at = this.moments.get(phase);
    if (at === undefined) {
      throw new Error(`there is no snapshot before ${phase}`);
    }
    return at;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A fleet to restore snapshots into. */
export function newFleet(): RotationFleet {
  return new RotationFleet(DEVICES);
}

function copy(from: string, to: string): void {
  // Links as they are: a relative one would else become an absolute one.
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}
