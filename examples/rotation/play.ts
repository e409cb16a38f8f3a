import { join } from "node:path";
import { Command, Option } from "commander";
import { Player } from "./player";
import type { EngineName, Preview } from "./playground";
import { Playground } from "./playground";
import type { RunbookName, Step } from "./steps";
import { RUNBOOKS, momentOf } from "./steps";

// `npm run play`: rotations as pull requests, one after another, on a clock of their own.

const say = (text: string): void => {
  console.log(text);
};

/** Where a rotation is played: outside of git's sight, and apart from the stack of the checkout. */
function folderOf(runbook: string): string {
  return join(__dirname, "..", "..", ".state", "rotation", runbook);
}

function list(player: Player): void {
  const position = player.playground.position();
  const taken = position?.taken ?? 0;
  const width = Math.max(...player.steps.map(({ id }) => id.length));
  player.steps.forEach(({ id, day, refusedBy, subject }, index) => {
    const mark = index < taken ? "✓" : index === taken ? "→" : " ";
    const verdict =
      refusedBy === undefined ? "" : ` (is refused: ${refusedBy})`;
    say(
      `${mark} ${id.padEnd(width)}  day ${day.padEnd(9)}  ${subject}${verdict}`,
    );
  });
  const { next } = player;
  say("");
  if (next === undefined) {
    say("All played. `reset` starts again.");
  } else if (position === undefined) {
    say("Not begun. `next` makes the fleet and takes the first one.");
  } else {
    say(`\`next\` takes ${next.id}. By hand, in ${player.playground.folder}:`);
    say(byHand(next, momentOf(next, new Date(position.started))));
  }
}

/** Each step without the player. */
function byHand({ id, change }: Step, now: Date): string {
  const runbook = "../../../examples/rotation/$(basename $PWD)";
  return [
    ...(change === "" ? [] : [`  patch -p1 < ${runbook}/${id}.diff`]),
    `  MQTT_PKI_NOW=${now.toISOString()} npm run preview`,
    `  MQTT_PKI_NOW=${now.toISOString()} npm run up`,
  ].join("\n");
}

/** What a preview says, in the words of a reviewer: what changes, the phase tables, and why not. */
function formatPreview({ code, steps, diagnostics, stderr }: Preview): string {
  const changes = steps.map(({ op, urn }) => {
    const [type = "", name = ""] = urn.split("::").slice(-2);
    return `  ${op} ${type.split(":").at(-1) ?? type} ${name}`;
  });
  const said = diagnostics.map(({ message }) => message.trim());
  const unknown = code !== 0 && said.length === 0 ? [stderr.trim()] : [];
  return [
    code === 0 ? "The preview allows it:" : "THE PREVIEW REFUSES IT:",
    ...(code === 0 && changes.length === 0 ? ["  nothing changes"] : []),
    ...(code === 0 ? changes : []),
    ...[...said, ...unknown].map((text) => `\n${text}`),
    "",
  ].join("\n");
}

/** Takes the next pull request; answers whether it went as expected. */
async function next(player: Player): Promise<boolean> {
  const taken = await player.take({
    begins: ({ id, subject, day, what }, now, change) => {
      say(`\n${id} · day ${day} (${now.toISOString()})\n${subject}\n`);
      say(`${what}\n\n${change === "" ? "No change." : change}`);
    },
    previewed: (preview) => {
      say(formatPreview(preview));
    },
  });
  const { step, asExpected } = taken;
  say(
    taken.preview.code === 0
      ? `Updated. Outside: ${step.outside}`
      : `Not merged: the next one applies to what was accepted before. Outside: ${step.outside}`,
  );
  if (!asExpected) {
    say(
      `That is not what ${step.id} expects: ${step.refusedBy ?? "allowed"}, and it was ${taken.refusedBy.join(", ") || "allowed"}.`,
    );
  }
  return asExpected;
}

async function play(player: Player, wanted: number): Promise<void> {
  if (player.playground.position() === undefined) {
    say("Day 0: the first update makes the fleet…");
    await player.begin(new Date(Math.floor(Date.now() / 1000) * 1000));
  }
  for (let count = 0; count < wanted && player.next !== undefined; count += 1) {
    if (!(await next(player))) {
      process.exitCode = 1;
      return;
    }
  }
  if (player.next === undefined) {
    say("\nAll played. `reset` starts again.");
  }
}

function overview(): void {
  say("Rotations to play:\n");
  for (const name of RUNBOOKS) {
    const player = new Player(name, new Playground(folderOf(name)));
    const taken = player.playground.position()?.taken ?? 0;
    say(`  ${name.padEnd(22)} ${taken} of ${player.steps.length} taken`);
  }
  say("\nnpm run play -- server-intermediate next");
}

function isRunbook(name: string): name is RunbookName {
  return (RUNBOOKS as readonly string[]).includes(name);
}

async function main(): Promise<void> {
  const command: Command = new Command("play")
    .description("Plays a rotation as pull requests, one after another.")
    .argument("[runbook]", `one of ${RUNBOOKS.join(", ")}`)
    .argument("[action]", "list, next, all or reset", "list")
    .addOption(
      new Option("--engine <name>", "who runs the stack")
        .choices(["bundled", "pulumi"])
        .default("bundled"),
    );
  command.parse();
  const [runbook, action = "list"] = command.processedArgs as [
    string | undefined,
    string | undefined,
  ];
  if (runbook === undefined) {
    overview();
    return;
  }
  if (!isRunbook(runbook)) {
    command.error(
      `error: ${runbook} is no rotation; there are ${RUNBOOKS.join(", ")}.`,
    );
  }
  const { engine } = command.opts<{ engine: EngineName }>();
  const player = new Player(runbook, new Playground(folderOf(runbook), engine));
  const actions: Readonly<Record<string, () => Promise<void> | void>> = {
    list: () => {
      list(player);
    },
    next: () => play(player, 1),
    all: () => play(player, Number.POSITIVE_INFINITY),
    reset: () => {
      player.playground.remove();
      say(`${runbook} starts again with \`next\`.`);
    },
  };
  const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (run === undefined) {
    command.error(
      `error: ${action} is no action; there are ${Object.keys(actions).join(", ")}.`,
    );
  }
  await run();
}

main().catch((error: unknown) => {
  console.error(
    `error: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
});
