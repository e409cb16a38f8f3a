import fc from "fast-check";
import { WHOLE_PROOF, figures } from "../support/figures";
import { formatTransition, readTransition } from "../../rotation/transition";
import { Justification, justify, withState } from "./justification";
import type { Step } from "./pullRequests";
import { CHANGES, change } from "./pullRequests";
import type { Code, Domain, RuleSet } from "./world";
import { ALL_RULES, World, wanted } from "./world";

const RUNS = Number(
  process.env.MQTT_PKI_MODEL_RUNS ?? (WHOLE_PROOF ? "10000" : "300"),
);
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const START = Date.UTC(2026, 10, 20);
const STATES = ["staged", "active", "retiring", "retired", "compromised"];

const SERVER: Domain = {
  name: "server-root",
  minimumTrustSoak: 7 * DAY,
  lifetime: 30 * DAY,
};
const DEVICE: Domain = {
  name: "device-root",
  minimumTrustSoak: 10 * MINUTE,
  lifetime: 30 * DAY,
};

const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 20 }).map((minutes) => minutes * MINUTE),
    fc.integer({ min: 1, max: 10 }).map((days) => days * DAY),
    fc.integer({ min: 25, max: 45 }).map((days) => days * DAY),
  ),
  change: fc.constantFrom(...CHANGES),
  pick: fc.array(fc.nat(999), { minLength: 6, maxLength: 6 }),
  confirm: fc.constantFrom("no", "honest", "honest", "wrong"),
});

const run = fc.record({
  domain: fc.constantFrom(SERVER, DEVICE),
  /** In thousandths of the soak time: what every verifier has declared, and keeps. */
  delays: fc
    .oneof(
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(50), { minLength: 1, maxLength: 2 }),
    )
    .map((some) => [0, ...some]),
  /** What the first code names beside the active generation; nobody trusts the CA yet. */
  others: fc.array(
    fc.constantFrom(...STATES.filter((state) => state !== "active")),
    { maxLength: 2 },
  ),
  steps: fc.array(step, { minLength: 5, maxLength: 30 }),
});

type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

/** The figures of many runs. */
class Tally {
  accepted = 0;
  refused = 0;
  lost = 0;
  readonly steps = new Map<string, number>();
  readonly rules = new Map<string, number>();
  readonly justifications = new Map<string, number>();
  readonly unjustified: string[] = [];

  add(other: Tally): void {
    this.accepted += other.accepted;
    this.refused += other.refused;
    this.lost += other.lost;
    for (const name of ["steps", "rules", "justifications"] as const) {
      for (const [key, count] of other[name]) {
        this[name].set(key, (this[name].get(key) ?? 0) + count);
      }
    }
  }

  static count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  toString(): string {
    const list = (map: Map<string, number>) =>
      [...map]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([key, count]) => `  ${key}: ${count}`);
    return [
      `accepted: ${this.accepted}`,
      ...list(this.steps),
      `refused: ${this.refused}`,
      ...list(this.rules),
      "each refused update, by what the simulation found:",
      ...list(this.justifications),
      `  nothing: ${this.unjustified.length}`,
      `devices lost: ${this.lost}`,
    ].join("\n");
  }
}

/** The name of what an accepted update did. */
function kindOf(world: World, code: Code): string {
  const after = Object.fromEntries(
    Object.entries(wanted(code)).map(([id, { state, facts }]) => [
      id,
      {
        state,
        ...(facts !== undefined && {
          subjectKeyIdentifier: facts.subjectKeyIdentifier,
        }),
      },
    ]),
  );
  return readTransition(world.evidence, after).transition?.kind ?? "no step";
}

