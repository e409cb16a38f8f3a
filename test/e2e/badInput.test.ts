import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Fleet } from "../support/fleet";
import type { Outcome } from "../support/report";
import type { Entry } from "../support/rendered";
import { changedFiles, tree } from "../support/rendered";
import { mistakeGroups } from "./mistakes";
import type { Mistake } from "./refusedProgram";

const asRoot = process.getuid?.() === 0;
if (asRoot) {
  process.stdout.write(
    "skipped: root may write to every folder; run the tests as another user to see one refused\n",
  );
}

describe.each(mistakeGroups)("a preview with $title", (group) => {
  let fleet: Fleet;
  let before: Record<string, Entry>;
  let outcome: Outcome;

  beforeAll(async () => {
    fleet = new Fleet(group.program);
    await group.prepare?.(fleet);
    group.mistakes.forEach(({ make }) => make?.(fleet));
    before = tree(fleet.directory);
    outcome = await fleet.tryPreview();
  });

  afterAll(() => {
    fleet.remove();
  });

  const seen = group.mistakes.filter(({ notAsRoot }) => !(notAsRoot && asRoot));
  const unseen = group.mistakes.filter(({ notAsRoot }) => notAsRoot && asRoot);

  test.each(seen)("refuses $rule", ({ resource, says }) => {
    const said = errorsOf(outcome, resource);
    for (const text of says) {
      expect(said).toContain(text);
    }
  });

  for (const { rule } of unseen) {
    test.skip(`refuses ${rule}`, () => undefined);
  }

  test(`reports all ${seen.length} of them at once, and fails`, () => {
    const missed = seen.filter(
      ({ resource, says }) =>
        !says.every((text) => errorsOf(outcome, resource).includes(text)),
    );
    expect(missed.map(({ rule }) => rule)).toEqual([]);
    expect(outcome.code).not.toBe(0);
    expect(outcome.report?.succeeded).toBe(false);
  });

  test("writes nothing", () => {
    expect(changes(fleet, before)).toEqual([]);
  });
});

test("an update makes the same preview first, and ends there", async () => {
  const [group] = mistakeGroups;
  const fleet = new Fleet();
  group?.mistakes.forEach(({ make }) => make?.(fleet));
  const before = tree(fleet.directory);
  const { code, stdout } = await fleet.engine("up", "--yes");
  const written = changes(fleet, before);
  fleet.remove();
  expect(code).not.toBe(0);
  expect(stdout).toContain('subject.commonName: "" is empty');
  expect(stdout).toContain('"valve:2" contains ":"');
  expect(written).toEqual([]);
});

/** What is said about a resource; what the program itself refuses names the component in its text. */
function errorsOf(outcome: Outcome, resource: Mistake["resource"]): string {
  return (outcome.report?.diagnostics ?? [])
    .filter(
      ({ severity, urn = "", message }) =>
        severity === "error" &&
        (urn.endsWith(`::${resource}`) || message.includes(`${resource}: `)),
    )
    .map(({ message }) => message)
    .join("\n");
}

/** Files of the project and resources of the state that are there now and were not before. */
function changes(
  fleet: Fleet,
  before: Readonly<Record<string, Entry>>,
): string[] {
  const stacks = join(fleet.stateFolder, ".pulumi", "stacks");
  const states = !existsSync(stacks)
    ? []
    : readdirSync(stacks, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".json"))
        .filter((name) =>
          readFileSync(join(stacks, name), "utf8").includes('"urn"'),
        );
  return [
    // The engine notes there by which salt the passphrase counts.
    ...changedFiles(before, tree(fleet.directory)).filter(
      (path) => path !== "Pulumi.dev.yaml",
    ),
    ...states,
  ];
}
