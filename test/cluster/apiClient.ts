import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** How a request is made. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly object?: unknown;
  /** Of a patch; a merge patch (RFC 7386) where it is left out. */
  readonly contentType?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  PATCH: "application/merge-patch+json",
};

/** Plain requests to an API server with a token. */
export class ApiClient {
  private readonly agent: Agent;

  /** @param sockets how many requests may be under way at once */
  constructor(
    private readonly url: string,
    authority: string,
    private readonly token: string,
    sockets = 16,
  ) {
    this.agent = new Agent({
      ca: authority,
      keepAlive: true,
      maxSockets: sockets,
    });
  }

  /** Makes a request, and answers whatever the API does. */
  async call(asked: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.open(asked);
    let text = "";
    for await (const part of answer.setEncoding("utf8")) {
      text += String(part);
    }
    return { status: answer.statusCode ?? 0, body: parsed(text) };
  }

  /** Makes a request, and answers as soon as the answer begins. */
  open({
    method,
    path,
    object,
    contentType,
  }: ApiRequest): Promise<IncomingMessage> {
    const body = object === undefined ? "" : JSON.stringify(object);
    return new Promise((resolve, reject) => {
      const asked = request(
        `${this.url}${path}`,
        {
          method,
          agent: this.agent,
          headers: {
            authorization: `Bearer ${this.token}`,
            accept: "application/json",
            "content-length": Buffer.byteLength(body),
            "content-type": contentType ?? TYPES[method] ?? "application/json",
          },
        },
        resolve,
      );
      asked.on("error", (error: NodeJS.ErrnoException) => {
        // The server may have gone, and come back, since the connection was last used.
        if (asked.reusedSocket && error.code === "ECONNRESET") {
          this.open({
            method,
            path,
            object,
            ...(contentType !== undefined && { contentType }),
          }).then(resolve, reject);
        } else {
          reject(error);
        }
      });
      asked.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
