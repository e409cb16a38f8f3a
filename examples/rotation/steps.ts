import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** The rotations one can play, in the order in which to learn them. */
export const RUNBOOKS = [
  "server-intermediate",
  "server-root",
  "device-ca-mosquitto",
  "device-ca-thingsboard",
  "device-ca-cumulocity",
  "emergency",
] as const;

/** One of {@link RUNBOOKS}. */
export type RunbookName = (typeof RUNBOOKS)[number];

/** One pull request of a rotation. */
export interface Step {
  /** Name of its file: `01-stage`. */
  readonly id: string;
  readonly subject: string;
  /** Days after the first update, and the time of that day: `1 00:05`. */
  readonly day: string;
  /** The rule that refuses it, such as `I3`; left out where it is allowed. */
  readonly refusedBy?: string;
  /** What it does, for whoever reviews it. */
  readonly what: string;
  /** What to do outside of the stack afterwards. */
  readonly outside: string;
  /** The unified diff of `Pulumi.dev.yaml`; empty for an update without a change. */
  readonly change: string;
}

/** The pull requests of a rotation, in their order. */
export function readSteps(runbook: RunbookName): Step[] {
  const folder = join(__dirname, runbook);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".diff"))
    .sort()
    .map((name) =>
      parseStep(
        name.replace(/\.diff$/, ""),
        readFileSync(join(folder, name), "utf8"),
      ),
    );
}

/**
 * Reads a file with a pull request: header lines, what it does and what to do
 * outside, and the diff.
 *
 * @throws Error where a header is missing
 */
export function parseStep(id: string, text: string): Step {
  const start = text.search(/^--- a\//m);
  const [head, change] =
    start < 0 ? [text, ""] : [text.slice(0, start), text.slice(start)];
  const [headers = "", ...paragraphs] = head.trim().split(/\n\n+/);
  const header = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, "m").exec(headers)?.[1];
    if (value === undefined) {
      throw new Error(`${id}: there is no line "${name}: …"`);
    }
    return value;
  };
  const expect = header("Expect");
  const refusedBy = /^refused (I\d+)$/.exec(expect)?.[1];
  if (expect !== "allowed" && refusedBy === undefined) {
    throw new Error(`${id}: Expect is "allowed" or "refused" with a rule`);
  }
  const outside = paragraphs.find((text) => text.startsWith("Outside: "));
  const day = header("Day");
  offsetOf(day);
  return {
    id,
    subject: header("Subject"),
    day,
    ...(refusedBy !== undefined && { refusedBy }),
    what: paragraphs.filter((text) => text !== outside).join("\n\n"),
    outside: outside?.replace("Outside: ", "") ?? "nothing.",
    change,
  };
}

/** The moment of a step's update, for a fleet that began at a moment. */
export function momentOf({ day }: Pick<Step, "day">, started: Date): Date {
  return new Date(started.getTime() + offsetOf(day));
}

/**
 * The diff with dates: nobody can know beforehand which day an acknowledgement
 * ends, so it says `<day 32>`.
 */
export function datedChange({ change }: Step, started: Date): string {
  return change.replace(/<day (\d+)>/g, (_text, days: string) =>
    new Date(started.getTime() + Number(days) * DAY).toISOString().slice(0, 10),
  );
}

/** In milliseconds. */
function offsetOf(day: string): number {
  const [, days, hours = "0", minutes = "0"] =
    /^(\d+)(?: (\d\d):(\d\d))?$/.exec(day) ?? [];
  if (days === undefined) {
    throw new Error(`"${day}" is no day; write 8, or "8 00:20"`);
  }
  return Number(days) * DAY + (Number(hours) * 60 + Number(minutes)) * MINUTE;
}
