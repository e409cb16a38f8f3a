import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describeOpenSsl } from "../../pki/support/openssl";
import { splitPem } from "../../support/certificates";
import { WHOLE_PROOF, figures } from "../../support/figures";
import { SEED } from "../kill/tally";
import type { Crash, Job } from "./crash/crashes";
import { Crasher, issueLosses } from "./crash/crashes";
import { ledgerLosses } from "./crash/ledger";
import type { Look } from "./crash/look";
import { lookAt } from "./crash/look";
import { Snapshots, newFleet } from "./crash/snapshots";
import type { Phase, Step } from "./crash/steps";
import { OLD, PHASES, ROTATED } from "./crash/steps";
import { Judge, mismatches } from "./crash/trust";

// Updates that move a CA are killed; nobody is cut off by that, and the next run comes to the same end.

const ALL = Number(process.env.MQTT_PKI_KILLS ?? (WHOLE_PROOF ? 150 : 6));
const KILLS_PER_PHASE = Math.ceil(ALL / PHASES.length);
const KILLS_PER_PREVIEW = 16;
const SECONDS_PER_KILL = 60;

const DEVICE = "meter-001";

jest.setTimeout(120_000 + ALL * SECONDS_PER_KILL * 1000);

/** The kills to come, the phases and CAs in turn, so that a seed always kills the same. */
function jobs(): Job[] {
  return Array.from({ length: KILLS_PER_PHASE * PHASES.length }, (_, index) => {
    const turn = Math.floor(index / PHASES.length);
    const place = index % PHASES.length;
    return {
      phase: PHASES[place] ?? "A stage",
      authority: ROTATED[(turn + place) % ROTATED.length] ?? "serverRoot",
      seed: SEED + index,
      preview: index % KILLS_PER_PREVIEW === 0,
    };
  });
}

