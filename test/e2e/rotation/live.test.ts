import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "../../support/broker";
import { certificateAt } from "../../support/certificates";
import { describeWith, findProgram } from "../../support/command";
import { WHOLE_PROOF, figures } from "../../support/figures";
import type { AuthorityName, Holdings } from "../../support/rotationFleet";
import { RotationFleet } from "../../support/rotationFleet";
import { LiveDevice } from "./live/device";
import type { Experience, Rotation } from "./live/rotate";
import { rotate } from "./live/rotate";
import { PERIOD, Site, equipment, mount, startBroker } from "./live/site";

// Devices that publish to a real mosquitto while its CAs, and theirs, are rotated to the end.

/** That publish; one more listens. */
const PUBLISHERS = WHOLE_PROOF ? 50 : 10;

const ROTATIONS: readonly Rotation[] = WHOLE_PROOF
  ? [
      { authorities: ["serverCA"], stage: 1, activate: 1.01, retire: 2 },
      { authorities: ["serverRoot"], stage: 3, activate: 11, retire: 12 },
      { authorities: ["deviceRoot"], stage: 13, activate: 13.01, retire: 14 },
      { authorities: ["deviceCA"], stage: 15, activate: 15.01, retire: 16 },
    ]
  : [
      {
        // Two CAs may move in the same update.
        authorities: ["serverRoot", "deviceRoot"],
        stage: 3,
        activate: 11,
        retire: 12,
      },
    ];

/** As refusals name them. */
const NAMES: Readonly<Record<AuthorityName, string>> = {
  serverRoot: "server-root",
  serverCA: "server-ca",
  deviceRoot: "device-root",
  deviceCA: "device-ca",
};

jest.setTimeout(900_000);

