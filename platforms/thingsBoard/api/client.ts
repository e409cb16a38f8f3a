import { z } from "zod";
import type { ThingsBoardAccess } from "./access";
import {
  Fault,
  ThingsBoardError,
  answerError,
  connectionError,
  isFault,
} from "./errors";
import type { Answer } from "./transport";
import { Transport } from "./transport";

/** How a request may be treated. */
export interface RequestOptions {
  /** Sending it again does no harm where its answer was lost. */
  readonly repeatable?: boolean;
  /** Where it takes longer than others. */
  readonly timeoutSeconds?: number;
}

/** How patient a client is. */
export interface ClientOptions {
  /** Milliseconds before each further attempt. Default 500, 1000, 2000. */
  readonly delays?: readonly number[];
}

const DELAYS = [500, 1_000, 2_000];
/** A server that asks for more is told to the user. */
const LONGEST_WAIT = 30;
const TIMEOUT = 60;

const tokenSchema = z.object({ token: z.string(), refreshToken: z.string() });
const messageSchema = z.object({ message: z.string() });
type Tokens = z.infer<typeof tokenSchema>;

/**
 * ThingsBoard's REST API, as a tenant administrator.
 *
 * An API key goes with each request. A user logs in, and again where the token
 * has ended. What can be repeated is tried four times where the server is out
 * of reach, busy or broken. Nothing is redirected: the key would go along.
 *
 * @see https://thingsboard.io/docs/reference/rest-api/
 *
 * @example
 * ```ts
 * const client = new ThingsBoardClient({ url, apiKey });
 * const profile = await client.get(`/api/deviceProfile/${id}`, profileSchema);
 * ```
 */
export class ThingsBoardClient {
  private readonly transport: Transport;
  private readonly delays: readonly number[];
  private tokens: Tokens | undefined;

  constructor(
    private readonly access: ThingsBoardAccess,
    { delays = DELAYS }: ClientOptions = {},
  ) {
    this.transport = new Transport(access.url, access.caPem);
    this.delays = delays;
  }

  /** Where it is, for messages. */
  get url(): string {
    return this.access.url;
  }

