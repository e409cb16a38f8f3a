import { readFileSync } from "node:fs";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Handshake, Verdict } from "./stack";

/** What a socket of Node's says of the certificate it was shown, in its own words. */
export function verdictOf(socket: tls.TLSSocket): Verdict {
  return socket.authorized
    ? "accepted"
    : `refused: ${describe(socket.authorizationError)}`;
}

/** An error as a verdict. */
export function refusal(error: unknown): Verdict {
  return `refused: ${describe(error)}`;
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${"code" in error ? String(error.code) : ""} ${error.message}`
    : String(error);
}

function listen(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

/**
 * Node's part of a handshake: listens, and speaks as server or as client, as
 * the stack's role leaves it.
 *
 * @param judge connects to the port and says what the stack thinks
 */
export async function withPeer(
  handshake: Handshake,
  judge: (port: number) => Promise<Verdict>,
): Promise<Verdict> {
  const peer =
    handshake.role === "client"
      ? servingPeer(handshake)
      : callingPeer(handshake);
  try {
    const verdict = await judge(await listen(peer.server));
    return verdict === "accepted" ? await peer.opinion() : verdict;
  } finally {
    peer.server.close();
    peer.end();
  }
}

interface Peer {
  readonly server: net.Server;
  /** What Node thinks of the other side, once that has accepted. */
  readonly opinion: () => Promise<Verdict>;
  readonly end: () => void;
}

function servingPeer({ peer, own, peerRoots }: Handshake): Peer {
  const sockets: net.Socket[] = [];
  const asks = own !== undefined && peerRoots !== undefined;
  const server = tls.createServer({
    cert: readFileSync(peer.chain),
    key: readFileSync(peer.key),
    ...(asks && {
      ca: readFileSync(peerRoots),
      requestCert: true,
      // Otherwise it hangs up without a word of why.
      rejectUnauthorized: false,
    }),
  });
  const verdict = new Promise<Verdict>((resolve) => {
    server.on("secureConnection", (socket) => {
      resolve(asks ? verdictOf(socket) : "accepted");
    });
    server.on("tlsClientError", (error) => {
      resolve(`refused: by the server: ${error.message}`);
    });
  });
  server.on("connection", (socket: net.Socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    // Whoever reads on hears of the end.
    socket.resume();
  });
  return {
    server,
    opinion: () => verdict,
    end: () => {
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

function callingPeer({ peer, host }: Handshake): Peer {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    const client = callAsDevice(socket, peer, host);
    client.on("error", () => undefined);
  });
  return {
    server,
    opinion: () => Promise.resolve("accepted"),
    end: () => {
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

/** A device that shows its certificate and looks at nothing itself: here it is the one who is judged. */
export function callAsDevice(
  socket: net.Socket,
  { chain, key }: Handshake["peer"],
  host: string,
): tls.TLSSocket {
  const client = tls.connect({
    socket,
    cert: readFileSync(chain),
    key: readFileSync(key),
    ...(net.isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
  });
  client.resume();
  return client;
}
