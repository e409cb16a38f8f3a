import { Fleet } from "../../../support/fleet";
import type { Report } from "../../../support/report";
import type { Holdings } from "../../../support/rotationFleet";
import { RotationFleet } from "../../../support/rotationFleet";
import type { Rotation, Step } from "./rotation";

/** What an update gave out, and what it said. */
export interface Driven {
  readonly holdings: Holdings;
  readonly said: string;
}

/** Makes every update of a rotation, on a fleet of its own; by the names of its steps. */
export async function drive(
  rotation: Rotation,
): Promise<Readonly<Record<string, Driven>>> {
  const fleet = new RotationFleet(1, new Fleet(rotation.program));
  const driven: Record<string, Driven> = {};
  try {
    for (const step of rotation.steps) {
      const at = fleet.day(step.day);
      prepare(fleet, step, at);
      const report = await fleet.update(at);
      driven[step.name] = {
        holdings: fleet.holdings(),
        said: textOf(report),
      };
    }
    return driven;
  } finally {
    fleet.remove();
  }
}

function prepare(fleet: RotationFleet, step: Step, at: Date): void {
  for (const [path, value] of Object.entries(step.configure ?? {})) {
    fleet.fleet.configure(path, value);
  }
  for (const [authority, states] of Object.entries(step.write ?? {})) {
    fleet.write(authority as keyof NonNullable<Step["write"]>, states);
  }
  if (step.acknowledge !== undefined) {
    fleet.acknowledge(step.acknowledge, at, "I4");
  }
}

function textOf({ diagnostics }: Report): string {
  return diagnostics.map(({ message }) => message).join("\n");
}
