import { randomBytes } from "node:crypto";
import { generate, parser } from "mqtt-packet";
import type { ConnectOptions, Credentials } from "./connection";
import {
  alertOf,
  connect,
  connectionProblem,
  timeoutSentence,
} from "./connection";
import type { BrokerTarget } from "./target";

/** How a broker answers a device. */
export const Answer = {
  Accepted: "accepted",
  /** By an alert of TLS, or by closing without a word. */
  Refused: "refused",
  /** TLS took the certificate, MQTT did not take the device. */
  NotAuthorized: "notAuthorized",
  /** Nobody can tell: no answer, or one that is not MQTT. */
  Unknown: "unknown",
} as const;

/** A broker's answer to one device. */
export interface DeviceAnswer {
  /** One of {@link Answer}. */
  readonly answer: string;
  /** The alert, the return code, or why there is no answer. */
  readonly detail?: string;
}

/** CONNACK return codes of MQTT 3.1.1 (§3.2.2.3). */
const RETURN_CODES: Readonly<Record<number, string>> = {
  1: "unacceptable protocol version",
  2: "identifier rejected",
  3: "server unavailable",
  4: "bad user name or password",
  5: "not authorized",
};

/**
 * Connects as a device, as far as CONNACK, and leaves at once. In TLS 1.3 a
 * refusal comes after the client's handshake is over, so that only an answer
 * to CONNECT says that the broker took the certificate.
 *
 * The client identifier is one of its own: under the device's, a broker would
 * disconnect the device that is there.
 */
export function tryDevice(
  target: BrokerTarget,
  options: ConnectOptions,
  credentials: Credentials,
): Promise<DeviceAnswer> {
  return new Promise((resolve) => {
    const socket = connect(target, options, credentials);
    // Once keys are agreed upon, the broker has seen what it asked for, or is about to.
    let isAnswered = false;
    const answer = (result: DeviceAnswer): void => {
      resolve(result);
      socket.destroy();
    };
    const incoming = parser();
    incoming.on("packet", (packet) => {
      if (packet.cmd !== "connack") {
        answer(notMqtt());
      } else {
        const code = packet.returnCode ?? 0;
        if (code === 0) {
          socket.write(generate({ cmd: "disconnect" }));
        }
        answer(fromReturnCode(code));
      }
    });
    incoming.on("error", () => {
      answer(notMqtt());
    });
    socket.on("keylog", () => {
      isAnswered = true;
    });
    socket.on("secureConnect", () => {
      socket.write(generate(connectPacket()));
    });
    socket.on("data", (bytes: Buffer) => {
      incoming.parse(bytes);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const alert = alertOf(error);
      answer(
        alert !== undefined
          ? { answer: Answer.Refused, detail: alert }
          : isAnswered
            ? closed()
            : {
                answer: Answer.Unknown,
                detail: connectionProblem(error, target, options),
              },
      );
    });
    socket.on("close", () => {
      answer(closed());
    });
    socket.setTimeout(options.timeout, () => {
      answer({ answer: Answer.Unknown, detail: timeoutSentence(options) });
    });
  });
}

function connectPacket(): Parameters<typeof generate>[0] {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: 30,
    // Letters and digits, 23 at most: every broker takes those (MQTT 3.1.1 §3.1.3.1).
    clientId: `probe${randomBytes(8).toString("hex")}`,
  };
}

function fromReturnCode(code: number): DeviceAnswer {
  return code === 0
    ? { answer: Answer.Accepted }
    : {
        answer: Answer.NotAuthorized,
        detail: `CONNACK ${code}, ${RETURN_CODES[code] ?? "unknown"}`,
      };
}

function closed(): DeviceAnswer {
  return { answer: Answer.Refused, detail: "closed without an alert" };
}

function notMqtt(): DeviceAnswer {
  return {
    answer: Answer.Unknown,
    detail: "takes the certificate and answers CONNECT with no MQTT.",
  };
}