describeOpenSsl("a rotation that is killed", (openssl) => {
  const snapshots = new Snapshots();
  const judge = new Judge(openssl);

  beforeAll(() => snapshots.make());

  afterAll(() => {
    snapshots.remove();
  });

  test(`${KILLS_PER_PHASE} kills in each phase cut nobody off, and the next run finishes the step`, async () => {
    const queue = jobs();
    const crashes: Crash[] = [];
    const lane = async () => {
      const rotation = newFleet();
      try {
        const crasher = new Crasher(rotation, snapshots, judge);
        for (let job = queue.shift(); job; job = queue.shift()) {
          crashes.push(await crasher.crash(job));
        }
      } finally {
        rotation.remove();
      }
    };
    // One more than cores: each update waits a good part of its time for processes to start.
    const lanes = Math.min(queue.length, availableParallelism() + 1);
    await Promise.all(Array.from({ length: lanes }, lane));
    report(crashes);
    expect(crashes.flatMap(({ losses }) => losses)).toEqual([]);
    expect(crashes.every(({ completed }) => completed)).toBe(true);
    expect(crashes).toHaveLength(KILLS_PER_PHASE * PHASES.length);
  });

  describe("is looked at by a checker that", () => {
    const rotation = newFleet();
    const looks: Partial<Record<Phase, Look>> = {};

    beforeAll(() => {
      for (const phase of PHASES) {
        snapshots.restore(rotation, { phase, authority: "serverRoot" });
        looks[phase] = lookAt(rotation, phase);
      }
    });

    afterAll(() => {
      rotation.remove();
    });

    function before(phase: Phase): Look {
      const look = looks[phase];
      if (look === undefined) {
        throw new Error(`there is no look before ${phase}`);
      }
      return look;
    }

    test("knows a broker with the old chain from devices without the old root", () => {
      const at = snapshots.momentOf("C activate");
      const look = before("C activate");
      expect(judge.cutOff([look], at)).toEqual([]);
      const { holdings } = look;
      const serverRoots = splitPem(holdings.serverRoots)[1] ?? "";
      expect(
        judge.cutOff([{ ...look, holdings: { ...holdings, serverRoots } }], at),
      ).toEqual([
        expect.stringMatching(/^the broker .* is cut off from devices .*error/),
      ]);
    });

    test("knows a device with a new chain from a broker without the new root", () => {
      const at = snapshots.momentOf("D retire");
      const look = before("D retire");
      expect(judge.cutOff([look], at)).toEqual([]);
      const { holdings } = look;
      const deviceRoots = before("A stage").holdings.deviceRoots;
      expect(
        judge.cutOff([{ ...look, holdings: { ...holdings, deviceRoots } }], at),
      ).toContainEqual(
        expect.stringMatching(`^${DEVICE} .* is cut off from the broker`),
      );
    });

    test("knows a key of another certificate", () => {
      const look = before("A stage");
      expect(mismatches(look)).toEqual([]);
      const { holdings, secretDevices } = look;
      const [one, other] = Object.keys(holdings.devices).map(
        (id) => holdings.devices[id],
      );
      expect(one).not.toBe(other);
      const stranger = { chain: one?.chain ?? "", key: other?.key ?? "" };
      expect(
        mismatches({
          ...look,
          secretDevices: { ...secretDevices, [DEVICE]: stranger },
        }),
      ).toEqual([expect.stringContaining(`the Secret of ${DEVICE}`)]);
    });

    test("knows a file that is half-written", () => {
      snapshots.restore(rotation, {
        phase: "C activate",
        authority: "serverCA",
      });
      const file = (name: string) =>
        rotation.fleet.rendered("1-manifest", `v1-${name}.yaml`);
      const bundle = file("configmap-thingsboard-mqtt-ca-bundle");
      const text = readFileSync(bundle, "utf8");
      // The second root is gone, and what is left is whole.
      const second = text.lastIndexOf("    -----BEGIN");
      const end = text.indexOf("kind: ");
      writeFileSync(bundle, text.slice(0, second) + text.slice(end));
      expect(mismatches(lookAt(rotation, "now"))).toEqual([
        expect.stringMatching(/^the bundle in .*mqtt-ca-bundle.* is not whole/),
      ]);
      const secret = file("secret-thingsboard-tb-mqtts");
      truncateSync(secret, statSync(secret).size / 2);
      expect(() => lookAt(rotation, "now")).toThrow();
    });

    test("knows a step that was not done, or done twice", () => {
      const step: Step = { phase: "A stage", authority: "serverRoot" };
      const [first, second] = [before("A stage"), before("C activate")];
      const at = snapshots.momentOf("A stage");
      const span = { killed: at, finished: at };
      const done = { before: first, killed: first, after: second };
      const undone = { ...done, after: first };
      expect(ledgerLosses(step, undone, span)).toContainEqual(
        expect.stringContaining("the code"),
      );
      expect(issueLosses(step, undone)).toHaveLength(2);

      // A second key for the generation that the killed update had made.
      const keys = new Map(second.owned.keys).set(
        "state server-root-2027a-key",
        "another",
      );
      const killed = { ...second, owned: { ...second.owned, keys } };
      expect(issueLosses(step, { ...done, killed })).toContain(
        "the key of state server-root-2027a-key is lost",
      );

      // The waiting time of an update that never ran.
      const early = { killed: new Date(0), finished: new Date(0) };
      expect(ledgerLosses(step, done, early)).toContainEqual(
        expect.stringMatching(/2027a firstPublished is .*, and must be 1970/),
      );
    });

    test("knows a bundle that lost a root which the ledger trusts", () => {
      const look = before("C activate");
      const serverRoots = splitPem(look.holdings.serverRoots)[1] ?? "";
      const after = { ...look, holdings: { ...look.holdings, serverRoots } };
      const at = snapshots.momentOf("A stage");
      expect(
        ledgerLosses(
          { phase: "A stage", authority: "serverRoot" },
          { before: look, killed: look, after },
          { killed: at, finished: at },
        ),
      ).toEqual(["the server's Secret does not hold what server-root trusts"]);
      expect(
        Object.keys(look.ledgers["server-root"]?.evidence ?? {}),
      ).toContain(OLD);
    });
  });
});

function report(crashes: readonly Crash[]): void {
  const count = (matches: (crash: Crash) => boolean, among = crashes): number =>
    among.filter(matches).length;
  const lines = PHASES.map((phase) => {
    const own = crashes.filter((crash) => crash.phase === phase);
    const by = [
      ...ROTATED.map(
        (name) =>
          `${name} ${count(({ authority }) => authority === name, own)}`,
      ),
      ...(["engine", "program", "plugin"] as const).map(
        (name) => `${name} ${count(({ victim }) => victim === name, own)}`,
      ),
    ].join(", ");
    return (
      `${phase}: ${own.length} kills (${by}); ` +
      `${count(({ interrupted }) => interrupted, own)} in the middle of an operation, ` +
      `${count(({ halfDone }) => halfDone, own)} with the step half done; ` +
      `${count(({ completed }) => completed, own)} completed by the next run`
    );
  });
  const losses = crashes.flatMap((crash) => crash.losses);
  const looked = count(({ preview, completed }) => preview && completed);
  figures(
    `crash: updates killed in a rotation, seed ${SEED}`,
    [
      ...lines,
      `kills after which a ledger dates a bundle that no file holds yet, so that its publications must hold it back: ${count(({ early }) => early)}`,
      `previews after every ${KILLS_PER_PREVIEW}th kill, which must show no change: ${looked}`,
      `losses: ${losses.length}`,
    ].join("\n"),
  );
}
