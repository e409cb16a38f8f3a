import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { BrokerGenerator } from "../../platforms/brokers";
import { BROKER_GENERATORS, BrokerIdentity } from "../../platforms/brokers";
import { freePorts } from "../cluster/freePorts";
import { Fleet } from "../support/fleet";
import { required } from "../support/rendered";
import { nameOf } from "./bench";
import type { BrokerDriver } from "./driver";
import type { MountedVolume } from "./mounts";

/** What the program is configured with. */
export interface BrokersSetting {
  readonly serverNames: readonly string[];
  readonly devices: readonly string[];
  /** One of the devices, of whom brokers are told nothing. */
  readonly stranger: string;
  readonly revoked: readonly string[];
  readonly trust: "first" | "both" | "next";
  readonly brokers: readonly {
    readonly name: string;
    readonly kind: string;
    /** Folder that stands for the root of its container. */
    readonly root: string;
    readonly port: number;
    readonly revocation: boolean;
    readonly stores: boolean;
    readonly identity: string;
    readonly topics?: readonly string[];
    /** ConfigMap with the roots, where that is to be there already. */
    readonly trustBundle?: string;
  }[];
}

export const DEVICE = "sensor-1";
/** An id that is more than one word for brokers that divide topics by dots. */
export const DOTTED = "sensor.2";
export const REVOKED = "sensor-revoked";
/** It is revoked while brokers run. */
export const REVOKED_LATER = "sensor-revoked-later";
export const STRANGER = "sensor-stranger";
const DEVICES = [DEVICE, DOTTED, REVOKED, REVOKED_LATER, STRANGER];

const DAY = 86_400_000;

const reloadSchema = z.object({
  way: z.enum(["watch", "signal", "restart"]),
  command: z.string().exactOptional(),
  seconds: z.number(),
  liveSessions: z.string(),
});
const reloadsSchema = z.object({
  certificate: reloadSchema,
  trust: reloadSchema,
  crl: reloadSchema.exactOptional(),
  configuration: reloadSchema,
});
const podSchema = z.object({
  volumes: z.array(
    z.object({
      name: z.string(),
      secret: z
        .object({ secretName: z.string(), defaultMode: z.number() })
        .exactOptional(),
      configMap: z.object({ name: z.string() }).exactOptional(),
    }),
  ),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
  env: z.array(
    z.object({
      name: z.string(),
      value: z.string().exactOptional(),
      valueFrom: z
        .object({
          secretKeyRef: z.object({ name: z.string(), key: z.string() }),
        })
        .exactOptional(),
    }),
  ),
  args: z.array(z.string()),
  podAnnotations: z.record(z.string(), z.string()),
  reload: reloadsSchema,
});
const outputsSchema = z.object({
  brokers: z.record(z.string(), podSchema),
  serverAnchors: z.string(),
  impostorChain: z.string(),
  impostorKey: z.string(),
});

/** A device's certificate with those above it, and its key, PEM. */
export interface Credentials {
  readonly chain: string;
  readonly key: string;
}

/** What one update has made, for one broker. */
export interface EmittedPod {
  readonly volumes: readonly MountedVolume[];
  readonly environment: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly reload: z.infer<typeof reloadsSchema>;
}

/** What one update has made. */
export interface Emitted {
  readonly pods: Readonly<Record<string, EmittedPod>>;
  readonly serverAnchors: string;
  /** The broker's own certificate, with its key. */
  readonly server: Credentials;
  /** A server's certificate under a device's name, of the CA of devices. */
  readonly impostor: Credentials;
  readonly devices: Readonly<Record<string, Credentials>>;
  readonly nextDevices: Readonly<Record<string, Credentials>>;
  readonly foreignDevices: Readonly<Record<string, Credentials>>;
  /** Of a CA below the root, of which there is no revocation list. */
  readonly unlistedDevices: Readonly<Record<string, Credentials>>;
}

/** A rendered stack with the configuration of some brokers, updated as a fleet is in its life. */
export class BrokerStack {
  readonly ports = new Map<string, number>();
  /** A device whose certificate of long ago has ended. */
  expired: Credentials = { chain: "", key: "" };

  private constructor(
    readonly fleet: Fleet,
    private settings: BrokersSetting,
  ) {}

