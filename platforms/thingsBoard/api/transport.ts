import * as http from "node:http";
import * as https from "node:https";

/** A request as it goes over the wire. */
export interface Exchange {
  readonly method: string;
  /** From the root of the server's API on: `/api/deviceProfile`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutSeconds: number;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Seconds the server asks to wait, of a `Retry-After`. */
  readonly retryAfter: number | undefined;
}

/** Sends requests over connections that are kept. */
export class Transport {
  private readonly base: URL;
  private readonly agent: http.Agent;

  /** @param caPem roots in the place of Node's */
  constructor(url: string, caPem?: string) {
    this.base = new URL(url);
    // Not fetch: it takes roots of its own only from a package that Node does not hand out.
    this.agent =
      this.base.protocol === "https:"
        ? new https.Agent({
            keepAlive: true,
            maxSockets: 8,
            ...(caPem !== undefined && { ca: caPem }),
          })
        : new http.Agent({ keepAlive: true, maxSockets: 8 });
  }

  /** @throws what Node throws where there is no answer */
  send(exchange: Exchange): Promise<Answer> {
    const { method, path, headers, body, timeoutSeconds } = exchange;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const target = `${this.base.pathname.replace(/\/$/, "")}${path}`;
    const module = this.base.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
      const request = module.request(
        new URL(target, this.base),
        {
          method,
          agent: this.agent,
          signal: AbortSignal.timeout(timeoutSeconds * 1000),
          headers: {
            accept: "application/json",
            ...(bytes !== undefined && {
              "content-type": "application/json",
              "content-length": bytes.length,
            }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const wait = Number(response.headers["retry-after"]);
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(chunks).toString("utf8"),
              retryAfter: Number.isFinite(wait) ? wait : undefined,
            });
          });
        },
      );
      request.on("error", reject);
      request.end(bytes);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
