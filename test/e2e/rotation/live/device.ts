import * as tls from "node:tls";
import { MqttClient } from "mqtt";
import type { Credentials } from "../../../support/rotationFleet";

const RECONNECT_AFTER = 100;
const PATIENCE = 60_000;
/** A connection may fall into the end of a broker's life; not as many in a row. */
const REFUSALS = 5;
/** A name of the demo broker's certificate, which devices verify. */
const BROKER = "mqtt.my-iot-cloud.com";

/** What a device knows and shows. */
export interface Equipment {
  /** What it knows the broker by, PEM. */
  readonly bundle: string;
  readonly credentials: Credentials;
}

/** A device that stays connected with the equipment it has, under a session that outlives its connections. */
export class LiveDevice {
  readonly client: MqttClient;
  /** How often it has got a session. */
  connections = 0;
  /** SHA-256 of the certificate that issued the broker's, as last shown; hex with colons. */
  brokersIssuer = "";
  /** Why its last connection ended before it had a session. */
  refusal = "";
  private refusals = 0;
  private reached = false;
  private connected = false;

  /** @param equipment may be replaced; it counts from the next connection on */
  constructor(
    readonly id: string,
    private readonly port: number,
    public equipment: Equipment,
  ) {
    this.client = new MqttClient(() => this.open(), {
      clientId: id,
      protocol: "mqtts",
      clean: false,
      keepalive: 60,
      reconnectPeriod: RECONNECT_AFTER,
      connectTimeout: PATIENCE,
    });
    // Not "connect", for which the client waits until it has sent again what it holds.
    this.client.on("packetreceive", (packet) => {
      if (packet.cmd === "connack" && packet.returnCode === 0) {
        this.connected = true;
        this.connections += 1;
      }
    });
    this.client.on("close", () => {
      // Nobody listens while a broker restarts, which is no verdict on the device.
      this.refusals += this.reached && !this.connected ? 1 : 0;
    });
    this.client.on("error", (error) => {
      this.refusal = error.message;
    });
  }

  /** Waits for the first session. */
  async firstConnection(): Promise<void> {
    if (!(await this.untilConnectedAfter(0))) {
      throw new Error(`${this.id} is refused at first: ${this.refusal}`);
    }
  }

  /** Drops the connection without a farewell, as a network does, and tells whether the device came back. */
  async reconnect(): Promise<boolean> {
    const { connections } = this;
    this.refusals = 0;
    this.client.stream.destroy();
    return this.untilConnectedAfter(connections);
  }

  async stop(): Promise<void> {
    await this.client.endAsync(true);
  }

  private open(): tls.TLSSocket {
    this.reached = false;
    this.connected = false;
    const { bundle, credentials } = this.equipment;
    const socket = tls.connect({
      host: "127.0.0.1",
      port: this.port,
      servername: BROKER,
      ca: bundle,
      cert: credentials.chain,
      key: credentials.key,
    });
    socket.once("connect", () => {
      this.reached = true;
    });
    socket.once("secureConnect", () => {
      this.brokersIssuer =
        socket.getPeerCertificate(true).issuerCertificate.fingerprint256;
    });
    return socket;
  }

  private async untilConnectedAfter(connections: number): Promise<boolean> {
    const end = Date.now() + PATIENCE;
    while (this.connections <= connections) {
      if (this.refusals >= REFUSALS || Date.now() > end) {
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }
}
