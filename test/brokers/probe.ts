import * as tls from "node:tls";
import { connectAsync } from "mqtt";
import type { MqttClient } from "mqtt";
import { generate, parser } from "mqtt-packet";
import type { Credentials } from "./stack";

/** Who connects, and how. */
export interface ClientOptions {
  readonly port: number;
  /** What it knows the broker by, PEM. */
  readonly anchors: string;
  /** Left out by whoever has no certificate. */
  readonly credentials?: Credentials;
  readonly version?: tls.SecureVersion;
  readonly clientId: string;
}

export const HOST = "localhost";

/** In TLS 1.3 the client is done before the broker has judged it; whoever then talks at once may not hear the verdict. */
const VERDICT = 300;
const PATIENCE = 15_000;
/** What a client hears of a listener that is closed, or closes before it has begun to talk. */
const CLOSED = ["ECONNREFUSED", "ECONNRESET"];

function secure({
  port,
  anchors,
  credentials,
  version,
}: ClientOptions): tls.ConnectionOptions {
  return {
    host: "127.0.0.1",
    port,
    servername: HOST,
    ca: anchors,
    ...(version !== undefined && { minVersion: version, maxVersion: version }),
    // Below 1.2, OpenSSL itself refuses the signatures.
    ...(version === "TLSv1.1" && { ciphers: "DEFAULT@SECLEVEL=0" }),
    ...(credentials !== undefined && {
      cert: credentials.chain,
      key: credentials.key,
    }),
  };
}

/**
 * Does something with a connection. Artemis closes its listener for some
 * milliseconds while it takes up a file: who comes just then, or waited to be
 * let in, tries again, as devices do.
 */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  const end = Date.now() + 2000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!CLOSED.includes(code ?? "") || Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/**
 * Connects and says CONNECT; answers what comes of it: `connack <code>`, the
 * TLS alert in OpenSSL's words, or `closed` where the broker says nothing.
 */
export function verdictOn(options: ClientOptions): Promise<string> {
  return persistently(() => verdictOnce(options));
}

function verdictOnce(options: ClientOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(secure(options));
    const done = (verdict: string): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(verdict);
    };
    const late = setTimeout(() => {
      done("silence");
    }, PATIENCE);
    const packets = parser();
    packets.on("packet", (packet) => {
      done(
        packet.cmd === "connack"
          ? `connack ${packet.returnCode ?? packet.reasonCode ?? ""}`
          : packet.cmd,
      );
    });
    let talked = false;
    socket.on("secureConnect", () => {
      talked = true;
      const wait = socket.getProtocol() === "TLSv1.3" ? VERDICT : 0;
      setTimeout(() => {
        if (!socket.destroyed) {
          socket.write(
            generate({
              cmd: "connect",
              protocolId: "MQTT",
              protocolVersion: 4,
              clean: true,
              clientId: options.clientId,
              keepalive: 60,
            }),
          );
        }
      }, wait);
    });
    socket.on("data", (bytes: Buffer) => {
      packets.parse(bytes);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!talked && CLOSED.includes(error.code ?? "")) {
        clearTimeout(late);
        reject(error);
      }
      done(error.message);
    });
    socket.on("close", () => {
      done("closed");
    });
  });
}

/** SHA-256 fingerprint of the certificate that a broker shows. */
export function shownBy(options: ClientOptions): Promise<string> {
  return persistently(
    () =>
      new Promise((resolve, reject) => {
        const socket = tls.connect(secure(options), () => {
          const { fingerprint256 } = socket.getPeerCertificate();
          socket.destroy();
          resolve(fingerprint256);
        });
        socket.on("error", reject);
      }),
  );
}

/** A device's connection that stays open. */
export class Session {
  private readonly messages: { topic: string; text: string }[] = [];
  private ended = false;

  private constructor(private readonly client: MqttClient) {
    client.on("message", (topic, payload) => {
      this.messages.push({ topic, text: payload.toString() });
    });
    client.on("close", () => {
      this.ended = true;
    });
    client.on("error", () => undefined);
  }

  static async open(options: ClientOptions): Promise<Session> {
    const { host: _host, port: _port, ...rest } = secure(options);
    const client = await persistently(() =>
      connectAsync(
        `mqtts://127.0.0.1:${options.port}`,
        {
          ...(rest as object),
          clientId: options.clientId,
          reconnectPeriod: 0,
          connectTimeout: PATIENCE,
          keepalive: 60,
        },
        false,
      ),
    );
    return new Session(client);
  }

  /** Whether the connection is there still. */
  get lives(): boolean {
    return !this.ended && this.client.connected;
  }

  async subscribe(topic: string): Promise<void> {
    await this.client.subscribeAsync(topic, { qos: 1 });
  }

  /** Ends without an answer where the broker closes the connection over it. */
  publish(topic: string, text: string): Promise<void> {
    return new Promise((resolve) => {
      this.client.once("close", resolve);
      this.client.publish(topic, text, { qos: 1 }, () => {
        resolve();
      });
    });
  }

  /** The first messages, once there are so many. */
  async received(count: number): Promise<string[]> {
    await until(
      () => this.messages.length >= count,
      () => `${count} messages; there are ${JSON.stringify(this.messages)}`,
    );
    return this.messages.map(({ text }) => text);
  }

  async untilEnded(): Promise<void> {
    await until(
      () => !this.lives,
      () => "the end of a connection",
    );
  }

  async end(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** Waits for something; fails where it does not come. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string,
  patience = PATIENCE,
): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Error(`waited ${patience / 1000} s for ${what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
