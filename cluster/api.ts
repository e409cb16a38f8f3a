import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { NotKubernetesError, TimeoutError } from "./failure";

/** An answer of the API, whatever its status. */
export interface ApiAnswer {
  readonly status: number;
  /** A JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a cluster is asked. */
export interface ApiOptions {
  /** Milliseconds for one request, with the credential plugin before it. Default 20,000. */
  readonly timeout?: number;
}

const objectSchema = z.record(z.string(), z.unknown());
const versionSchema = z.object({ gitVersion: z.string() });

/** An answer whose status stands for a failure; what it says is not kept, since it may quote the request. */
export class StatusError extends Error {
  override readonly name = "StatusError";

  constructor(readonly code: number) {
    super(`HTTP ${code}`);
  }
}

/** Asks an API server by path, for what needs no types of its own. */
export class ClusterApi {
  private constructor(
    private readonly kubernetes: typeof import("@kubernetes/client-node"),
    private readonly config: KubeConfig,
    private readonly timeout: number,
  ) {}

  /** @param config as `loadKubeconfig` answers it */
  static async open(
    config: KubeConfig,
    { timeout = 20_000 }: ApiOptions = {},
  ): Promise<ClusterApi> {
    // It is large, and only those who ask a cluster need it.
    const kubernetes = await import("@kubernetes/client-node");
    return new ClusterApi(kubernetes, config, timeout);
  }

  /** The URL that the kubeconfig names. */
  get server(): string {
    return this.config.getCurrentCluster()?.server ?? "";
  }

  /**
   * The version of the API server, such as `v1.35.4`.
   *
   * @throws what {@link request} throws, StatusError, and NotKubernetesError where something else answers
   */
  async version(): Promise<string> {
    const { status, body } = await this.request("GET", "/version");
    if (status === 404) {
      throw new NotKubernetesError();
    }
    if (status !== 200) {
      throw new StatusError(status);
    }
    const { success, data } = versionSchema.safeParse(body);
    if (!success) {
      throw new NotKubernetesError();
    }
    return data.gitVersion;
  }

  /**
   * Asks, and answers whatever the status.
   *
   * @param contentType what the object is; `PATCH` needs one of its own
   * @throws CredentialError, TimeoutError, NotKubernetesError, or what a connection fails with
   */
  async request(
    method: "GET" | "POST" | "PATCH",
    path: string,
    object?: object,
    contentType = "application/json",
  ): Promise<ApiAnswer> {
    const context = new this.kubernetes.RequestContext(
      `${this.server}${path}`,
      method,
    );
    context.setHeaderParam("Accept", "application/json");
    if (object !== undefined) {
      context.setHeaderParam("Content-Type", contentType);
      context.setBody(JSON.stringify(object));
    }
    const end = new AbortController();
    context.setSignal(end.signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new TimeoutError());
        end.abort();
      }, this.timeout);
    });
    try {
      return await Promise.race([this.send(context), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async send(
    context: InstanceType<
      typeof import("@kubernetes/client-node").RequestContext
    >,
  ): Promise<ApiAnswer> {
    await this.config.applySecurityAuthentication(context);
    const library = new this.kubernetes.IsomorphicFetchHttpLibrary();
    const answer = await library.send(context).toPromise();
    const status = answer.httpStatusCode;
    const parsed = parsedObject(await answer.body.text());
    if (parsed === undefined && status !== 401 && status !== 404) {
      // The API says everything else in JSON, a refusal as well; a proxy does not.
      throw new NotKubernetesError();
    }
    return { status, body: parsed ?? {} };
  }
}

function parsedObject(
  text: string,
): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
