import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { Broker, staysUser } from "../support/broker";
import type { ApiServer } from "./apiServer";
import { NAMESPACE } from "./exampleCluster";
import { freePorts } from "./freePorts";
import { mapPaths, mountVolumes } from "./mountedVolumes";

/**
 * Starts a mosquitto as the container of the Deployment of that name would:
 * with its volumes, its arguments and the configuration among them, at a port
 * of its own.
 *
 * @param folder for what is mounted
 */
export async function startAsPod(
  cluster: ApiServer,
  mosquitto: string,
  folder: string,
): Promise<Broker> {
  const container = await mountVolumes(cluster, NAMESPACE, "mosquitto", folder);
  const [program, option, mounted = ""] = container.args;
  if (program !== "mosquitto" || option !== "-c") {
    throw new Error(`this is no mosquitto: ${container.args.join(" ")}`);
  }
  const [port = 0] = await freePorts(1);
  const text = readFileSync(mapPaths(mounted, container), "utf8");
  const configuration = join(folder, "mosquitto.conf");
  writeFileSync(
    configuration,
    [
      mapPaths(text, container).replace(
        /^listener 8883$/m,
        `listener ${port} 127.0.0.1`,
      ),
      ...staysUser(),
      "",
    ].join("\n"),
  );
  return Broker.startOn(mosquitto, configuration, port);
}

/** A device's connection; without `cert` and `key`, that of somebody who has none. */
export interface DeviceOptions {
  readonly port: number;
  /** The name under which it reaches the broker. */
  readonly host: string;
  /** PEM. */
  readonly root: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** What a device does with its connection. */
export interface Connection {
  /** Publishes a message and answers what comes back on its topic. */
  echo(topic: string, text: string): Promise<string>;
  end(): Promise<void>;
}

/** Connects over TLS, comparing the broker's names; fails where either side refuses the other. */
export async function connection({
  port,
  host,
  root,
  ...credentials
}: DeviceOptions): Promise<Connection> {
  const client = await connectAsync(
    `mqtts://127.0.0.1:${port}`,
    {
      servername: host,
      ca: root,
      ...credentials,
      reconnectPeriod: 0,
      connectTimeout: 20_000,
    },
    false,
  );
  return {
    echo: async (topic, text) => {
      await client.subscribeAsync(topic, { qos: 1 });
      const received = new Promise<string>((resolve) => {
        client.once("message", (_, payload) => {
          resolve(payload.toString());
        });
      });
      await client.publishAsync(topic, text, { qos: 1 });
      return received;
    },
    end: () => client.endAsync(),
  };
}
