import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bundled } from "../conformance/engines";
import { Site } from "../conformance/site";
import type { Normalised } from "../conformance/state";
import { nameOf, namesOf, normalise } from "../conformance/state";
import { randomProgram } from "./fleet";
import { killOne, randomMoment, randomNumbers } from "./kills";
import type { Tally } from "./tally";
import { killTest } from "./tally";

/** Kills so many updates of one stack, each followed by an update that must put everything right. */
async function killRepeatedly(
  count: number,
  seed: number,
  tally: Tally,
): Promise<void> {
  const random = randomNumbers(seed);
  const site = new Site();
  try {
    site.write(randomProgram(random, 0));
    expect(await finish(site)).toMatchObject({ code: 0, warnings: "" });
    for (let killed = 0, turn = 1; killed < count; turn += 1) {
      const program = randomProgram(random, turn);
      const moment = randomMoment(random, 600, 1500);
      site.write(program);
      const victim = await killOne(
        {
          command: "up",
          folder: site.folder,
          environment: site.environment(),
          hasBegun: () => existsSync(join(site.folder, "journal")),
        },
        moment,
      );
      if (victim !== undefined) {
        killed += 1;
        tally.kills[victim] += 1;
      }
      const names = (program.resources ?? []).map(({ name }) => name).sort();
      const what = `${JSON.stringify(moment)} of turn ${turn}, seed ${seed}`;
      for (const loss of await lossesOf(site, names, tally)) {
        tally.losses.push(`${loss} (${what})`);
      }
      site.deeds();
    }
  } finally {
    site.close();
  }
}

/** Finishes the update and counts what the kill has cost. */
async function lossesOf(
  site: Site,
  names: readonly string[],
  tally: Tally,
): Promise<string[]> {
  let interrupted: Normalised;
  try {
    interrupted = normalise(site.stateText());
  } catch (error) {
    return [`the state cannot be read: ${String(error)}`];
  }
  const pending = interrupted.pending.map(({ resource }) =>
    nameOf(resource.urn),
  );
  tally.interrupted += pending.length > 0 ? 1 : 0;
  const { code, text, warnings } = await finish(site);
  if (code !== 0) {
    return [`the next update fails: ${text}`];
  }
  const state = normalise(site.stateText());
  const ids = state.resources.map(({ id }) => id);
  const world = site.world();
  // What was under way when the engine died may exist twice, provided the next update says so.
  const unknown = world
    .filter((id) => !ids.includes(id))
    .map((id) => ({ id, name: id.replace(/-\d+$/, "") }));
  unknown.forEach(({ name }) => {
    site.remove(name, ids);
  });
  return [
    ...unknown
      .filter(({ name }) => !pending.includes(name) || !warnings.includes(name))
      .map(({ id, name }) =>
        names.includes(name)
          ? `${id} was made, and once more without anybody knowing of it`
          : `${id} exists and is not in the state`,
      ),
    ...state.resources
      .filter(({ id, type }) => type === "demo:index:Item" && id !== "")
      .filter(({ id }) => !world.includes(id))
      .map(({ id }) => `${id} is in the state and does not exist`),
    ...(JSON.stringify(namesOf(state)) === JSON.stringify(names)
      ? []
      : [`the state has ${namesOf(state).join()}, not ${names.join()}`]),
    ...(state.pending.length === 0 ? [] : ["pending operations are left"]),
  ];
}

const reportSchema = z.object({
  diagnostics: z.array(z.object({ message: z.string() })),
});

/** Runs the update to its end. */
async function finish(
  site: Site,
): Promise<{ code: number; text: string; warnings: string }> {
  const { code, text } = await bundled.command(
    site,
    ...["up", "--json", "--yes", "--skip-preview"],
  );
  const warnings = text.startsWith("{")
    ? reportSchema
        .parse(JSON.parse(text.slice(0, text.lastIndexOf("\n}") + 2)))
        .diagnostics.map(({ message }) => message)
    : [];
  return { code, text, warnings: warnings.join("\n") };
}

killTest("of updates of small resources", killRepeatedly);
