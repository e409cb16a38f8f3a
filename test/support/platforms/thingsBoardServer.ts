import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { ThingsBoard } from "./thingsBoard";
import { answer } from "./thingsBoardRoutes";
import type { Caller, Sent } from "./thingsBoardRoutes";
import { Refusal, TENANT } from "./thingsBoardStore";

/** With what the double serves. */
export interface ServerOptions {
  /** Certificate and key, PEM. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** How long a token counts. Default 9000, as the real one's. */
  readonly tokenSeconds?: number;
}

/**
 * What a test has the server do with a request: answer a status in the place of
 * carrying it out, hang up before, carry it out and hang up, or nothing special.
 */
export type Disturbance = number | "hang up" | "lose the answer" | undefined;

/** A request that came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly status: number;
}

const LARGEST_BODY = 16 * 1024 * 1024;

/**
 * The double of ThingsBoard as an HTTP or HTTPS server on a port of its own;
 * what it does, and how that is known, stands in thingsBoard.ts.
 */
export class ThingsBoardServer {
  readonly platform = new ThingsBoard();
  readonly requests: SeenRequest[] = [];
  /** Asked before each request is answered. */
  disturb: (
    method: string,
    path: string,
  ) => Disturbance | Promise<Disturbance> = () => undefined;
  private readonly callers = new Map<string, Caller>();
  private readonly users = new Map<string, string>();
  private readonly tokens = new Map<string, number>();
  private readonly refreshTokens = new Set<string>();
  private server: http.Server | undefined;
  private port = 0;

  constructor(private readonly options: ServerOptions = {}) {
    this.platform.store.saveProfile(TENANT, {
      name: "default",
      type: "DEFAULT",
      transportType: "DEFAULT",
      provisionType: "DISABLED",
      default: true,
      profileData: {
        configuration: { type: "DEFAULT" },
        transportConfiguration: { type: "DEFAULT" },
        provisionConfiguration: { type: "DISABLED" },
      },
    });
  }

  /** Listens; after a stop on the same port again. */
  async start(): Promise<this> {
    const { tls } = this.options;
    const handle = (
      request: http.IncomingMessage,
      response: http.ServerResponse,
    ): void => {
      void this.handle(request, response);
    };
    this.server =
      tls === undefined
        ? http.createServer(handle)
        : https.createServer(tls, handle);
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server !== undefined) {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    }
  }

  get url(): string {
    const { tls } = this.options;
    return tls === undefined
      ? `http://127.0.0.1:${this.port}`
      : `https://localhost:${this.port}`;
  }

  /** A new key of a user's. */
  apiKey(authority = "TENANT_ADMIN", tenant = TENANT): string {
    const key = `tb_${randomBytes(24).toString("base64url")}`;
    this.callers.set(key, { authority, tenant });
    return key;
  }

  /** A user of the tenant's administrators. */
  user(name: string, password: string): void {
    this.users.set(name, password);
  }

  /** Lets every token end now. */
  endTokens(): void {
    this.tokens.clear();
  }

  /** Lets users log in anew. */
  endRefreshTokens(): void {
    this.refreshTokens.clear();
  }

  /** How many requests of a kind came: `POST /api/deviceProfile`. */
  count(request: string): number {
    return this.requests.filter(
      ({ method, path }) => `${method} ${path.split("?")[0] ?? ""}` === request,
    ).length;
  }

  private async handle(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { method = "", url: path = "" } = request;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
    } catch {
      // The client went in the middle of its body.
      return;
    }
    const body = Buffer.concat(chunks);
    const disturbance = await this.disturb(method, path);
    if (disturbance === "hang up") {
      this.requests.push({ method, path, bytes: body.length, status: 0 });
      response.destroy();
      return;
    }
    const { status, value } =
      typeof disturbance === "number"
        ? failure(new Refusal(disturbance, "as the test wants it"))
        : this.respond(method, path, request.headers, body);
    if (disturbance === "lose the answer") {
      this.requests.push({ method, path, bytes: body.length, status: 0 });
      response.destroy();
      return;
    }
    this.requests.push({ method, path, bytes: body.length, status });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(value === undefined ? "" : JSON.stringify(value));
  }

  private respond(
    method: string,
    target: string,
    headers: http.IncomingHttpHeaders,
    body: Buffer,
  ): { status: number; value: unknown } {
    try {
      if (body.length > LARGEST_BODY) {
        throw new Refusal(413, "Payload size exceeds the limit");
      }
      const url = new URL(target, "http://double");
      const sent: Sent = {
        route: `${method} ${url.pathname}`,
        query: url.searchParams,
        body: body.length === 0 ? undefined : parseBody(body),
      };
      const value = url.pathname.startsWith("/api/auth/")
        ? this.authenticate(sent)
        : answer(this.platform, this.caller(headers), sent);
      return { status: 200, value };
    } catch (error) {
      return failure(error);
    }
  }

  private caller(headers: http.IncomingHttpHeaders): Caller {
    const [kind, value = ""] = String(headers["x-authorization"] ?? "").split(
      " ",
    );
    if (kind === "ApiKey") {
      const caller = this.callers.get(value);
      if (caller !== undefined) {
        return caller;
      }
      throw new Refusal(401, "Authentication failed", 10);
    }
    const until = this.tokens.get(value);
    if (kind !== "Bearer" || until === undefined) {
      throw new Refusal(401, "Authentication failed", 10);
    }
    if (until < Date.now()) {
      throw new Refusal(401, "Token has expired", 11);
    }
    return { authority: "TENANT_ADMIN", tenant: TENANT };
  }

  private authenticate({ route, body }: Sent): unknown {
    const given = (body ?? {}) as Record<string, unknown>;
    if (route === "POST /api/auth/login") {
      const known = this.users.get(String(given.username));
      if (known === undefined || known !== given.password) {
        throw new Refusal(401, "Invalid username or password", 10);
      }
      return this.newTokens();
    }
    if (
      route === "POST /api/auth/token" &&
      this.refreshTokens.has(String(given.refreshToken))
    ) {
      return this.newTokens();
    }
    throw new Refusal(401, "Authentication failed", 10);
  }

  private newTokens(): { token: string; refreshToken: string } {
    const [token, refreshToken] = [0, 1].map(() =>
      randomBytes(24).toString("base64url"),
    ) as [string, string];
    const seconds = this.options.tokenSeconds ?? 9_000;
    this.tokens.set(token, Date.now() + seconds * 1_000);
    this.refreshTokens.add(refreshToken);
    return { token, refreshToken };
  }
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refusal(400, "JSON parse error");
  }
}

function failure(error: unknown): { status: number; value: unknown } {
  const { status, errorCode } =
    error instanceof Refusal ? error : { status: 500, errorCode: 2 };
  const message = error instanceof Error ? error.message : String(error);
  return {
    status,
    value: {
      status,
      message,
      errorCode,
      timestamp: new Date().toISOString(),
    },
  };
}