function play(
  { domain, delays, others, steps }: Run,
  rules: RuleSet,
  weigh: boolean,
): Tally {
  const tally = new Tally();
  let world = World.start(
    domain,
    delays.map((part) => (part * domain.minimumTrustSoak) / 1000),
    START,
    rules,
  );
  const first = Object.fromEntries(
    ["active", ...others].map((state, index) => [
      `f${index}`,
      { state, key: `key of f${index}`, subject: `CN=f${index}` },
    ]),
  );
  expect(world.judge(first)).toEqual([]);
  world = world.apply(first);
  for (const next of steps) {
    world = world.wait(next.wait);
    const code = change(world, next);
    const honest =
      next.confirm === "honest" && world.fleet.everyoneHasBundle(world.now);
    const confirmed = honest
      ? world.evidence?.bundleSha256
      : next.confirm === "wrong"
        ? "another bundle"
        : undefined;
    const refusals = world.judge(code, confirmed);
    if (refusals.length === 0) {
      tally.accepted += 1;
      const kind = kindOf(world, code);
      Tally.count(tally.steps, kind);
      // Before, the code did not say it, and a slower device could have been there for all that the rules knew.
      const relied = honest && ["activate", "compromise"].includes(kind);
      if (relied && world.judge(code).length > 0) {
        Tally.count(
          tally.steps,
          `${kind}, confirmed before the soak time was over`,
        );
      }
      world = (relied ? world.confirm(code) : world).apply(code);
    } else {
      tally.refused += 1;
      for (const rule of new Set(refusals.map((refusal) => refusal.rule))) {
        Tally.count(tally.rules, rule);
      }
      if (weigh) {
        weighRefusal(world, code, refusals, tally);
      }
    }
  }
  world = world.wait(domain.minimumTrustSoak + domain.lifetime);
  tally.lost += world.lost.size;
  return tally;
}

function weighRefusal(
  world: World,
  code: Code,
  refusals: ReturnType<World["judge"]>,
  tally: Tally,
): void {
  const found = justify(world, code, refusals);
  if (found === undefined) {
    const moves = formatTransition({ moves: movesOf(world, code) });
    tally.unjustified.push(
      `${states(world.code)} / ${moves}: ${refusals.map(({ message }) => message).join(" ")}`,
    );
  } else {
    Tally.count(tally.justifications, found);
  }
}

function movesOf(
  world: World,
  code: Code,
): { id: string; from: string | undefined; to: string | undefined }[] {
  return [...new Set([...Object.keys(world.code), ...Object.keys(code)])].map(
    (id) => ({ id, from: world.code[id]?.state, to: code[id]?.state }),
  );
}

function states(code: Code): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(code).map(([id, { state }]) => [id, state]),
    ),
  );
}

describe("a simulated fleet, through random pull requests and clocks", () => {
  test("loses nobody by an accepted update, and every refused one is shown to do harm", () => {
    const tally = new Tally();
    fc.assert(
      fc.property(run, (sequence) => {
        const one = play(sequence, ALL_RULES, true);
        expect(one.unjustified).toEqual([]);
        expect(one.lost).toBe(0);
        tally.add(one);
      }),
      { numRuns: RUNS },
    );
    figures(`model: ${RUNS} random sequences`, tally.toString());
    // Nothing is proved by sequences in which nothing happens.
    for (const kind of [
      "activate, confirmed before the soak time was over",
      "stage",
      "abandon",
      "activate",
      "rollBack",
      "retire",
      "compromise",
    ]) {
      expect(tally.steps.get(kind) ?? 0).toBeGreaterThan(0);
    }
    // Ten thousand runs take a minute on two cores of their own.
  }, 600_000);

  test.each<[string, Partial<RuleSet>]>([
    ["no soak time (I3)", { soak: () => 0 }],
    ["half the soak time (I3)", { soak: (span) => span / 2 }],
    ["states skipped (I2)", { ignored: "I2" }],
    ["keys changed in place (I10)", { ignored: "I10" }],
    ["no look at live certificates (I4)", { stillTrusted: () => [] }],
    [
      "live certificates forgotten ten days early (I4)",
      {
        stillTrusted: (live, generations, now) =>
          ALL_RULES.stillTrusted(
            live,
            generations,
            new Date(now.getTime() + 10 * DAY),
          ),
      },
    ],
  ])("loses somebody with %s", (name, broken) => {
    const tally = new Tally();
    fc.assert(
      fc.property(run, (sequence) => {
        tally.add(play(sequence, { ...ALL_RULES, ...broken }, false));
      }),
      { numRuns: 300, seed: 1 },
    );
    figures(
      `model with a broken rule: ${name}`,
      `devices lost: ${tally.lost} in ${tally.accepted} accepted updates`,
    );
    expect(tally.lost).toBeGreaterThan(0);
  });
});

describe("the simulation itself", () => {
  test("names what the refusals of a retirement prevent", () => {
    const world = World.start(SERVER, [0], START).apply({
      a: { state: "active", key: "a", subject: "CN=a" },
    });
    expect(justify(world, withState(world.code, "a", "retired"), [])).toBe(
      Justification.CutsOff,
    );
  });
});