  static async create(drivers: readonly BrokerDriver[]): Promise<BrokerStack> {
    const fleet = new Fleet("test/brokers/program");
    const ports = await freePorts(drivers.length);
    const stack = new BrokerStack(fleet, {
      serverNames: ["localhost"],
      devices: DEVICES,
      stranger: STRANGER,
      revoked: [REVOKED],
      trust: "first",
      brokers: drivers.map((driver, index) => {
        const { kind, withoutRevocation = false, topics } = driver;
        const generator = required(BROKER_GENERATORS, kind);
        const name = nameOf(driver);
        return {
          name,
          kind,
          root: rootOf(fleet, name),
          port: ports[index] ?? 0,
          revocation: generator.readsRevocationList && !withoutRevocation,
          stores: generator.stores !== undefined,
          identity: driver.identity ?? usualIdentity(generator),
          ...(topics !== undefined && { topics }),
        };
      }),
    });
    drivers.forEach((driver, index) =>
      stack.ports.set(nameOf(driver), ports[index] ?? 0),
    );
    fleet.configure("mqtt-pki:allowClockOverride", true);
    fleet.configure("mqtt-pki:namespace", "mqtt");
    fleet.configure("storePassword", ' a&b<c]]>"x$1\\ ');
    // Issued long ago; what comes next renews them, under the same CAs.
    stack.configure({});
    await fleet.up({ now: new Date(Date.now() - 400 * DAY) });
    const old = fleet.path("expired");
    mkdirSync(old);
    cpSync(fleet.rendered("devices", DEVICE), old, { recursive: true });
    stack.expired = credentials(old);
    return stack;
  }

  /** @param name of the broker in the table */
  root(name: string): string {
    return rootOf(this.fleet, name);
  }

  /** Updates the stack, and reads what it has made. */
  async up(change: Partial<BrokersSetting> = {}): Promise<Emitted> {
    this.configure(change);
    await this.fleet.up();
    const { stdout } = await this.fleet.engine(
      "stack",
      "output",
      "--json",
      "--show-secrets",
    );
    const outputs = outputsSchema.parse(JSON.parse(stdout));
    const devices = (folder: string) =>
      Object.fromEntries(
        DEVICES.map((id) => [id, credentials(this.fleet.rendered(folder, id))]),
      );
    const secret = this.objectData("secret", "server");
    return {
      serverAnchors: outputs.serverAnchors,
      server: {
        chain: required(secret, "tls.crt").toString(),
        key: required(secret, "tls.key").toString(),
      },
      impostor: { chain: outputs.impostorChain, key: outputs.impostorKey },
      devices: devices("devices"),
      nextDevices: devices("next-devices"),
      foreignDevices: devices("foreign-devices"),
      unlistedDevices: devices("unlisted-devices"),
      pods: Object.fromEntries(
        Object.entries(outputs.brokers).map(([kind, pod]) => [
          kind,
          this.podOf(pod),
        ]),
      ),
    };
  }

  remove(): void {
    this.fleet.remove();
  }

  private configure(change: Partial<BrokersSetting>): void {
    this.settings = { ...this.settings, ...change };
    this.fleet.configure("brokers", this.settings);
  }

  private podOf(pod: z.infer<typeof podSchema>): EmittedPod {
    const { args, podAnnotations, reload } = pod;
    return {
      args,
      podAnnotations,
      reload,
      volumes: pod.volumeMounts.map(({ name, mountPath }) => {
        const volume = pod.volumes.find((one) => one.name === name);
        const { secret, configMap } = volume ?? {};
        return {
          mountPath,
          mode: secret?.defaultMode ?? 0o644,
          files:
            secret !== undefined
              ? this.objectData("secret", secret.secretName)
              : this.objectData("configmap", configMap?.name ?? ""),
        };
      }),
      environment: Object.fromEntries(
        pod.env.map(({ name, value, valueFrom }) => {
          const reference = valueFrom?.secretKeyRef;
          return [
            name,
            reference === undefined
              ? (value ?? "")
              : required(
                  this.objectData("secret", reference.name),
                  reference.key,
                ).toString(),
          ];
        }),
      ),
    };
  }

  /** The files of a rendered object. */
  private objectData(kind: string, name: string): Record<string, Buffer> {
    const file = this.fleet.rendered(
      "1-manifest",
      `v1-${kind}-mqtt-${name}.yaml`,
    );
    const { data } = z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(parse(readFileSync(file, "utf8")));
    return Object.fromEntries(
      Object.entries(data).map(([key, text]) => [
        key,
        Buffer.from(text, kind === "secret" ? "base64" : "utf8"),
      ]),
    );
  }
}

function usualIdentity({ identities }: BrokerGenerator): string {
  return identities.includes(BrokerIdentity.CommonName)
    ? BrokerIdentity.CommonName
    : BrokerIdentity.None;
}

function rootOf(fleet: Fleet, name: string): string {
  return fleet.path("pods", name.toLowerCase().replaceAll(" ", "-"));
}

function credentials(folder: string): Credentials {
  return {
    chain: readFileSync(join(folder, "chain.pem"), "utf8"),
    key: readFileSync(join(folder, "key.pem"), "utf8"),
  };
}
