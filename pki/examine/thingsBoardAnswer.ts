import { InputError, quote } from "../problem";

/** Whose loader reads the files. */
export const ThingsBoardLoader = {
  /** MQTT, HTTP, CoAP and LwM2M of ThingsBoard and of ThingsBoard Edge. */
  ThingsBoard: "THINGSBOARD",
  /** `EDGES_RPC_SSL_*` of tb-node, for the connections of ThingsBoard Edge; PEM only, from 4.3.1.1 and 4.2.2.1 on. */
  EdgeRpc: "EDGE_RPC",
  /** TBMQ: also opens encrypted PKCS#8, and trusts devices by the certificates in the file. */
  Tbmq: "TBMQ",
} as const;

export type LoaderName =
  (typeof ThingsBoardLoader)[keyof typeof ThingsBoardLoader];

/**
 * The loader of this name; left out, ThingsBoard's.
 *
 * @throws InputError for a loader that is none
 */
export function loaderNamed(
  name: string = ThingsBoardLoader.ThingsBoard,
): LoaderName {
  const known = Object.values(ThingsBoardLoader);
  const found = known.find((one) => one === name);
  if (found === undefined) {
    throw new InputError([
      {
        path: "loader",
        message: `${quote(name)} is none; write one of "${known.join('", "')}".`,
      },
    ]);
  }
  return found;
}

/** Whether ThingsBoard starts with its files, and whether clients then reach it. */
export interface ThingsBoardAnswer {
  /** It starts, and handshakes succeed as far as these files decide. */
  readonly ok: boolean;
  /** It starts. Where it does not, the plain port 1883 stays closed, too (thingsboard/thingsboard issue 15907). */
  readonly starts: boolean;
  /** Which row of what was tried with ThingsBoard's loader this is: `encrypted PKCS#8`. */
  readonly row: string;
  /** Why, and what to do; holds no secret. */
  readonly message: string;
}

/** What ends an examination before its end. */
export class Refusal extends Error {
  constructor(readonly answer: ThingsBoardAnswer) {
    super(answer.message);
  }
}

/** The server does not start. */
export function fails(row: string, message: string): Refusal {
  return new Refusal({ ok: false, starts: false, row, message });
}

/** The server starts, and whoever connects gets no handshake. */
export function deaf(row: string, message: string): Refusal {
  return new Refusal({
    ok: false,
    starts: true,
    row,
    message: `ThingsBoard starts, and every TLS handshake fails: ${message}`,
  });
}

/** What an examination answers, refusals included. */
export function answerOf(examine: () => string): ThingsBoardAnswer {
  try {
    const row = examine();
    return {
      ok: true,
      starts: true,
      row,
      message: "ThingsBoard starts with this.",
    };
  } catch (error) {
    if (error instanceof Refusal) {
      return error.answer;
    }
    throw error;
  }
}
