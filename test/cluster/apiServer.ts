import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Binaries } from "./binaries";

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

const START = 180_000;

/**
 * A Kubernetes API of a test's own: etcd and kube-apiserver on the loopback
 * interface, with RBAC, two tokens, and a folder that goes with it. Nothing
 * runs in it; objects are stored, and whoever may reads them.
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

  private constructor(
    private readonly folder: string,
    private readonly processes: readonly Supervised[],
    readonly url: string,
    private readonly tokens: Tokens,
  ) {
    this.kubeconfig = this.writeKubeconfig("admin", tokens.admin);
    this.readerKubeconfig = this.writeKubeconfig("reader", tokens.reader);
  }

  static async start({ etcd, apiServer }: Binaries): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-cluster-"));
    const [client, peer, secure] = await freePorts(3);
    const tokens = writeCredentials(folder);
    const store = `http://127.0.0.1:${client ?? 0}`;
    const processes = [
      new Supervised(etcd, etcdArguments(folder, store, peer ?? 0)),
      new Supervised(apiServer, apiArguments(folder, store, secure ?? 0)),
    ];
    try {
      const certificate = join(folder, "certificates", "apiserver.crt");
      await until(processes, () => readable(certificate));
      const url = `https://127.0.0.1:${secure ?? 0}`;
      const cluster = new ApiServer(folder, processes, url, tokens);
      await until(processes, async () => {
        const { status } = await cluster.call("GET", "/readyz");
        return status === 200;
      });
      return cluster;
    } catch (error) {
      await stopAll(processes, folder);
      throw error;
    }
  }

  /** Creates an object by its collection's path; fails the test where the API does not. */
  async create(path: string, object: unknown): Promise<void> {
    const { status, body } = await this.call("POST", path, object);
    if (status !== 201) {
      throw new Error(
        `POST ${path} answers ${status}: ${JSON.stringify(body)}`,
      );
    }
  }

  /** Replaces parts of an object (RFC 7386); fails the test where the API does not. */
  async patch(path: string, object: unknown): Promise<void> {
    const { status, body } = await this.call("PATCH", path, object);
    if (status !== 200) {
      throw new Error(
        `PATCH ${path} answers ${status}: ${JSON.stringify(body)}`,
      );
    }
  }

  /** Asks the API as its administrator. */
  call(method: string, path: string, object?: unknown): Promise<ApiAnswer> {
    const body = object === undefined ? "" : JSON.stringify(object);
    return new Promise((resolve, reject) => {
      const asked = request(
        `${this.url}${path}`,
        {
          method,
          ca: readFileSync(join(this.folder, "certificates", "apiserver.crt")),
          headers: {
            authorization: `Bearer ${this.tokens.admin}`,
            accept: "application/json",
            "content-length": Buffer.byteLength(body),
            "content-type":
              method === "PATCH"
                ? "application/merge-patch+json"
                : "application/json",
          },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("end", () => {
            resolve({ status: answer.statusCode ?? 0, body: parsed(text) });
          });
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  }

  stop(): Promise<void> {
    return stopAll(this.processes, this.folder);
  }

  private writeKubeconfig(user: string, token: string): string {
    const path = join(this.folder, `${user}.kubeconfig`);
    const certificate = readFileSync(
      join(this.folder, "certificates", "apiserver.crt"),
    ).toString("base64");
    // JSON is YAML.
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "test",
          cluster: {
            server: this.url,
            "certificate-authority-data": certificate,
          },
        },
      ],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: user, context: { cluster: "test", user } }],
      "current-context": user,
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }
}

interface Tokens {
  readonly admin: string;
  readonly reader: string;
}

function writeCredentials(folder: string): Tokens {
  const token = () => randomBytes(16).toString("hex");
  const tokens = { admin: token(), reader: token() };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const files = {
    "tokens.csv": `${tokens.admin},admin,admin,"system:masters"\n${tokens.reader},reader,reader\n`,
    "service-accounts.pem": privateKey
      .export({ type: "sec1", format: "pem" })
      .toString(),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  return tokens;
}

function etcdArguments(folder: string, store: string, peer: number): string[] {
  const data = join(folder, "etcd");
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${store}`,
    `--advertise-client-urls=${store}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    // What is lost with the machine is a test's.
    "--unsafe-no-fsync",
    "--log-level=error",
  ];
}

function apiArguments(folder: string, store: string, port: number): string[] {
  const accounts = join(folder, "service-accounts.pem");
  return [
    `--etcd-servers=${store}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    `--service-account-key-file=${accounts}`,
    `--service-account-signing-key-file=${accounts}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=10.0.0.0/24",
    // No controller is there to make the account that this one waits for.
    "--disable-admission-plugins=ServiceAccount",
  ];
}

/** A process, what it says, and whether it still runs. */
class Supervised {
  private readonly child: ChildProcess;
  private said = "";

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.said = (this.said + text).slice(-10_000);
    });
  }

  /** What it last said, where it has ended; `undefined` while it runs. */
  get lastWords(): string | undefined {
    return this.runs ? undefined : `${this.child.spawnfile}: ${this.said}`;
  }

  async stop(): Promise<void> {
    if (!this.runs) {
      return;
    }
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill();
    // The API waits a minute for requests to end; here none is worth it.
    const late = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(late);
  }

  private get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
}

async function stopAll(
  processes: readonly Supervised[],
  folder: string,
): Promise<void> {
  // The store last: the API tells it of its end.
  for (const process of [...processes].reverse()) {
    await process.stop();
  }
  rmSync(folder, { recursive: true, force: true });
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
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function readable(path: string): boolean {
  return readFileSync(path, "utf8").includes("END CERTIFICATE");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
          });
        }),
    ),
  );
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.close(resolve))),
  );
  return ports;
}
