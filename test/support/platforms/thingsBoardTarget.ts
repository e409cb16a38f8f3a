import { randomBytes } from "node:crypto";
import type { Properties } from "../../provider/support/wire";
import { secret } from "../../provider/support/wire";
import { ThingsBoardServer } from "./thingsBoardServer";

/** A ThingsBoard that a suite runs against: the double, or a real one. */
export class Target {
  /** In the names of what is made, so that a real one may be used again. */
  readonly mark = randomBytes(4).toString("hex");

  private constructor(
    readonly url: string,
    /** The double, where it is one. */
    readonly double: ThingsBoardServer | undefined,
    private readonly credentials: Readonly<Record<string, string>>,
  ) {}

  static async double(): Promise<Target> {
    const server = await new ThingsBoardServer().start();
    return new Target(server.url, server, { apiKey: server.apiKey() });
  }

  /** The one that the environment names. */
  static live(): Promise<Target> {
    const {
      THINGSBOARD_URL: url = "",
      THINGSBOARD_API_KEY: apiKey = "",
      THINGSBOARD_USERNAME: username = "",
      THINGSBOARD_PASSWORD: password = "",
    } = process.env;
    const credentials = apiKey === "" ? { username, password } : { apiKey };
    return Promise.resolve(new Target(url, undefined, credentials));
  }

  /** The argument `server`. */
  get server(): Properties {
    const { apiKey, username, password } = this.credentials;
    return {
      url: this.url,
      ...(apiKey !== undefined && { apiKey: secret(apiKey) }),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password: secret(password) }),
    };
  }

  /** What the environment of an import says. */
  get environment(): Record<string, string> {
    const names = {
      apiKey: "THINGSBOARD_API_KEY",
      username: "THINGSBOARD_USERNAME",
      password: "THINGSBOARD_PASSWORD",
    } as const;
    return {
      THINGSBOARD_URL: this.url,
      ...Object.fromEntries(
        Object.entries(names).flatMap(([name, variable]) => {
          const value = this.credentials[name];
          return value === undefined ? [] : [[variable, value]];
        }),
      ),
    };
  }

  /** What no message may hold. */
  get secrets(): string[] {
    const { apiKey, password } = this.credentials;
    return [apiKey, password].filter((text) => text !== undefined);
  }

  /** A request of the test's own, past the client that is tested; fails where the answer is no success. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        "x-authorization": await this.authorization(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async stop(): Promise<void> {
    await this.double?.stop();
  }

  private async authorization(): Promise<string> {
    const { apiKey, username, password } = this.credentials;
    if (apiKey !== undefined) {
      return `ApiKey ${apiKey}`;
    }
    const response = await fetch(`${this.url}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    const { token } = (await response.json()) as { token: string };
    return `Bearer ${token}`;
  }
}

/**
 * A suite that runs against the double, and against a real ThingsBoard where
 * `THINGSBOARD_URL` names one; where none is named, one line says so.
 */
export function describeThingsBoards(
  title: string,
  body: (target: () => Target) => void,
): void {
  const suite = (start: () => Promise<Target>) => (): void => {
    let target: Target | undefined;
    beforeAll(async () => {
      target = await start();
    });
    afterAll(async () => {
      await target?.stop();
    });
    body(() => {
      if (target === undefined) {
        throw new Error("a target is there within tests only");
      }
      return target;
    });
  };
  describe(
    `${title}, the double of ThingsBoard`,
    suite(() => Target.double()),
  );
  const live = `${title}, the ThingsBoard of THINGSBOARD_URL`;
  if ((process.env.THINGSBOARD_URL ?? "") === "") {
    process.stdout.write(
      `skipped: ${live}; set THINGSBOARD_URL, and THINGSBOARD_API_KEY or THINGSBOARD_USERNAME and THINGSBOARD_PASSWORD of a tenant administrator\n`,
    );
    return;
  }
  describe(
    live,
    suite(() => Target.live()),
  );
}
