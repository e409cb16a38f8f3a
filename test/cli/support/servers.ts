import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import * as tls from "node:tls";
import { generate, parser } from "mqtt-packet";

/** Servers of a test on the loopback interface, all closed at its end. */
export class Servers {
  private readonly open: Server[] = [];
  private readonly sockets = new Set<Socket>();

  /** A server that speaks MQTT over TLS as far as CONNACK with a return code, or answers a text that is no MQTT. */
  tls(options: tls.TlsOptions, answer: number | string = 0): Promise<number> {
    const server = tls.createServer(options, (socket) => {
      const incoming = parser();
      incoming.on("packet", ({ cmd }) => {
        if (cmd === "connect") {
          socket.write(
            typeof answer === "string"
              ? answer
              : generate({
                  cmd: "connack",
                  returnCode: answer,
                  sessionPresent: false,
                }),
          );
        }
      });
      socket.on("data", (bytes: Buffer) => incoming.parse(bytes));
      socket.on("error", () => undefined);
    });
    server.on("tlsClientError", () => undefined);
    return this.listen(server);
  }

  /** A server that answers whatever comes with a text, or says nothing at all. */
  plain(text: string | undefined): Promise<number> {
    return this.listen(
      createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => {
          if (text !== undefined) {
            socket.end(text);
          }
        });
      }),
    );
  }

  /** A port on which nothing listens. */
  async closedPort(): Promise<number> {
    const server = createServer();
    const port = await this.listen(server);
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await Promise.all(
      this.open
        .filter(({ listening }) => listening)
        .map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  private listen(server: Server): Promise<number> {
    this.open.push(server);
    server.on("connection", (socket) => {
      this.sockets.add(socket);
    });
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
      });
    });
  }
}
