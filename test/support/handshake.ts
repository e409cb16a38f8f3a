import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { splitPem } from "./certificates";

/** Who meets whom, with what. */
export interface Meeting {
  readonly host: string;
  readonly server: string;
  readonly serverKey: string;
  readonly root: string;
  readonly chain: string;
  readonly key: string;
  readonly validates: boolean;
}

/**
 * A handshake over TLS 1.3 with the server's files, each side judging the other
 * as it does in the field: the device by the root and the name, TBMQ by the CAs
 * of its own file, ThingsBoard by nothing.
 *
 * @returns the common name the server sees
 */
export async function handshake(meeting: Meeting): Promise<string> {
  const [, ...authorities] = splitPem(meeting.server);
  const server = createServer({
    cert: meeting.server,
    key: meeting.serverKey,
    ca: authorities,
    requestCert: true,
    rejectUnauthorized: meeting.validates,
  });
  const seen = new Promise<string>((resolve, reject) => {
    server.once("secureConnection", (socket) => {
      const { subject } = socket.getPeerCertificate();
      socket.end();
      resolve(String(subject.CN));
    });
    server.once("tlsClientError", reject);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = connect({
    port,
    host: "127.0.0.1",
    servername: meeting.host,
    ca: meeting.root,
    cert: meeting.chain,
    key: meeting.key,
  });
  const failed = new Promise<never>((_resolve, reject) => {
    client.once("error", reject);
  });
  try {
    return await Promise.race([seen, failed]);
  } finally {
    client.destroy();
    server.close();
  }
}
