import { setTimeout as pause } from "node:timers/promises";
import type { Moment } from "./bundleProof";
import { lookAt } from "./bundleProof";
import { withPlugin } from "./killed";
import type { PluginOptions } from "./plugin";
import type { Properties } from "./wire";

/** Kills asked for; the whole form takes batches of 100,000 devices as well. */
export const ASKED = Number(process.env.MQTT_PKI_KILLS ?? 0);

/** What the kills of a test met. */
export interface Met {
  kills: number;
  /** Runs that came to their end. */
  ended: number;
  /** Kills that left files without a name. */
  withPartial: number;
  /** Kills between the record of a bundle and its name. */
  unnamed: number;
  /** Kills in the middle of a transaction. */
  inTransaction: number;
  /** Kills after which some bundles were recorded, and not all. */
  halfway: number;
  faults: string[];
}

/** Nothing yet. */
export function newMet(): Met {
  return {
    kills: 0,
    ended: 0,
    withPartial: 0,
    unnamed: 0,
    inTransaction: 0,
    halfway: 0,
    faults: [],
  };
}

/** A batch that an engine creates or updates, whatever happened to the runs before. */
export interface Victim {
  readonly urn: string;
  readonly output: string;
  readonly options: PluginOptions;
  /** As the program gives them. */
  readonly asked: Properties;
  /** Of the last update that came to its end: inputs and outputs; none before the first. */
  readonly last?: { readonly inputs: Properties; readonly outs: Properties };
}

/** What a run that came to its end leaves in the state. */
export interface Ended {
  readonly inputs: Properties;
  readonly outs: Properties;
}

/**
 * Runs the create or update of a batch and kills the plugin in the middle of
 * it; nothing where the kill came first.
 *
 * @param delay milliseconds; without it, it may end
 */
export async function runOnce(
  { urn, options, asked, last }: Victim,
  delay?: number,
): Promise<Ended | undefined> {
  return withPlugin(options, async (plugin) => {
    const olds = last?.inputs ?? {};
    const { inputs, failures } = await plugin.checkInputs(urn, asked, olds);
    expect(failures).toEqual([]);
    if (last !== undefined) {
      await plugin.diff(urn, last.outs, inputs);
    }
    const run: Promise<Ended> =
      last === undefined
        ? plugin.create(urn, inputs).then(({ outs }) => ({ inputs, outs }))
        : plugin.update(urn, last.outs, inputs).then((outs) => ({
            inputs,
            outs,
          }));
    if (delay === undefined) {
      return run;
    }
    const killed = pause(delay).then(() => undefined);
    // Whoever is killed answers that the connection is gone.
    run.catch(() => undefined);
    return Promise.race([run, killed]);
  });
}

/**
 * Kills a batch's runs again and again until one of them ends, or enough were
 * killed; looks at what is there after each kill.
 *
 * @param span milliseconds; every moment up to it is as likely
 */
export async function killUntilDone(
  victim: Victim,
  { enough, span, random }: Killing,
  met: Met,
  all: number,
): Promise<Ended> {
  let before: Moment | undefined;
  while (met.kills < enough) {
    const ended = await runOnce(victim, random() * span);
    if (ended !== undefined) {
      met.ended += 1;
      return ended;
    }
    met.kills += 1;
    const moment = lookAt(victim.output, before);
    const bundles = [...moment.recorded.keys()].filter((name) =>
      name.startsWith("bundle "),
    ).length;
    met.withPartial += moment.partial > 0 ? 1 : 0;
    met.unnamed += moment.unnamed > 0 ? 1 : 0;
    met.inTransaction += moment.inTransaction ? 1 : 0;
    met.halfway += bundles > 0 && bundles < all ? 1 : 0;
    met.faults.push(...moment.faults);
    before = moment;
  }
  const ended = await runOnce(victim);
  if (ended === undefined) {
    throw new Error("a run without a kill ends");
  }
  met.ended += 1;
  met.faults.push(...lookAt(victim.output, before).faults);
  return ended;
}

/** When to kill. */
export interface Killing {
  /** How many kills there are to be. */
  readonly enough: number;
  readonly span: number;
  /** From 0 to 1. */
  readonly random: () => number;
}