describeWith(
  { name: "mosquitto", path: findProgram("mosquitto") },
  "apt-get install mosquitto",
  "a mosquitto and its devices, live through rotations",
  (program) => {
    const fleet = new RotationFleet(PUBLISHERS + 1);
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), "mqtt-pki-live-")));
    const stops: (() => Promise<void>)[] = [];
    let initial: Holdings;

    beforeAll(async () => {
      for (const name of [
        "serverRoot",
        "serverCA",
        "deviceRoot",
        "deviceCA",
      ] as const) {
        fleet.write(name, { "2026a": "active" });
      }
      await fleet.update(fleet.day(0));
      initial = fleet.holdings();
    });

    afterEach(async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
    });

    afterAll(() => {
      fleet.remove();
      rmSync(scratch, { recursive: true, force: true });
    });

    async function startSite(
      name: string,
      holdings: Holdings,
      ids: readonly string[],
    ): Promise<Site> {
      const folder = join(scratch, name);
      const site = await Site.start(program, folder, holdings, ids);
      stops.push(() => site.stop());
      return site;
    }

    /** The rotations before have acknowledged I4 for the server root, which still holds. */
    function acknowledgeAll(at: Date): void {
      const until = new Date(at.getTime() + 86_400_000)
        .toISOString()
        .slice(0, 10);
      fleet.fleet.configure(
        "serverRoot.acknowledge",
        ["I3", "I4"].map((rule) => ({ rule, reason: "by force", until })),
      );
    }

    test("no message is lost and no device cut off", async () => {
      const site = await startSite("whole", initial, fleet.devices);
      const experiences: [Rotation, Experience][] = [];
      for (const rotation of ROTATIONS) {
        experiences.push([rotation, await rotate(fleet, site, rotation)]);
      }
      figures(
        `live: ${PUBLISHERS} devices publish at QoS 1 every ${PERIOD} ms to mosquitto; one more listens`,
        experiences.map(([of, had]) => line(of, had)).join("\n"),
      );
      for (const [{ authorities }, experience] of experiences) {
        const { published, reconnects } = experience;
        expect(experience).toMatchObject({
          lost: 0,
          couldNotReconnect: [],
          acknowledged: published,
          arrived: published,
        });
        // The count counts: everybody connected anew eight times, and published in between.
        expect(published).toBeGreaterThan(PUBLISHERS);
        expect(reconnects).toBeGreaterThanOrEqual(8 * (PUBLISHERS + 1));
        expect(experience.refusal).toMatch(
          new RegExp(
            `"2026a" of (${authorities.map((name) => NAMES[name]).join("|")}) would leave the trust bundle, .*\\(I4\\)`,
          ),
        );
      }
    });

    test("mosquitto takes its certificate on SIGHUP, and its CA file on a restart only", async () => {
      const final = fleet.holdings();
      const folder = join(scratch, "signalled");
      const broker: Broker = await startBroker(program, folder, initial);
      stops.push(() => broker.stop());
      const bundle = initial.serverRoots + final.serverRoots;
      const device = (id: string, from: Holdings) => {
        const made = new LiveDevice(id, broker.port, {
          ...equipment(from, id),
          bundle,
        });
        stops.push(() => made.stop());
        return made;
      };
      const [first = "", second = ""] = fleet.devices;
      const ofOldRoot = device(first, initial);
      await ofOldRoot.firstConnection();
      expect(ofOldRoot.brokersIssuer).toBe(issuerOf(initial));

      mount(folder, {
        ...final,
        deviceRoots: initial.deviceRoots + final.deviceRoots,
      });
      await broker.reload();
      expect(await ofOldRoot.reconnect()).toBe(true);
      expect(ofOldRoot.brokersIssuer).toBe(issuerOf(final));
      const ofNewRoot = device(second, final);
      expect(await ofNewRoot.reconnect()).toBe(false);
      expect(ofNewRoot.connections).toBe(0);

      await broker.restart();
      expect(await ofNewRoot.reconnect()).toBe(true);
      expect(await ofOldRoot.reconnect()).toBe(true);
    });

    test("a device is counted that a root cuts off, where an update is forced which the rules refuse", async () => {
      const site = await startSite(
        "forced",
        fleet.holdings(),
        fleet.devices.slice(0, 4),
      );
      const day = (ROTATIONS.at(-1)?.retire ?? 0) + 1;
      fleet.write("serverRoot", { "2027a": "active", "2028a": "staged" });
      await fleet.update(fleet.day(day));
      const staged = fleet.holdings();
      // All but one have the bundle.
      const [late] = site.devices;
      site.bringBundle(staged, (place) => place > 0);
      await site.reconnectAll("staged");
      expect(site.couldNotReconnect).toEqual([]);

      const tooEarly = fleet.day(day + 1);
      fleet.write("serverRoot", { "2027a": "retiring", "2028a": "active" });
      expect(await fleet.refusal(tooEarly)).toContain("(I3)");
      acknowledgeAll(tooEarly);
      await fleet.update(tooEarly);
      await site.bringToBroker(fleet.holdings());
      await site.reconnectAll("forced");
      expect(site.couldNotReconnect).toEqual([
        expect.stringMatching(
          new RegExp(`^${late?.id ?? ""}, forced: .*certificate`),
        ),
      ]);
      const cutOff = site.telemetry.counts();
      expect(cutOff.acknowledged).toBeLessThan(cutOff.published);

      // With the bundle it comes back, and what it had to say is not lost.
      site.bringBundle(staged, () => true);
      expect(await late?.reconnect()).toBe(true);
      const { published, ...counts } = await site.telemetry.settle();
      expect(counts).toMatchObject({
        acknowledged: published,
        arrived: published,
        lost: 0,
      });
      figures(
        "live, the other way round: a root activated by force before one device of four had the bundle",
        `could not reconnect: ${site.couldNotReconnect.length}`,
      );
    });
  },
);

function issuerOf({ server }: Holdings): string {
  return certificateAt(server.chain, 1).fingerprint256;
}

function line({ authorities }: Rotation, experience: Experience): string {
  const { updates, reconnects, published, acknowledged, arrived } = experience;
  return [
    `${authorities.join(" and ")}: ${updates} updates, ${reconnects} reconnects`,
    `${published} published, ${acknowledged} acknowledged, ${arrived} arrived`,
    `${experience.lost} lost, ${experience.duplicates} duplicates`,
    `${experience.couldNotReconnect.length} could not reconnect`,
  ].join("; ");
}
