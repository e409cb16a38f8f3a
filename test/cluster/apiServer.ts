import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiAnswer } from "./apiClient";
import { ApiClient } from "./apiClient";
import type { AuditedRequest } from "./audit";
import { readAudit } from "./audit";
import type { Binaries } from "./binaries";
import type { Tokens } from "./credentials";
import { kubeconfigText, writeCredentials } from "./credentials";
import { freePorts } from "./freePorts";
import type { ServerFolder, ServerOptions } from "./serverArguments";
import { apiArguments, etcdArguments, serverFolder } from "./serverArguments";
import { Supervised } from "./supervised";
import { Watch } from "./watch";

export type { ApiAnswer } from "./apiClient";
export type { ServerOptions } from "./serverArguments";

const START = 180_000;

/**
 * A Kubernetes API of a test's own: etcd and kube-apiserver on the loopback
 * interface, with RBAC, a token for each user, and a folder that goes with it.
 * Nothing runs in it; objects are stored, and whoever may reads them.
 *
 * @example
 * ```ts
 * const cluster = await ApiServer.start(binaries);
 * await cluster.create("/api/v1/namespaces", { metadata: { name: "mqtt" } });
 * await cluster.stop();
 * ```
 */
export class ApiServer {
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Of somebody who may do nothing until a role says so; the user is called `reader`. */
  readonly readerKubeconfig: string;
  private readonly client: ApiClient;
  private controllers: Supervised | undefined;

  private constructor(
    private readonly folder: ServerFolder,
    private readonly etcd: Supervised,
    private readonly server: Supervised,
    readonly url: string,
    private readonly tokens: Tokens,
  ) {
    this.kubeconfig = this.kubeconfigOf("admin");
    this.readerKubeconfig = this.kubeconfigOf("reader");
    this.client = this.clientOf("admin");
  }

  static async start(
    { etcd, apiServer, controllers }: Binaries,
    options: ServerOptions = {},
  ): Promise<ApiServer> {
    const folder = serverFolder(
      mkdtempSync(join(tmpdir(), "mqtt-pki-cluster-")),
    );
    const [client = 0, peer = 0, secure = 0] = await freePorts(3);
    const users = ["reader", ...(options.users ?? [])];
    const tokens = writeCredentials(folder, users);
    const store = `http://127.0.0.1:${client}`;
    const processes: [Supervised, Supervised] = [
      new Supervised(etcd, etcdArguments(folder, store, peer)),
      new Supervised(apiServer, apiArguments(folder, store, secure, options)),
    ];
    try {
      await until(processes, () => readable(folder.certificate));
      const url = `https://127.0.0.1:${secure}`;
      const cluster = new ApiServer(folder, ...processes, url, tokens);
      await cluster.ready();
      if (options.controllers === true) {
        cluster.controllers = new Supervised(controllers, [cluster.kubeconfig]);
      }
      return cluster;
    } catch (error) {
      await stopAll(processes, folder);
      throw error;
    }
  }

  /** Creates an object by its collection's path; fails the test where the API does not. */
  async create(path: string, object: unknown): Promise<void> {
    await this.mustCall("POST", path, 201, object);
  }

  /** Replaces parts of an object (RFC 7386); fails the test where the API does not. */
  async patch(path: string, object: unknown): Promise<void> {
    await this.mustCall("PATCH", path, 200, object);
  }

  /** Deletes an object; fails the test where the API does not. */
  async delete(path: string): Promise<void> {
    await this.mustCall("DELETE", path, 200);
  }

  /** Reads an object; fails the test where the API does not. */
  get(path: string): Promise<unknown> {
    return this.mustCall("GET", path, 200);
  }

  /** Asks the API as its administrator. */
  call(method: string, path: string, object?: unknown): Promise<ApiAnswer> {
    return this.client.call({ method, path, object });
  }

