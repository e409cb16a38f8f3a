import type { Preview } from "../../../examples/rotation/playground";
import type { RunbookName } from "../../../examples/rotation/steps";
import { RUNBOOKS, readSteps } from "../../../examples/rotation/steps";
import { findProgram, runCommand } from "../../support/command";
import { WHOLE_PROOF, figures } from "../../support/figures";
import { changedFiles, tree } from "../../support/rendered";
import type { OpenSsl } from "../../pki/support/openssl";
import { describeOpenSsl } from "../../pki/support/openssl";
import { DeviceCaOfCumulocity } from "./runbooks/cumulocity";
import { Firmware } from "./runbooks/firmware";
import {
  CompromisedDeviceRoot,
  DeviceRootOfMosquitto,
  ServerIntermediate,
} from "./runbooks/mosquitto";
import type { Outside } from "./runbooks/outside";
import { Checks } from "./runbooks/outside";
import { PlayedFleet } from "./runbooks/playedFleet";
import { readRunbook } from "./runbooks/runbookText";
import { DeviceCaOfThingsBoard } from "./runbooks/thingsBoard";

// Every runbook is played through, step by step, by the code of `npm run play`; what it says to do outside of the
// stack is done to a real mosquitto, and to doubles of ThingsBoard and Cumulocity.

const DAY = 86_400_000;
/** The short form plays one, with a real broker and a clean-up; the pages are compared with their folders in both. */
const PLAYED: readonly RunbookName[] = WHOLE_PROOF
  ? RUNBOOKS
  : ["device-ca-mosquitto"];

/** What playing writes beside the stack. */
const PLAYERS_OWN = /^(play\.json$|\.state\/config\/)/;

jest.setTimeout(1_800_000);

describe("the runbook in docs/runbooks", () => {
  test.each(RUNBOOKS)("%s shows the pull requests as they are", (name) => {
    expect(readRunbook(name).steps).toEqual(
      readSteps(name).map(({ id, refusedBy, change }) => ({
        id,
        refusedBy,
        change,
      })),
    );
  });

  test.each(RUNBOOKS)("%s has commands a shell can read", async (name) => {
    const { commands } = readRunbook(name);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const { code, stderr } = await runCommand("sh", ["-n"], {
        input: command,
      });
      expect([command, code, stderr]).toEqual([command, 0, ""]);
    }
  });
});

describeOpenSsl("playing the runbook", (openssl) => {
  const mosquitto = findProgram("mosquitto");
  const rows: string[] = [];

  afterAll(() => {
    const head = row("runbook", ["steps", "allowed", "refused", "outside"]);
    const table = [head, ...rows.sort()].join("\n");
    figures("runbooks: all steps went as they say", table);
  });

  // Each in a folder of its own.
  test.concurrent.each(PLAYED)("%s", async (name) => {
    const fleet = new PlayedFleet(name);
    const checks = new Checks();
    const outside = outsideOf(name, { fleet, checks, openssl, mosquitto });
    try {
      rows.push(await playToTheEnd(name, fleet, checks, outside));
    } finally {
      await outside?.end();
      fleet.remove();
    }
  });
});

async function playToTheEnd(
  name: RunbookName,
  fleet: PlayedFleet,
  checks: Checks,
  outside: Outside | undefined,
): Promise<string> {
  const { player } = fleet;
  // Real TLS stacks know no other clock, so that a rotation of two months lies in the past.
  const began = Math.floor(Date.now() / 1000) * 1000 - 60 * DAY;
  await player.begin(new Date(began));
  await outside?.begin();
  let allowed = 0;
  while (player.next !== undefined) {
    const now = await takeNext(fleet);
    if (now !== undefined) {
      allowed += 1;
      await outside?.after(now.step, now.at);
    }
  }
  const { length } = player.steps;
  const done = outside === undefined ? "no mosquitto" : `${checks.count} ok`;
  return row(name, [length, allowed, length - allowed, done]);
}

/** Takes the next pull request; what and when it was, where it was allowed. */
async function takeNext(
  fleet: PlayedFleet,
): Promise<{ step: string; at: Date } | undefined> {
  const { player } = fleet;
  const { playground } = player;
  const before = tree(playground.folder);
  const { step, now, preview, refusedBy, asExpected } = await player.take();
  expect([step.id, asExpected, refusedBy]).toEqual([step.id, true, refusedBy]);
  if (step.refusedBy !== undefined) {
    const changed = changedFiles(before, tree(playground.folder));
    expect([
      step.id,
      changed.filter((file) => !PLAYERS_OWN.test(file)),
    ]).toEqual([step.id, []]);
    return undefined;
  }
  expect([step.id, preview.steps.length > 0]).toEqual([step.id, true]);
  if (step.id.endsWith("-clean-up")) {
    expect(namesOf(preview)).toEqual(namesOf(preview).filter(isMemory));
  }
  // The short form asks at the end only, for an update that comes to rest.
  if (WHOLE_PROOF || player.next === undefined) {
    const again = await playground.preview(now);
    expect([step.id, again.code, again.steps]).toEqual([step.id, 0, []]);
  }
  return { step: step.id, at: now };
}

/** What an update would change, by the names of its resources. */
function namesOf({ steps }: Preview): string[] {
  return steps.map(({ urn }) => urn.split("::").at(-1) ?? urn);
}

/** What a clean-up changes, and nothing else: ledgers, and what remembers a publication. */
function isMemory(name: string): boolean {
  return /-(authority|publication)$/.test(name);
}

interface Parts {
  readonly fleet: PlayedFleet;
  readonly checks: Checks;
  readonly openssl: OpenSsl;
  readonly mosquitto: string | undefined;
}

/** What is to be looked after outside of a stack; `undefined` where this machine lacks what it takes. */
function outsideOf(
  name: RunbookName,
  { fleet, checks, openssl, mosquitto }: Parts,
): Outside | undefined {
  switch (name) {
    case "server-root":
      return new Firmware(fleet, checks, openssl);
    case "device-ca-thingsboard":
      return new DeviceCaOfThingsBoard(fleet, checks);
    case "device-ca-cumulocity":
      return new DeviceCaOfCumulocity(fleet, checks, openssl);
  }
  if (mosquitto === undefined) {
    return undefined;
  }
  switch (name) {
    case "server-intermediate":
      return new ServerIntermediate(fleet, checks, mosquitto);
    case "device-ca-mosquitto":
      return new DeviceRootOfMosquitto(fleet, checks, mosquitto);
    case "emergency":
      return new CompromisedDeviceRoot(fleet, checks, mosquitto, openssl);
  }
}

function row(name: string, cells: readonly (string | number)[]): string {
  return [name.padEnd(22), ...cells.map((cell) => String(cell).padEnd(8))]
    .join("  ")
    .trimEnd();
}
