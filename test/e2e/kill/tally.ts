import { availableParallelism } from "node:os";
import type { Victim } from "./kills";

/** How many kills are asked for, over both tests. */
const ALL = Number(process.env.MQTT_PKI_KILLS ?? 16);
/** What the first of all random numbers comes from. */
export const SEED = Number(
  process.env.MQTT_PKI_KILL_SEED ?? Date.now() % 1_000_000,
);
const SECONDS_PER_KILL = 60;

/** What a kill test has come to so far. */
export interface Tally {
  kills: Record<Victim, number>;
  /** How many left a note of an operation under way. */
  interrupted: number;
  losses: string[];
}

/** Kills again and again in one place of its own, and counts. */
export type Lane = (count: number, seed: number, tally: Tally) => Promise<void>;

/** A test of half of the kills asked for, in as many places at a time as there are cores. */
export function killTest(title: string, lane: Lane): void {
  const count = Math.ceil(ALL / 2);
  test(
    `${count} kills ${title} lose nothing`,
    async () => {
      const tally: Tally = {
        kills: { engine: 0, program: 0, plugin: 0 },
        interrupted: 0,
        losses: [],
      };
      const lanes = Math.min(count, availableParallelism());
      await Promise.all(
        Array.from({ length: lanes }, (_, index) =>
          lane(Math.floor((count + index) / lanes), SEED + index, tally),
        ),
      );
      const { engine, program, plugin } = tally.kills;
      const killed = engine + program + plugin;
      process.stdout.write(
        `kill test ${title}: seed ${SEED}, ${killed} kills (engine ${engine}, program ${program}, plugin ${plugin}), ` +
          `${tally.interrupted} of them in the middle of an operation; losses: ${tally.losses.length}\n`,
      );
      expect(tally.losses).toEqual([]);
      expect(killed).toBe(count);
    },
    count * SECONDS_PER_KILL * 1000,
  );
}
