import type { Moment, Victim } from "../../kill/kills";
import { killOne, randomMoment, randomNumbers } from "../../kill/kills";
import { inventoryFaults, lostKeys, signedTwice } from "../../kill/holdings";
import { stateChanges, unfinishedFiles } from "../../kill/killedState";
import { tree } from "../../../support/rendered";
import { actions, messages } from "../../../support/report";
import type { RotationFleet } from "../../../support/rotationFleet";
import type { Looks, Span } from "./ledger";
import { countsTooEarly, ledgerLosses } from "./ledger";
import type { Look } from "./look";
import { lookAt, namesIn, placesOf } from "./look";
import { publicationLosses } from "./publication";
import type { Snapshots } from "./snapshots";
import type { Step } from "./steps";
import { destroyedBy, issuedBy, madeBy, writesIn } from "./steps";
import type { Judge } from "./trust";
import { mismatches } from "./trust";

/** One kill to come. */
export interface Job extends Step {
  readonly seed: number;
  /** Whether a preview looks at the end whether anything is left to do. */
  readonly preview: boolean;
}

/** What one kill has come to. */
export interface Crash extends Job {
  readonly victim: Victim;
  /** Whether an operation was under way. */
  readonly interrupted: boolean;
  /** Whether the update had done something, and not all. */
  readonly halfDone: boolean;
  /** Whether a waiting time has begun for a bundle that no file holds yet. */
  readonly early: boolean;
  /** Whether the next run has come to the end of the step. */
  readonly completed: boolean;
  readonly losses: readonly string[];
}

type Result = Omit<Crash, keyof Job | "victim">;

/** As long as a few writes of the state take. */
const DEEDS_TAKE = 60;
const START_TAKES = 2500;
const MOST_TRIES = 20;
const MINUTES_LATER = 7;

/** Kills one update, finishes it, and says what that has cost. */
export class Crasher {
  constructor(
    private readonly rotation: RotationFleet,
    private readonly snapshots: Snapshots,
    private readonly judge: Judge,
  ) {}

  async crash(job: Job): Promise<Crash> {
    const random = randomNumbers(job.seed);
    const at = this.snapshots.restore(this.rotation, job);
    const before = lookAt(this.rotation, "before");
    const { victim, what } = await this.kill(job, at, random);
    const later = random() < 0.5 ? 0 : MINUTES_LATER;
    const finished = new Date(at.getTime() + later * 60_000);
    const result = await this.finish(job, before, { killed: at, finished });
    return {
      ...job,
      victim,
      ...result,
      losses: result.losses.map(
        (loss) => `${loss} (${what}, finished ${later} minutes later)`,
      ),
    };
  }

