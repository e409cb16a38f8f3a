import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrokerFiles } from "../../../support/broker";
import { Broker } from "../../../support/broker";
import { required } from "../../../support/rendered";
import type { Holdings } from "../../../support/rotationFleet";
import { LiveDevice } from "./device";
import { Telemetry } from "./telemetry";

/** How often each device publishes, in milliseconds. */
export const PERIOD = 100;

/** A mosquitto, devices that publish to it all the time, and one that listens. */
export class Site {
  /** Who was refused, at which occasion and why. */
  readonly couldNotReconnect: string[] = [];

  private constructor(
    readonly broker: Broker,
    readonly telemetry: Telemetry,
    /** The listening one is the last. */
    readonly devices: readonly LiveDevice[],
    private readonly folder: string,
    private mounted: Holdings,
  ) {}

  /**
   * @param folder empty, for the broker's files
   * @param ids of the devices; the last one listens
   */
  static async start(
    program: string,
    folder: string,
    holdings: Holdings,
    ids: readonly string[],
  ): Promise<Site> {
    const broker = await startBroker(program, folder, holdings);
    const devices = ids.map(
      (id) => new LiveDevice(id, broker.port, equipment(holdings, id)),
    );
    const listening = devices.at(-1);
    if (listening === undefined) {
      throw new Error("a site has at least one device, which listens");
    }
    const telemetry = new Telemetry(devices.slice(0, -1), listening, PERIOD);
    const site = new Site(broker, telemetry, devices, folder, holdings);
    try {
      await Promise.all(devices.map((device) => device.firstConnection()));
      await telemetry.start();
    } catch (error) {
      await site.stop();
      throw error;
    }
    return site;
  }

  /** Brings an update's files to the broker, as the runbooks say: another CA file needs a restart, another certificate a signal. */
  async bringToBroker(holdings: Holdings): Promise<void> {
    const before = this.mounted;
    this.mounted = holdings;
    mount(this.folder, holdings);
    if (holdings.deviceRoots !== before.deviceRoots) {
      await this.broker.restart();
    } else if (
      holdings.server.chain !== before.server.chain ||
      holdings.server.key !== before.server.key
    ) {
      await this.broker.reload();
    }
  }

  /** Gives some devices what they know the broker by. */
  bringBundle(holdings: Holdings, to: (place: number) => boolean): void {
    this.equip(to, (device) => ({
      ...device.equipment,
      bundle: holdings.serverRoots,
    }));
  }

  /** Gives some devices what they show. */
  bringCertificates(holdings: Holdings, to: (place: number) => boolean): void {
    this.equip(to, (device) => ({
      ...device.equipment,
      credentials: required(holdings.devices, device.id),
    }));
  }

  /** Makes every device connect anew with what it has, and keeps note of those that cannot. */
  async reconnectAll(occasion: string): Promise<void> {
    const came = await Promise.all(
      this.devices.map((device) => device.reconnect()),
    );
    this.devices
      .filter((_, place) => came[place] !== true)
      .forEach(({ id, refusal }) => {
        this.couldNotReconnect.push(`${id}, ${occasion}: ${refusal}`);
      });
  }

  /** How often devices have connected, the first time included. */
  connections(): number {
    return this.devices.reduce((sum, device) => sum + device.connections, 0);
  }

  async stop(): Promise<void> {
    this.telemetry.pause();
    try {
      await Promise.all(this.devices.map((device) => device.stop()));
    } finally {
      await this.broker.stop();
    }
  }

  private equip(
    to: (place: number) => boolean,
    change: (device: LiveDevice) => LiveDevice["equipment"],
  ): void {
    this.devices
      .filter((_, place) => to(place))
      .forEach((device) => {
        device.equipment = change(device);
      });
  }
}

/** What a device has that took everything from an update. */
export function equipment(
  holdings: Holdings,
  id: string,
): LiveDevice["equipment"] {
  return {
    bundle: holdings.serverRoots,
    credentials: required(holdings.devices, id),
  };
}

/** A broker on the files of an update. Messages it has acknowledged outlive its restarts. */
export async function startBroker(
  program: string,
  folder: string,
  holdings: Holdings,
): Promise<Broker> {
  mkdirSync(folder, { mode: 0o700 });
  return Broker.start(program, folder, mount(folder, holdings), {
    persistenceFolder: folder,
    tellsOfPackets: false,
  });
}

/** Puts an update's files where the broker reads them, without telling it. */
export function mount(folder: string, holdings: Holdings): BrokerFiles {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    chain: write("tls.crt", holdings.server.chain),
    key: write("tls.key", holdings.server.key),
    deviceRoot: write("ca-bundle.pem", holdings.deviceRoots),
  };
}
