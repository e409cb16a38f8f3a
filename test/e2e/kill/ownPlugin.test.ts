import { existsSync, readdirSync } from "node:fs";
import { Fleet } from "../../support/fleet";
import { messages } from "../../support/report";
import type { Holdings } from "./holdings";
import { holdingsOf, inventoryFaults, lostKeys, signedTwice } from "./holdings";
import { killOne, randomMoment, randomNumbers } from "./kills";
import type { KilledState } from "./killedState";
import { readState, stateChanges, unfinishedFiles } from "./killedState";
import type { Tally } from "./tally";
import { killTest } from "./tally";
import type { Turn } from "./turns";
import { Life } from "./turns";

/** Kills so many updates of a small fleet of ours, each followed by an update that must put everything right. */
async function killRepeatedly(
  count: number,
  seed: number,
  tally: Tally,
): Promise<void> {
  const random = randomNumbers(seed);
  const fleet = new Fleet("test/e2e/kill/authorityProgram");
  try {
    const life = new Life(fleet);
    for (let killed = 0; killed < count;) {
      const turn = life.next();
      const before = holdingsOf(fleet, readState(fleet));
      // Steps are short; counting them meets each sooner or later, where a clock would mostly meet the first.
      const steps = Math.ceil(random() * turn.writes);
      const moment = randomMoment(random, 150, 2500);
      const victim = await killOne(
        {
          command: turn.command,
          folder: fleet.directory,
          environment: fleet.environment({ MQTT_PKI_NOW: turn.now }),
          hasBegun: stateChanges(fleet, steps),
        },
        moment,
      );
      if (victim !== undefined) {
        killed += 1;
        tally.kills[victim] += 1;
      }
      const what = `${turn.name}, step ${steps}, ${JSON.stringify(moment)}, seed ${seed}`;
      for (const loss of await lossesOf(fleet, turn, before, tally)) {
        tally.losses.push(`${loss} (${what})`);
      }
    }
  } finally {
    fleet.remove();
  }
}

/** Finishes the update and counts what the kill has cost. */
async function lossesOf(
  fleet: Fleet,
  turn: Turn,
  before: Holdings,
  tally: Tally,
): Promise<string[]> {
  let interrupted: KilledState;
  try {
    interrupted = readState(fleet);
  } catch (error) {
    return [`the state cannot be read: ${String(error)}`];
  }
  tally.interrupted += interrupted.pending.length > 0 ? 1 : 0;
  const killed = holdingsOf(fleet, interrupted);
  const outcome = await finish(fleet, turn);
  if (outcome.code !== 0) {
    return [`the next run fails: ${outcome.text}`];
  }
  const state = readState(fleet);
  return [
    ...interrupted.pending
      .filter((name) => !outcome.warnings.includes(`"${name}"`))
      .map((name) => `${name} was under way, and nobody says so`),
    ...(state.pending.length === 0 ? [] : ["pending operations are left"]),
    ...unfinishedFiles(fleet).map((name) => `${name} is left of a write`),
    ...(turn.command === "destroy"
      ? leftovers(fleet, state)
      : await lossesOfUpdate(fleet, turn, before, killed, state)),
  ];
}

async function lossesOfUpdate(
  fleet: Fleet,
  turn: Turn,
  before: Holdings,
  killed: Holdings,
  state: KilledState,
): Promise<string[]> {
  const after = holdingsOf(fleet, state);
  const { code, stdout } = await fleet.tryPreview({
    now: new Date(turn.now),
    args: ["--expect-no-changes"],
  });
  return [
    ...after.faults,
    ...inventoryFaults(fleet, after),
    // No key is ever replaced in this life.
    ...lostKeys(before, after),
    ...lostKeys(killed, after),
    ...signedTwice(before, killed, after),
    ...(turn.renews ? [] : signedTwice(undefined, before, after)),
    ...(code === 0 ? [] : [`the next preview shows changes: ${stdout}`]),
  ];
}

function leftovers(fleet: Fleet, { resources }: KilledState): string[] {
  const files = ["devices", "1-manifest"]
    .map((name) => fleet.path("rendered", name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder));
  return [
    ...resources.map(({ urn }) => `${urn} is left after the destruction`),
    ...files.map((name) => `${name} is left after the destruction`),
  ];
}

/** Runs the interrupted command to its end. */
async function finish(
  fleet: Fleet,
  { command, now }: Turn,
): Promise<{ code: number; text: string; warnings: string }> {
  const outcome = await fleet.tryRun(command, { now: new Date(now) });
  return {
    code: outcome.code,
    text: outcome.stdout + outcome.stderr,
    warnings: messages(outcome, "warning").join("\n"),
  };
}

killTest("of our own plugin", killRepeatedly);