  /** A run that was faster than its kill is forgotten, and another one killed. */
  private async kill(
    job: Job,
    at: Date,
    random: () => number,
  ): Promise<{ victim: Victim; what: string }> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const steps = Math.ceil(random() * writesIn(job));
      const moment: Moment = randomMoment(random, DEEDS_TAKE, START_TAKES);
      const { fleet } = this.rotation;
      const victim = await killOne(
        {
          command: "up",
          folder: fleet.directory,
          environment: fleet.environment({ MQTT_PKI_NOW: at.toISOString() }),
          hasBegun: stateChanges(fleet, steps),
        },
        moment,
      );
      if (victim !== undefined) {
        const where = `step ${steps}, ${JSON.stringify(moment)}`;
        return {
          victim,
          what: `${job.phase} of ${job.authority}, ${where}, seed ${job.seed}`,
        };
      }
      this.snapshots.restore(this.rotation, job);
    }
    throw new Error(`no kill of ${MOST_TRIES} came before the update's end`);
  }

  private async finish(job: Job, before: Look, span: Span): Promise<Result> {
    let killed: Look;
    try {
      killed = lookAt(this.rotation, "the kill");
    } catch (error) {
      return ruined(`what the kill left cannot be read: ${String(error)}`);
    }
    const inBetween = [
      ...this.judge.cutOff([before, killed], span.killed),
      ...mismatches(killed),
    ];
    const outcome = await this.rotation.fleet.tryUp({ now: span.finished });
    if (outcome.code !== 0) {
      const why = messages(outcome).join("\n") || outcome.stderr;
      return ruined(`the next run fails: ${why.slice(0, 500)}`, ...inBetween);
    }
    let after: Look;
    try {
      after = lookAt(this.rotation, "the end");
    } catch (error) {
      return ruined(`the end cannot be read: ${String(error)}`, ...inBetween);
    }
    return {
      interrupted: killed.state.pending.length > 0,
      early: countsTooEarly(job, killed),
      halfDone: ![before, after].some(
        ({ progress }) => progress === killed.progress,
      ),
      completed: true,
      losses: [
        ...inBetween,
        ...this.lossesOf(job, { before, killed, after }, span),
        ...noteLosses(killed, after, messages(outcome, "warning")),
        ...(job.preview ? await this.previewLosses(span.finished) : []),
      ],
    };
  }

  private lossesOf(job: Job, looks: Looks, span: Span): string[] {
    const { before, killed, after } = looks;
    const { owned } = after;
    return [
      ...this.judge.cutOff([before, killed, after], span.finished),
      ...mismatches(after),
      ...owned.faults,
      ...inventoryFaults(this.rotation.fleet, owned, placesOf(this.rotation)),
      ...leftovers(this.rotation),
      ...ledgerLosses(job, looks, span),
      ...publicationLosses(looks, span),
      ...issueLosses(job, looks),
    ];
  }

  private async previewLosses(now: Date): Promise<string[]> {
    const { code, report, stderr } = await this.rotation.fleet.tryPreview({
      now,
      args: ["--expect-no-changes"],
    });
    const shown = report === undefined ? stderr : actions(report).join();
    return code === 0 ? [] : [`the next preview shows changes: ${shown}`];
  }
}

function ruined(...losses: readonly string[]): Result {
  return {
    interrupted: false,
    early: false,
    halfDone: false,
    completed: false,
    losses,
  };
}

/** What was under way is told, once. */
function noteLosses(
  killed: Look,
  after: Look,
  warnings: readonly string[],
): string[] {
  const said = warnings.join("\n");
  return [
    ...killed.state.pending
      .filter((name) => !said.includes(`"${name}"`))
      .map((name) => `${name} was under way, and nobody says so`),
    ...(after.state.pending.length === 0
      ? []
      : ["pending operations are left"]),
  ];
}

/** A write that was killed leaves nothing that may hold a key. */
function leftovers({ fleet }: RotationFleet): string[] {
  const rendered = Object.keys(tree(fleet.rendered())).filter((name) =>
    /\.(tmp|partial)$/.test(name),
  );
  return [...unfinishedFiles(fleet), ...rendered].map(
    (name) => `${name} is left of a write`,
  );
}

/** Made, destroyed and issued is what the step is about, each once. */
export function issueLosses(
  step: Step,
  { before, killed, after }: Looks,
): string[] {
  const destroyed = destroyedBy(step);
  const wanted = [...namesIn(before.state), ...madeBy(step)]
    .filter((name) => !destroyed.includes(name))
    .sort();
  const there = namesIn(after.state);
  const issued = [...after.owned.certificates]
    .filter(
      ([holder, serial]) => before.owned.certificates.get(holder) !== serial,
    )
    .map(([holder]) => holder);
  const isDestroyed = (loss: string) =>
    destroyed.some((name) => loss.includes(`state ${name} `));
  return [
    ...(there.join() === wanted.join()
      ? []
      : [`the state has ${there.join()}, not ${wanted.join()}`]),
    ...(issued.sort().join() === issuedBy(step).sort().join()
      ? []
      : [`certificates were given to ${issued.join()}`]),
    ...[
      ...lostKeys(before.owned, after.owned),
      ...lostKeys(killed.owned, after.owned),
      ...signedTwice(before.owned, killed.owned, after.owned),
    ].filter((loss) => !isDestroyed(loss)),
  ];
}
