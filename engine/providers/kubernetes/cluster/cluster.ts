import type { KubeConfig, ResponseContext } from "@kubernetes/client-node";

import { TimeoutError } from "../../../../cluster/failure";
import { loadKubeconfig } from "../../../../cluster/kubeconfig";
import { EngineError, messageOf } from "../../../errors";
import type { ProviderLog } from "../../../plugins/provider";
import { isMap, parse, type PropertyMap } from "../../../values";
import type { ClusterSettings } from "../settings";
import { ApiError, NoAnswer } from "./apiError";
import { Patience, type Contact } from "./patience";
import { unreachable } from "./refusals";

/** A request to the API. */
export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Default: JSON. */
  contentType?: string;
  /** The resource on whose behalf it is made. */
  urn: string;
}

/** How many requests are under way at once; more only wait in the API's own queues. */
const AT_ONCE = 16;

/** How long an answer may take, in milliseconds. Admission webhooks have up to 30 s. */
const ANSWER = 60_000;

const USER_AGENT = "mqtt-pki";

/**
 * The API of a cluster. The client of the API is loaded with the first request, for it is large; connections are kept.
 * A request whose answer does not come is made again where nothing can happen twice by that.
 */
export class Cluster {
  /** Names of namespaces that a preview has planned to make. */
  readonly planned = new Set<string>();
  private readonly contact: Contact = {
    reached: false,
    away: 0,
    givenUp: false,
  };
  private config: Promise<KubeConfig> | undefined;
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(
    readonly settings: ClusterSettings,
    readonly log: ProviderLog,
  ) {}

  /** The URL of the API. */
  async server(): Promise<string> {
    const config = await this.kubeconfig();
    return config.getCurrentCluster()?.server ?? "";
  }

  /** The namespace of objects that name none. */
  async namespace(): Promise<string> {
    if (this.settings.namespace !== "") {
      return this.settings.namespace;
    }
    const config = await this.kubeconfig();
    const context = config.getContextObject(config.getCurrentContext());
    return context?.namespace ?? "default";
  }

  /**
   * Asks the API, and asks again while it is away for a moment.
   *
   * @throws ApiError where it refuses, EngineError where it cannot be reached
   */
  async request(request: ApiRequest): Promise<PropertyMap> {
    const patience = new Patience(this.contact);
    for (;;) {
      try {
        return await this.once(request);
      } catch (error) {
        await this.pause(error, patience, request.urn);
      }
    }
  }

  /**
   * Asks once, in its turn.
   *
   * @throws ApiError or NoAnswer
   */
  async once(request: ApiRequest): Promise<PropertyMap> {
    await this.enter();
    try {
      const answer = await this.send(request);
      this.answered();
      return answer;
    } catch (error) {
      if (error instanceof ApiError) {
        this.answered();
      }
      throw error;
    } finally {
      this.leave();
    }
  }

  /** How a series of requests is made that has rules of its own. */
  patience(): Patience {
    return new Patience(this.contact);
  }

  /** Waits before the next attempt, or throws what it failed with. */
  async pause(error: unknown, patience: Patience, urn: string): Promise<void> {
    const wait = patience.after(error);
    if (wait === undefined) {
      throw error instanceof NoAnswer
        ? unreachable(error, await this.server())
        : error;
    }
    const why =
      error instanceof ApiError ? `answers ${error.code}` : "does not answer";
    this.log({
      severity: "info",
      urn,
      message: `waiting for the API server, which ${why} (${Math.round(patience.waited / 1000)} s so far)`,
      passing: true,
    });
    await new Promise((resolve) => setTimeout(resolve, wait));
  }

  private answered(): void {
    this.contact.reached = true;
    this.contact.givenUp = false;
  }

  private async enter(): Promise<void> {
    if (this.running < AT_ONCE) {
      this.running += 1;
    } else {
      await new Promise<void>((resolve) => this.queue.push(resolve));
    }
  }

  /** Its place goes to the next one in the queue. */
  private leave(): void {
    const next = this.queue.shift();
    if (next === undefined) {
      this.running -= 1;
    } else {
      next();
    }
  }

  private kubeconfig(): Promise<KubeConfig> {
    const { kubeconfig, context, cluster } = this.settings;
    this.config ??= loadKubeconfig({
      kubeconfig,
      ...(context !== undefined && { context }),
      ...(cluster !== undefined && { cluster }),
    }).catch((error: unknown) => {
      throw new EngineError(
        `The kubeconfig cannot be used: ${messageOf(error)}`,
      );
    });
    return this.config;
  }

  private async send({
    method,
    path,
    query = {},
    body,
    contentType = "application/json",
  }: ApiRequest): Promise<PropertyMap> {
    const config = await this.kubeconfig();
    const { RequestContext, IsomorphicFetchHttpLibrary } =
      await import("@kubernetes/client-node");
    const context = new RequestContext(`${await this.server()}${path}`, method);
    for (const [name, value] of Object.entries(query)) {
      context.setQueryParam(name, value);
    }
    context.setHeaderParam("Accept", "application/json");
    context.setHeaderParam("User-Agent", USER_AGENT);
    if (body !== undefined) {
      context.setHeaderParam("Content-Type", contentType);
      context.setBody(JSON.stringify(body));
    }
    context.setSignal(AbortSignal.timeout(ANSWER));
    let response: ResponseContext;
    let text: string;
    try {
      await config.applySecurityAuthentication(context);
      response = await new IsomorphicFetchHttpLibrary()
        .send(context)
        .toPromise();
      text = await response.body.text();
    } catch (error) {
      throw new NoAnswer(
        error instanceof DOMException && error.name === "TimeoutError"
          ? new TimeoutError("no answer in time", { cause: error })
          : error,
      );
    }
    const { httpStatusCode: code, headers } = response;
    if (code >= 300) {
      throw new ApiError(code, text, headers, dateOf(headers));
    }
    return objectOf(text);
  }
}

function dateOf(headers: Record<string, string>): number | undefined {
  const date = Date.parse(headers.date ?? "");
  return Number.isNaN(date) ? undefined : date;
}

function objectOf(text: string): PropertyMap {
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    throw notTheApi();
  }
  const parsed = parse(object);
  if (!isMap(parsed)) {
    throw notTheApi();
  }
  return parsed;
}

function notTheApi(): EngineError {
  return new EngineError(
    "What answers is no Kubernetes API; a proxy or a login page may stand before it.",
  );
}
