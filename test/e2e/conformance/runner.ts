import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine, Operation, Outcome } from "./engines";
import type { Scenario, ScenarioStep } from "./scenario";
import { Site } from "./site";
import type { Normalised } from "./state";
import { isOwn, nameOf, namesOf, normalise, stackOutputs } from "./state";

/** What a step came to on one engine. */
export interface Observation {
  step: ScenarioStep;
  succeeded: boolean;
  /** Everything the engine said. */
  text: string;
  /** With whole URNs, sorted. */
  operations: string[];
  /** By name, without the stack and default providers, sorted. */
  named: string[];
  deeds: string[];
  state: Normalised;
  /** What exists in the plugin's world but not in the state. */
  lost: string[];
  /** What the other engine would do with the state the step leaves; undefined where it was not asked. */
  otherPlans: string[] | undefined;
}

/** Runs a scenario on an engine. Where there is another one, it is asked what it would change after each step. */
export async function observe(
  scenario: Scenario,
  engine: Engine,
  other: Engine | undefined,
): Promise<Observation[]> {
  const site = new Site();
  try {
    const observations: Observation[] = [];
    const stacks = new Set<string>();
    for (const step of scenario.steps) {
      site.stack = step.stack;
      if (!stacks.has(step.stack)) {
        stacks.add(step.stack);
        await engine.prepare(site);
      }
      observations.push(await take(step, site, engine, other));
    }
    return observations;
  } finally {
    site.close();
  }
}

async function take(
  step: ScenarioStep,
  site: Site,
  engine: Engine,
  other: Engine | undefined,
): Promise<Observation> {
  const { resources, exports, throws, faults } = step;
  site.write({
    ...(resources === undefined ? {} : { resources }),
    ...(exports === undefined ? {} : { exports }),
    throws,
  });
  site.misbehave(faults);
  step.vanished.forEach((name) => {
    site.remove(name);
  });
  const { code, text, operations } = await perform(
    step,
    site,
    step.byOther ? (other ?? engine) : engine,
  );
  const state = normalise(site.stateText());
  const known = new Set(state.resources.map(({ id }) => id));
  return {
    step,
    succeeded: code === 0,
    text,
    operations: operations
      .map((operation) => describe(operation, operation.urn))
      .sort(),
    named: operations
      .filter(({ urn, type }) => isOwn(urn, type))
      .map((operation) => describe(operation, nameOf(operation.urn)))
      .sort(),
    deeds: site.deeds(),
    state,
    lost: site.world().filter((id) => !known.has(id)),
    otherPlans:
      other !== undefined && isSettled(step)
        ? await plansOf(other, site)
        : undefined,
  };
}

/** Whether a step leaves a state that a preview of the same program has nothing to say about. */
function isSettled(step: ScenarioStep): boolean {
  return (
    step.fails === undefined &&
    step.targets.length === 0 &&
    (step.do === "up" || step.do === "export and import")
  );
}

async function perform(
  step: ScenarioStep,
  site: Site,
  engine: Engine,
): Promise<Outcome> {
  if (step.do === "export and import") {
    const file = join(site.folder, "export.json");
    const out = await engine.command(site, "stack", "export", "--file", file);
    if (out.code === 0) {
      const edited = Object.entries(step.edits).reduce(
        (state, [before, after]) => state.replaceAll(before, after),
        readFileSync(file, "utf8"),
      );
      writeFileSync(file, edited);
    }
    return out.code === 0
      ? engine.command(site, "stack", "import", "--file", file)
      : out;
  }
  const urns = normalise(site.stateText()).resources.map(({ urn }) => urn);
  const targets = step.targets.map((name) => {
    const urn = urns.find((one) => nameOf(one) === name);
    if (urn === undefined) {
      throw new Error(`the state has no ${name} to target`);
    }
    return urn;
  });
  const { continueOnError } = step;
  const outcome = await engine.run(site, step.do, { targets, continueOnError });
  // A refresh changes the state and no resource; what it found is in the state.
  return step.do === "refresh" ? { ...outcome, operations: [] } : outcome;
}

async function plansOf(engine: Engine, site: Site): Promise<string[]> {
  const { code, text, operations } = await engine.run(site, "preview");
  return code === 0
    ? operations
        // To read is to look, whether or not there is anything to do.
        .filter(({ op }) => op !== "read")
        .map(({ op, urn }) => `${op} ${urn}`)
    : [`the preview failed: ${text}`];
}

function describe({ op, failed }: Operation, what: string): string {
  return `${op} ${what}${failed ? " failed" : ""}`;
}

/** Holds what was observed against what the scenario expects. */
export function check(observations: readonly Observation[]): void {
  for (const one of observations) {
    const { step, state } = one;
    const fact = (value: object): object => ({ step: step.title, ...value });
    expect(
      fact({
        succeeded: one.succeeded,
        ...(one.succeeded === (step.fails === undefined)
          ? {}
          : { text: one.text }),
        operations: one.named,
      }),
    ).toEqual(
      fact({
        succeeded: step.fails === undefined,
        operations: [...step.operations].sort(),
      }),
    );
    if (step.fails !== undefined) {
      expect(one.text).toContain(step.fails);
    }
    if (step.deeds !== undefined) {
      expect(fact({ deeds: one.deeds })).toEqual(fact({ deeds: step.deeds }));
    }
    if (step.outputs !== undefined) {
      expect(fact({ outputs: stackOutputs(state) })).toEqual(
        fact({ outputs: step.outputs }),
      );
    }
    if (step.state !== undefined) {
      expect(fact({ state: namesOf(state) })).toEqual(
        fact({ state: [...step.state].sort() }),
      );
    }
    if (one.otherPlans !== undefined) {
      expect(fact({ otherPlans: one.otherPlans })).toEqual(
        fact({ otherPlans: [] }),
      );
    }
  }
}

/** Holds what one engine did against what the other did with the same. */
export function compare(
  ours: readonly Observation[],
  theirs: readonly Observation[],
): void {
  const facts = (observations: readonly Observation[]): object[] =>
    observations.map(({ step, operations, deeds, state, lost }) => ({
      step: step.title,
      operations,
      // Steps that nothing puts in order may come in any.
      deeds: step.deeds === undefined ? [...deeds].sort() : deeds,
      state,
      lost,
    }));
  expect(facts(ours)).toEqual(facts(theirs));
}
