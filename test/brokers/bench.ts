import { X509Certificate } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { SecureVersion } from "node:tls";
import { BROKER_GENERATORS } from "../../platforms/brokers";
import { required } from "../support/rendered";
import type { BrokerDriver, Refusal, Refusals, RunningBroker } from "./driver";
import type { MountedVolume } from "./mounts";
import { writeVolume } from "./mounts";
import type { ClientOptions } from "./probe";
import { Session, shownBy, until, verdictOn } from "./probe";
import type { Credentials, Emitted, EmittedPod } from "./stack";

/** What the fleet was given, one update after another. */
export interface Updates {
  /** The beginning. */
  readonly first: Emitted;
  /** Another server certificate, both device roots, one device more revoked. */
  readonly second: Emitted;
  /** The old device root has gone. */
  readonly third: Emitted;
}

/** What of a pod changes alone. */
export type Input = "certificate" | "trust" | "crl";

/** Ends of the paths where these are mounted; the store of a Java broker is a part of the Secret. */
const FOLDERS: Readonly<Record<Input, RegExp>> = {
  certificate: /\/(server|secret)$/,
  trust: /\/(device-roots|secret)$/,
  crl: /\/crl$/,
};

/** A broker that runs on what was emitted for it, and what clients do with it. */
export class Bench {
  private emitted: Emitted;

  constructor(
    readonly driver: BrokerDriver,
    readonly broker: RunningBroker,
    readonly port: number,
    readonly updates: Updates,
    readonly expired: Credentials,
  ) {
    this.emitted = updates.first;
  }

  get reload(): EmittedPod["reload"] {
    return this.pod(this.emitted).reload;
  }

  /** How a device connects, by its own certificate and under its own id. */
  client(
    clientId: string,
    credentials?: Credentials,
    version?: SecureVersion,
  ): ClientOptions {
    return {
      port: this.port,
      anchors: this.updates.first.serverAnchors,
      clientId,
      ...(credentials !== undefined && { credentials }),
      ...(version !== undefined && { version }),
    };
  }

  /** A device of the first update. */
  device(id: string, version?: SecureVersion): ClientOptions {
    const { devices } = this.updates.first;
    return this.client(this.clientId(id), required(devices, id), version);
  }

  /** Under which client id a device connects. */
  clientId(id: string): string {
    return this.driver.clientIdOf?.(id) ?? id;
  }

  open(options: ClientOptions): Promise<Session> {
    return Session.open(options);
  }

  verdict(options: ClientOptions): Promise<string> {
    return verdictOn(options);
  }

  /** How it refuses; a case that asks is skipped where it does not. */
  refusal(which: keyof Refusals): Refusal {
    const refusal = this.driver.refusals[which];
    if (refusal === undefined) {
      throw new Error(`${nameOf(this.driver)} does not tell ${which}`);
    }
    return refusal;
  }

  /** Sees that a client is refused in each version of TLS, for the reason that is its own. */
  async refuses(
    refusal: Refusal,
    options: ClientOptions,
    versions: readonly SecureVersion[] = ["TLSv1.2", "TLSv1.3"],
  ): Promise<string> {
    const heard: string[] = [];
    for (const version of versions) {
      const from = this.broker.position;
      const verdict = await verdictOn({ ...options, version });
      expect(verdict).toMatch(refusal.client);
      if (refusal.log !== undefined) {
        await this.broker.waitFor(refusal.log, from);
      }
      heard.push(shortOf(verdict));
    }
    return [...new Set(heard)].join(" / ");
  }

  /** Whether the broker shows the server certificate of this update. */
  async shows(of: Emitted): Promise<boolean> {
    const shown = await shownBy(this.device("sensor-1"));
    return shown === new X509Certificate(of.server.chain).fingerprint256;
  }

  /** Mounts one input of an update, as the kubelet does some time after a Secret or ConfigMap has changed. */
  mount(input: Input, of: Emitted): void {
    this.emitted = of;
    for (const volume of this.pod(of).volumes) {
      if (FOLDERS[input].test(volume.mountPath)) {
        writeVolume(this.narrowed(input, volume));
      }
    }
  }

  /**
   * Does what the hint says, and waits until something holds. Before, where
   * the hint asks for something, it has to be needed.
   *
   * @param whole whether to wait where a command would make it faster
   * @returns what was done, and how long it took
   */
  async takeUp(
    input: Input,
    holds: () => Promise<boolean>,
    whole: boolean,
  ): Promise<string> {
    const hint = this.reload[input];
    if (hint === undefined) {
      throw new Error(`there is no hint for ${input}`);
    }
    const { way, command, seconds } = hint;
    if (way !== "watch") {
      await this.isNotTakenUp(input, holds);
    }
    const started = performance.now();
    const done =
      way === "restart"
        ? "restart"
        : command === undefined || (way === "watch" && whole)
          ? "watch"
          : command;
    if (done === "restart") {
      await this.broker.restart();
    } else if (done !== "watch" && command !== undefined) {
      await this.broker.signal(command);
    }
    await until(
      holds,
      () => `${input} to be taken up by ${done}`,
      (seconds + 5) * 1000,
    );
    return `${done}, ${((performance.now() - started) / 1000).toFixed(1)} s`;
  }

  /** Not without what the hint asks for, and where that is a restart, not by what would do for another input. */
  private async isNotTakenUp(
    input: Input,
    holds: () => Promise<boolean>,
  ): Promise<void> {
    const { certificate } = this.reload;
    const less = this.reload[input]?.way === "restart" && certificate.command;
    if (less !== undefined && less !== false) {
      await this.broker.signal(less);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await holds()).toBe(false);
  }

  /** Key store and trust store lie in one Secret; what changes alone is the one of them. */
  private narrowed(input: Input, volume: MountedVolume): MountedVolume {
    const { stores } = required(BROKER_GENERATORS, this.driver.kind);
    if (stores === undefined || !volume.mountPath.endsWith("/secret")) {
      return volume;
    }
    const { file } = input === "trust" ? stores.trust : stores.key;
    const before = readdirSync(volume.mountPath)
      .filter((name) => !name.startsWith(".."))
      .map((name): [string, Buffer] => [
        name,
        readFileSync(join(volume.mountPath, name)),
      ]);
    return {
      ...volume,
      files: {
        ...Object.fromEntries(before),
        [file]: required(volume.files, file),
      },
    };
  }

  private pod(of: Emitted): EmittedPod {
    return required(of.pods, nameOf(this.driver));
  }
}

/** What a broker is called in the table. */
export function nameOf({ name, kind }: BrokerDriver): string {
  return name ?? kind;
}

/** What is worth a place in a table: the alert's number, or what was heard instead. */
function shortOf(verdict: string): string {
  const alert = /alert number (\d+)/.exec(verdict);
  return alert === null ? verdict : `alert ${alert[1] ?? ""}`;
}