  /** @throws ThingsBoardError */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.call("GET", path, undefined, schema, { repeatable: true });
  }

  /**
   * As {@link get}; `undefined` where there is no such thing.
   *
   * @throws ThingsBoardError
   */
  async find<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await this.get(path, schema);
    } catch (error) {
      if (isFault(error, Fault.NotFound)) {
        return undefined;
      }
      throw error;
    }
  }

  /** @throws ThingsBoardError */
  post<T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    return this.call("POST", path, JSON.stringify(body), schema, options);
  }

  /**
   * As {@link post}, of a body that is JSON text already.
   *
   * @throws ThingsBoardError
   */
  postText<T>(
    path: string,
    body: string,
    schema: z.ZodType<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    return this.call("POST", path, body, schema, options);
  }

  /**
   * Answers whether it was there.
   *
   * @throws ThingsBoardError
   */
  async delete(path: string): Promise<boolean> {
    try {
      await this.call("DELETE", path, undefined, z.unknown(), {
        repeatable: true,
      });
      return true;
    } catch (error) {
      if (isFault(error, Fault.NotFound)) {
        return false;
      }
      throw error;
    }
  }

  /** Ends the connections. */
  close(): void {
    this.transport.close();
  }

  private async call<T>(
    method: string,
    path: string,
    body: string | undefined,
    schema: z.ZodType<T>,
    options: RequestOptions,
  ): Promise<T> {
    const request = `${method} ${path.split("?")[0] ?? path}`;
    const answer = await this.authorized(method, path, body, options);
    if (answer.status < 200 || answer.status > 299) {
      throw this.refused(answer, request);
    }
    const value = answer.text === "" ? undefined : parseJson(answer.text);
    const result = schema.safeParse(value);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new ThingsBoardError(
        Fault.NotThingsBoard,
        "url",
        `${this.url} answers ${request} with something else than ThingsBoard does (${value === undefined ? "no JSON" : `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`}); see that the URL is ThingsBoard's, of version 3.5 or later.`,
      );
    }
    return result.data;
  }

  /** With a token that is made anew once, where the server does not take it any more. */
  private async authorized(
    method: string,
    path: string,
    body: string | undefined,
    options: RequestOptions,
  ): Promise<Answer> {
    const { apiKey } = this.access;
    if (apiKey !== undefined) {
      const header = `ApiKey ${apiKey}`;
      return this.attempt(method, path, body, header, options);
    }
    const before = this.tokens ?? (await this.logIn());
    const send = ({ token }: Tokens): Promise<Answer> =>
      this.attempt(method, path, body, `Bearer ${token}`, options);
    const answer = await send(before);
    if (answer.status !== 401) {
      return answer;
    }
    // Another request may have been faster with it.
    const known = this.tokens;
    const renewed =
      known !== undefined && known.token !== before.token
        ? known
        : await this.renew(before);
    return send(renewed);
  }

  private async renew({ refreshToken }: Tokens): Promise<Tokens> {
    const answer = await this.attempt(
      "POST",
      "/api/auth/token",
      JSON.stringify({ refreshToken }),
      undefined,
      { repeatable: true },
    );
    const tokens = tokenSchema.safeParse(parseJson(answer.text));
    if (answer.status === 200 && tokens.success) {
      this.tokens = tokens.data;
      return tokens.data;
    }
    return this.logIn();
  }

  private async logIn(): Promise<Tokens> {
    const { username, password } = this.access;
    const answer = await this.attempt(
      "POST",
      "/api/auth/login",
      JSON.stringify({ username, password }),
      undefined,
      { repeatable: true },
    );
    if (answer.status !== 200) {
      throw this.refused(answer, "POST /api/auth/login");
    }
    const tokens = tokenSchema.safeParse(parseJson(answer.text));
    if (!tokens.success) {
      throw new ThingsBoardError(
        Fault.NotThingsBoard,
        "url",
        `${this.url} answers a login without a token; see that the URL is ThingsBoard's.`,
      );
    }
    this.tokens = tokens.data;
    return tokens.data;
  }

  private async attempt(
    method: string,
    path: string,
    body: string | undefined,
    authorization: string | undefined,
    { repeatable = false, timeoutSeconds }: RequestOptions,
  ): Promise<Answer> {
    const seconds = timeoutSeconds ?? this.access.timeoutSeconds ?? TIMEOUT;
    for (let number = 0; ; number += 1) {
      const delay = repeatable ? this.delays[number] : undefined;
      try {
        const answer = await this.transport.send({
          method,
          path,
          timeoutSeconds: seconds,
          headers:
            authorization === undefined
              ? {}
              : { "x-authorization": authorization },
          ...(body !== undefined && { body }),
        });
        const wait = answer.retryAfter ?? 0;
        const passes = [429, 502, 503, 504].includes(answer.status);
        if (!passes || delay === undefined || wait > LONGEST_WAIT) {
          return answer;
        }
        await pause(Math.max(delay, wait * 1000));
      } catch (error) {
        const told = connectionError(error, this.url, seconds);
        // Who is not trusted, or has had all the time, is not asked again.
        if (delay === undefined || told.fault !== Fault.Unreachable) {
          throw told;
        }
        await pause(delay);
      }
    }
  }

  private refused({ status, text }: Answer, request: string): ThingsBoardError {
    const parsed = messageSchema.safeParse(parseJson(text));
    return answerError({
      status,
      said: parsed.success ? this.withoutSecrets(parsed.data.message) : "",
      request,
      url: this.url,
      credentials: this.access.apiKey === undefined ? "password" : "apiKey",
    });
  }

  /** What a server says is not ours to trust: it might repeat what it was sent. */
  private withoutSecrets(text: string): string {
    const { apiKey, password } = this.access;
    const secrets = [
      apiKey,
      password,
      this.tokens?.token,
      this.tokens?.refreshToken,
    ];
    return secrets
      .filter((secret) => secret !== undefined && secret !== "")
      .reduce<string>(
        (left, secret) => left.replaceAll(secret ?? "", "(secret)"),
        text.replace(/\s+/g, " ").slice(0, 300),
      );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
