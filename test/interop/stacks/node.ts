import { readFileSync } from "node:fs";
import * as net from "node:net";
import * as tls from "node:tls";
import { refusal, verdictOf, withPeer } from "./peer";
import type { Handshake, Judge, Stack, Verdict } from "./stack";

/** Node's TLS, which is the OpenSSL that comes with it. */
export const node: Stack = {
  name: "Node",
  howToGet: "it runs the tests",
  find: () => ({
    version: `Node ${process.versions.node} (OpenSSL ${process.versions.openssl})`,
    start: (): Judge => ({
      judge: (handshake) =>
        withPeer(handshake, (port) =>
          handshake.role === "client"
            ? connect(handshake, port)
            : accept(handshake, port),
        ),
      end: () => undefined,
    }),
  }),
};

function connect(
  { host, roots, own }: Handshake,
  port: number,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      ca: readFileSync(roots),
      // Node compares the certificate's names with the one that was asked for, if need be an address.
      ...(net.isIP(host) === 0
        ? { servername: host }
        : {
            checkServerIdentity: (_name, certificate) =>
              tls.checkServerIdentity(host, certificate),
          }),
      ...(own && { cert: readFileSync(own.chain), key: readFileSync(own.key) }),
    });
    socket.on("secureConnect", () => {
      socket.end();
      resolve(verdictOf(socket));
    });
    socket.on("error", (error) => {
      resolve(refusal(error));
    });
  });
}

function accept({ roots, own }: Handshake, port: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const server = tls.createServer({
      requestCert: true,
      // Otherwise it hangs up without a word of why.
      rejectUnauthorized: false,
      ca: readFileSync(roots),
      ...(own && { cert: readFileSync(own.chain), key: readFileSync(own.key) }),
    });
    server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      resolve(verdictOf(socket));
      socket.destroy();
    });
    server.on("tlsClientError", (error) => {
      resolve(refusal(error));
    });
    const plain = net.connect(port, "127.0.0.1", () => {
      // A server that does not listen takes a connection it is given.
      server.emit("connection", plain);
    });
  });
}
