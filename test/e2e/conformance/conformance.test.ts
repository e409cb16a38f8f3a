import { availableParallelism } from "node:os";
import { describeWith } from "../../support/command";
import { findPulumi } from "../../support/realPulumi";
import type { DemoRun } from "./demo";
import { DEMO, completeCli, runDemo } from "./demo";
import type { Engine } from "./engines";
import { bundled, realEngine } from "./engines";
import { Pool } from "./pool";
import type { Observation } from "./runner";
import { check, compare, observe } from "./runner";
import type { Scenario } from "./scenario";
import { isWanted, loadScenarios } from "./scenario";
import { Table } from "./table";

// The first test may have to wait for a good part of the others' commands.
const TIMEOUT = 900_000;

// The commands of a scenario wait for each other; those of several need not.
const pool = new Pool(availableParallelism());
const scenarios = loadScenarios();
const real = realEngine();
const cli = completeCli();
const table = new Table(
  [...scenarios.map(({ id }) => id), DEMO],
  ["bundled", "pulumi", "alike"],
);
const runs = new Map<string, Promise<Observation[]>>();
const demos = new Map<string, Promise<DemoRun>>();

/** Starts a job as soon as there is a place for it. */
function start<T>(job: () => Promise<T>): Promise<T> {
  const run = pool.run(job);
  // Whoever awaits it hears of its failure; until then it is nobody's.
  run.catch(() => undefined);
  return run;
}

function started<T>(jobs: Map<string, Promise<T>>, name: string): Promise<T> {
  const job = jobs.get(name);
  if (job === undefined) {
    throw new Error(`${name} was not started`);
  }
  return job;
}

function observed(
  { id }: Scenario,
  name: Engine["name"],
): Promise<Observation[]> {
  return started(runs, `${name} ${id}`);
}

beforeAll(() => {
  for (const scenario of scenarios) {
    for (const engine of real === undefined ? [bundled] : [bundled, real]) {
      const other = engine === bundled ? real : bundled;
      runs.set(
        `${engine.name} ${scenario.id}`,
        start(() => observe(scenario, engine, other)),
      );
    }
  }
  if (!isWanted(DEMO)) {
    return;
  }
  demos.set(
    "bundled",
    start(() => runDemo("bundled", cli)),
  );
  if (cli !== undefined) {
    demos.set(
      "pulumi",
      start(() => runDemo("pulumi", cli)),
    );
  }
});

afterAll(() => {
  process.stdout.write(`\n${table.text()}\n`);
});

function checkDemo({ changed, left, leftForOther }: DemoRun): void {
  expect(changed).toEqual([
    "update server-certificate",
    "update server-secret",
  ]);
  expect({ left, leftForOther }).toEqual({ left: [], leftForOther: [] });
}

describe("on the bundled engine", () => {
  test.each(scenarios)(
    "$id: $title",
    (scenario) =>
      table.note(scenario.id, "bundled", async () => {
        check(await observed(scenario, "bundled"));
      }),
    TIMEOUT,
  );

  (isWanted(DEMO) ? test : test.skip)(
    DEMO,
    () =>
      table.note(DEMO, "bundled", async () => {
        checkDemo(await started(demos, "bundled"));
      }),
    TIMEOUT,
  );
});

describeWith(
  { name: "pulumi", path: findPulumi() },
  "see https://www.pulumi.com/docs/install/",
  "on the Pulumi CLI",
  () => {
    describe.each(scenarios)("$id: $title", (scenario) => {
      test(
        "does as it should",
        () =>
          table.note(scenario.id, "pulumi", async () => {
            check(await observed(scenario, "pulumi"));
          }),
        TIMEOUT,
      );

      test(
        "the same operations, deeds and state as on the bundled engine",
        () =>
          table.note(scenario.id, "alike", async () => {
            compare(
              await observed(scenario, "bundled"),
              await observed(scenario, "pulumi"),
            );
          }),
        TIMEOUT,
      );
    });
  },
);

describeWith(
  {
    name: "pulumi with the plugins tls and kubernetes",
    path: isWanted(DEMO) ? cli : undefined,
  },
  "see https://www.pulumi.com/docs/install/ and `pulumi plugin install`",
  `on the Pulumi CLI: ${DEMO}`,
  () => {
    test(
      "does as it should",
      () =>
        table.note(DEMO, "pulumi", async () => {
          checkDemo(await started(demos, "pulumi"));
        }),
      TIMEOUT,
    );

    test(
      "the same resources as on the bundled engine",
      () =>
        table.note(DEMO, "alike", async () => {
          expect((await started(demos, "bundled")).resources).toEqual(
            (await started(demos, "pulumi")).resources,
          );
        }),
      TIMEOUT,
    );
  },
);
