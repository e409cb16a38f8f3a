import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import * as mqtt from "mqtt-packet";
import type { ThingsBoard } from "./thingsBoard";
import type { StoredDevice } from "./thingsBoardStore";
import { keepTelemetry } from "./thingsBoardTelemetry";

const NOT_AUTHORIZED = 5;
const NOT_AUTHORIZED_5 = 0x87;

/** What became of a CONNECT. */
export interface SeenConnect {
  readonly clientId: string;
  /** `credentials`, `profile`, `new`, or why it was refused. */
  readonly outcome: string;
}

/**
 * MQTT over TLS as ThingsBoard's transport speaks it: each certificate is let
 * through the handshake, and who is not known gets CONNACK 5.
 */
export class ThingsBoardMqttFront {
  readonly connects: SeenConnect[] = [];
  private readonly server: tls.Server;
  private readonly sockets = new Set<tls.TLSSocket>();

  private constructor(
    private readonly platform: ThingsBoard,
    files: { readonly cert: string; readonly key: string },
  ) {
    this.server = tls.createServer(
      { ...files, requestCert: true, rejectUnauthorized: false },
      (socket) => {
        this.serve(socket);
      },
    );
    // A handshake that fails is the device's to tell.
    this.server.on("tlsClientError", () => undefined);
  }

  /** @param files chain and key of the broker, PEM */
  static async start(
    platform: ThingsBoard,
    files: { readonly cert: string; readonly key: string },
  ): Promise<ThingsBoardMqttFront> {
    const front = new ThingsBoardMqttFront(platform, files);
    front.server.listen(0, "127.0.0.1");
    await once(front.server, "listening");
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    await once(this.server, "close");
  }

  private serve(socket: tls.TLSSocket): void {
    const parser = mqtt.parser();
    let device: StoredDevice | undefined;
    let protocolVersion = 4;
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => parser.parse(chunk));
    parser.on("error", () => socket.destroy());
    const reply = (packet: mqtt.Packet): void => {
      socket.write(mqtt.generate(packet, { protocolVersion }));
    };
    parser.on("packet", (packet: mqtt.Packet) => {
      if (packet.cmd === "connect") {
        protocolVersion = packet.protocolVersion ?? 4;
        device = this.connect(packet.clientId, socket);
        const code =
          device !== undefined
            ? 0
            : protocolVersion === 5
              ? NOT_AUTHORIZED_5
              : NOT_AUTHORIZED;
        reply({
          cmd: "connack",
          sessionPresent: false,
          returnCode: code,
          reasonCode: code,
        });
        if (device === undefined) {
          socket.end();
        }
      } else if (device === undefined) {
        socket.destroy();
      } else {
        this.take(device, packet, reply, socket);
      }
    });
  }

  private connect(
    clientId: string,
    socket: tls.TLSSocket,
  ): StoredDevice | undefined {
    const connection = this.platform.connect(presented(socket), new Date());
    this.connects.push({
      clientId,
      outcome: connection.accepted ? connection.by : connection.reason,
    });
    return connection.accepted ? connection.device : undefined;
  }

  private take(
    device: StoredDevice,
    packet: mqtt.Packet,
    reply: (packet: mqtt.Packet) => void,
    socket: tls.TLSSocket,
  ): void {
    switch (packet.cmd) {
      case "publish":
        if (packet.topic === "v1/devices/me/telemetry") {
          try {
            keepTelemetry(device, packet.payload.toString());
          } catch {
            // What is no JSON ends the connection.
            socket.destroy();
            return;
          }
        }
        if (packet.qos === 1) {
          reply({ cmd: "puback", messageId: packet.messageId ?? 0 });
        }
        break;
      case "subscribe":
        reply({
          cmd: "suback",
          messageId: packet.messageId ?? 0,
          granted: packet.subscriptions.map(({ qos }) => qos),
        });
        break;
      case "pingreq":
        reply({ cmd: "pingresp" });
        break;
      case "disconnect":
        socket.end();
        break;
    }
  }
}

/** The chain that a device sent, leaf first, PEM; empty where it sent none. */
function presented(socket: tls.TLSSocket): string {
  const blocks: string[] = [];
  // Of a device without any it is an empty object, whatever its type says.
  let certificate = socket.getPeerCertificate(true) as
    Partial<tls.DetailedPeerCertificate> | undefined;
  const seen = new Set<string>();
  while (
    certificate?.raw !== undefined &&
    !seen.has(certificate.fingerprint256 ?? "")
  ) {
    seen.add(certificate.fingerprint256 ?? "");
    blocks.push(
      `-----BEGIN CERTIFICATE-----\n${certificate.raw.toString("base64").replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    );
    certificate = certificate.issuerCertificate;
  }
  return blocks.join("");
}
