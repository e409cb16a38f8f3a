import { isIP } from "node:net";
import * as tls from "node:tls";
import { encodePem } from "../../pki/pem";
import type { BrokerTarget } from "./target";

/** How to connect. */
export interface ConnectOptions {
  /** The name that is asked for (SNI); the host where left out. */
  readonly servername?: string;
  /** Milliseconds without an answer after which a place counts as out of reach. */
  readonly timeout: number;
}

/** What a client shows, PEM. */
export interface Credentials {
  readonly chain: string;
  readonly key: string;
}

/**
 * Opens a connection that refuses nothing: neither a certificate, nor the weak
 * keys and old versions that some brokers still have. It is there to look.
 */
export function connect(
  { host, port }: BrokerTarget,
  { servername = host }: ConnectOptions,
  credentials?: Credentials,
): tls.TLSSocket {
  return tls.connect({
    host,
    port,
    ...(isIP(servername) === 0 && { servername }),
    rejectUnauthorized: false,
    // Without anchors of its own, Node adds none to the chain that the broker sends.
    ca: [],
    minVersion: "TLSv1",
    ciphers: "DEFAULT:aNULL@SECLEVEL=0",
    ...(credentials !== undefined && {
      cert: credentials.chain,
      key: credentials.key,
    }),
  });
}

/**
 * The chain that a broker sends, leaf first, PEM.
 *
 * @throws Error with a sentence for people
 * @example
 * ```ts
 * await readChain(target, { timeout: 10_000 }); // "-----BEGIN CERTIFICATE-----\n…"
 * ```
 */
export function readChain(
  target: BrokerTarget,
  options: ConnectOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(target, options);
    let chain = "";
    const fail = (sentence: string): void => {
      socket.destroy();
      reject(new Error(sentence));
    };
    // A broker that wants a certificate ends a handshake of TLS 1.2 before it is over for us. Its own chain has come by then.
    socket.on("keylog", () => {
      chain ||= chainOf(socket);
    });
    socket.on("secureConnect", () => {
      chain ||= chainOf(socket);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (chain === "") {
        fail(connectionProblem(error, target, options));
      }
    });
    socket.on("close", () => {
      if (chain === "") {
        fail("speaks TLS and shows no certificate.");
      } else {
        resolve(chain);
      }
    });
    socket.setTimeout(options.timeout, () => {
      fail(timeoutSentence(options));
    });
  });
}

function chainOf(socket: tls.TLSSocket): string {
  const found: string[] = [];
  let next: Partial<tls.DetailedPeerCertificate> | undefined =
    socket.getPeerCertificate(true);
  // Node answers an empty object where there is none, and a root that is its own issuer.
  while (Buffer.isBuffer(next?.raw)) {
    const pem = encodePem("CERTIFICATE", next.raw);
    if (found.includes(pem)) {
      break;
    }
    found.push(pem);
    next = next.issuerCertificate;
  }
  return found.join("");
}

/** What is said of a broker that does not answer. */
export function timeoutSentence({ timeout }: ConnectOptions): string {
  return `does not answer within ${timeout / 1000} s.`;
}

/** Why no TLS came about, as a sentence. */
export function connectionProblem(
  error: NodeJS.ErrnoException,
  { host, port }: Pick<BrokerTarget, "host" | "port">,
  options: ConnectOptions,
): string {
  const { code = "" } = error;
  const alert = alertOf(error);
  if (alert !== undefined) {
    return `refuses the handshake before it shows a certificate (${alert}); where names matter to it, try another --servername.`;
  }
  switch (code) {
    case "ECONNREFUSED":
      return `refuses the connection: nothing listens on port ${port}.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `cannot be found: no address is known for ${host}.`;
    case "ETIMEDOUT":
      return timeoutSentence(options);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `cannot be reached: there is no way to ${host}.`;
    case "ECONNRESET":
    case "EPIPE":
      return "closes the connection in the middle of the handshake.";
    default:
      return /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|HTTP|BAD_RECORD_TYPE|RECORD_LAYER_FAILURE)/.test(
        code,
      )
        ? "answers something that is not TLS; is it the port without TLS?"
        : `cannot be asked (${code || error.name}).`;
  }
}

/** RFC 8446 §6, by number: the names OpenSSL prints differ between its versions. */
const ALERTS: Readonly<Record<string, string>> = {
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  51: "decrypt_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  112: "unrecognized_name",
  116: "certificate_required",
};

/** The alert by which the other side ended a connection, `undefined` where it sent none. */
export function alertOf(error: Error): string | undefined {
  const number = /SSL alert number (\d+)/.exec(error.message)?.[1];
  return number === undefined
    ? undefined
    : (ALERTS[number] ?? `alert ${number}`);
}
