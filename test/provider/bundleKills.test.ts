import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import { figures } from "../support/figures";
import type { Met, Victim } from "./support/bundleKills";
import { ASKED, killUntilDone, newMet, runOnce } from "./support/bundleKills";
import type { Tally } from "./support/bundleProof";
import { tally } from "./support/bundleProof";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy, without } from "./support/inputs";
import { urnOf } from "./support/plugin";

const DAY = 86_400_000;
const SECONDS_PER_KILL = 60;
const [KILLS, DEVICES, BUNDLE] =
  ASKED > 0 ? [ASKED, 100_000, 2_000] : [5, 20_000, 1_000];
/** Milliseconds that signing takes, about: a kill comes at any moment of it. */
const SPAN = DEVICES * 0.03;

const folder = scratchFolder();
const seed = Number(process.env.MQTT_PKI_KILL_SEED ?? Date.now() % 1_000_000);
const random = mulberry32(seed);

let above: Hierarchy;

beforeAll(async () => {
  // Whoever is killed leaves its temporary files: here they go with the rest.
  process.env.TMPDIR = folder;
  above = await hierarchy();
});

/** Numbers that one seed gives again. */
function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function ids(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `device-${String(index).padStart(6, "0")}`,
  );
}

function victim(name: string, devices: number): Victim {
  const output = join(folder, name);
  const inputs = batchInputs(above.signer, output, [], {
    range: { id: "device-{number}", from: 0, to: devices - 1, digits: 6 },
    validityDays: 90,
    allowClockOverride: true,
    format: "bundles",
    bundles: { devices: BUNDLE },
  });
  return {
    urn: urnOf("DeviceBatch", name),
    output,
    options: { cwd: folder },
    asked: without(inputs, "devices"),
  };
}

function report(what: string, met: Met, { lost, twice }: Tally): void {
  figures(
    `kills at random moments of ${what}, seed ${seed}`,
    `${met.kills} kills of ${DEVICES.toLocaleString("en-US")} devices in bundles of ${BUNDLE.toLocaleString("en-US")}: ` +
      `${met.halfway} half-way, ${met.withPartial} with files that were not whole, ${met.unnamed} between record and name, ` +
      `${met.inTransaction} in a transaction; ${met.ended} runs ended\n` +
      `devices lost ${lost}, issued twice ${twice}`,
  );
}

function sum(tallies: readonly Tally[]): Tally {
  return {
    lost: tallies.reduce((all, { lost }) => all + lost, 0),
    twice: tallies.reduce((all, { twice }) => all + twice, 0),
    faults: tallies.flatMap(({ faults }) => faults),
  };
}

const CLEAN: Tally = { lost: 0, twice: 0, faults: [] };

test(
  `${KILLS} kills of a create lose no device and give none a second certificate`,
  async () => {
    const met = newMet();
    const tallies: Tally[] = [];
    const killing = { enough: KILLS, span: SPAN, random };
    while (met.kills < KILLS) {
      const batch = victim(`fleet-${tallies.length}`, DEVICES);
      const { outs } = await killUntilDone(
        batch,
        killing,
        met,
        DEVICES / BUNDLE,
      );
      expect(outs).toMatchObject({ count: DEVICES });
      tallies.push(
        await tally(batch.output, ids(DEVICES), above.ca.certificatePem),
      );
      rmSync(batch.output, { recursive: true });
    }
    const total = sum(tallies);
    report("a create", met, total);
    expect({ ...total, faults: [...total.faults, ...met.faults] }).toEqual(
      CLEAN,
    );
  },
  KILLS * SECONDS_PER_KILL * 1000,
);

test(
  `${Math.ceil(KILLS / 4)} kills of a renewal keep every key, and renew each device once`,
  async () => {
    const met = newMet();
    const tallies: Tally[] = [];
    const enough = Math.ceil(KILLS / 4);
    const options = {
      cwd: folder,
      now: new Date(Date.now() + 80 * DAY).toISOString(),
    };
    while (met.kills < enough) {
      const batch = victim(`renewed-${tallies.length}`, DEVICES);
      const last = await runOnce(batch);
      if (last === undefined) {
        throw new Error("a run without a kill ends");
      }
      const { outs } = await killUntilDone(
        { ...batch, options, last },
        { enough, span: SPAN, random },
        met,
        (2 * DEVICES) / BUNDLE,
      );
      expect(outs).toMatchObject({ count: DEVICES, issued: 0 });
      tallies.push(
        await tally(batch.output, ids(DEVICES), above.ca.certificatePem, 2),
      );
      rmSync(batch.output, { recursive: true });
    }
    const total = sum(tallies);
    report("a renewal", met, total);
    expect({ ...total, faults: [...total.faults, ...met.faults] }).toEqual(
      CLEAN,
    );
  },
  KILLS * SECONDS_PER_KILL * 1000,
);