  /**
   * Applies an object on the server's side under a manager's name, as
   * `kubectl apply --server-side` does; fails the test where the API does not.
   */
  async apply(
    path: string,
    manager: string,
    object: object,
    force = false,
  ): Promise<void> {
    const { status, body } = await this.client.call({
      method: "PATCH",
      path: `${path}?fieldManager=${manager}&force=${String(force)}`,
      object,
      contentType: "application/apply-patch+yaml",
    });
    if (status !== 200 && status !== 201) {
      throw new Error(refusal("apply", path, status, body));
    }
  }

  /** Watches an object of a collection from a moment on; from now on where none is said. */
  async watch(
    collection: string,
    name: string,
    resourceVersion?: string,
  ): Promise<Watch> {
    const from =
      resourceVersion ??
      (
        (await this.get(`${collection}?limit=1`)) as {
          metadata: { resourceVersion: string };
        }
      ).metadata.resourceVersion;
    return Watch.open(this.client, collection, name, from);
  }

  /** A client of a user's own; close it. */
  clientOf(user: string, sockets?: number): ApiClient {
    return new ApiClient(
      this.url,
      this.authority(),
      this.tokenOf(user),
      sockets,
    );
  }

  /**
   * The path of a kubeconfig of a user's, with one context of the user's name.
   *
   * @param token another one than the user's, for what a server does not know
   */
  kubeconfigOf(user: string, token = this.tokenOf(user)): string {
    const known = token === this.tokens.get(user);
    const path = join(
      this.folder.root,
      `${user}${known ? "" : "-wrong"}.kubeconfig`,
    );
    const authority = this.authority();
    const text = kubeconfigText({ server: this.url, authority, user, token });
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Every request that was made but the administrator's; needs the option `audit`. */
  audit(): AuditedRequest[] {
    return readAudit(this.folder.auditLog);
  }

  /** Ends the API server where it stands; what it has stored stays with etcd. */
  kill(): Promise<void> {
    return this.server.kill();
  }

  /** Starts it again on the same port, data and certificate, and waits until it is ready. */
  async restart(): Promise<void> {
    await this.server.kill();
    this.server.start();
    await this.ready();
  }

  /** Holds the API server: connections stay open, and nobody answers. */
  pause(): void {
    this.server.pause();
  }

  resume(): void {
    this.server.resume();
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.controllers?.stop();
    await stopAll([this.etcd, this.server], this.folder);
  }

  private async mustCall(
    method: string,
    path: string,
    wanted: number,
    object?: unknown,
  ): Promise<unknown> {
    const { status, body } = await this.call(method, path, object);
    if (status !== wanted) {
      throw new Error(refusal(method, path, status, body));
    }
    return body;
  }

  private ready(): Promise<void> {
    const needed = [this.etcd, this.server];
    return until(needed, async () => {
      const { status } = await this.call("GET", "/readyz");
      return status === 200;
    });
  }

  private authority(): string {
    return readFileSync(this.folder.certificate, "utf8");
  }

  private tokenOf(user: string): string {
    const token = this.tokens.get(user);
    if (token === undefined) {
      const known = [...this.tokens.keys()].join(", ");
      throw new Error(`there is no user ${user}; there are ${known}`);
    }
    return token;
  }
}

function refusal(
  verb: string,
  path: string,
  status: number,
  body: unknown,
): string {
  return `${verb} ${path} answers ${status}: ${JSON.stringify(body)}`;
}

async function stopAll(
  [etcd, server]: readonly [Supervised, Supervised],
  folder: ServerFolder,
): Promise<void> {
  // The store last: the API tells it of its end.
  await server.stop();
  await etcd.stop();
  rmSync(folder.root, { recursive: true, force: true });
}

async function until(
  processes: readonly Supervised[],
  done: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + START;
  for (;;) {
    const ended = processes.find(({ lastWords }) => lastWords !== undefined);
    if (ended !== undefined || Date.now() > end) {
      throw new Error(
        `the cluster does not start: ${ended?.lastWords ?? "it takes too long"}`,
      );
    }
    try {
      if (await done()) {
        return;
      }
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function readable(path: string): boolean {
  return readFileSync(path, "utf8").includes("END CERTIFICATE");
}
