import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import type { Cluster, KubeConfig, User } from "@kubernetes/client-node";
import type { Problem } from "../pki/problem";
import { InputError, quote } from "../pki/problem";
import { clusterConfig } from "./clusterConfig";
import type {
  Ambient,
  ClusterEntry,
  ExecEntry,
  KubeconfigFile,
  UserEntry,
} from "./kubeconfigFile";
import { readAmbientKubeconfig, readKubeconfig } from "./kubeconfigFile";

/** Which cluster is meant, and as whom. */
export interface KubeconfigOptions {
  /** Path of a kubeconfig, `~` for the home folder, or its content (YAML or JSON). Default, also for `""`: as kubectl finds it. */
  readonly kubeconfig?: string;
  /** Default: the kubeconfig's current one. */
  readonly context?: string;
  /** Another cluster of the kubeconfig than the context's. */
  readonly cluster?: string;
}

/** One context of a kubeconfig, with what it names. */
export interface ChosenContext {
  readonly name: string;
  readonly namespace?: string;
  readonly clusterName: string;
  readonly cluster: ClusterEntry;
  readonly userName: string;
  readonly user: UserEntry;
}

/** Where a pod finds what it needs to ask its own cluster. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Loads a kubeconfig the way client-go does, for the client of the API: a
 * file, its content, or what is ambient (`KUBECONFIG` with one or several
 * files, `~/.kube/config`, a pod's service account). The answer holds one
 * context, the one that is meant, and keeps its connections.
 *
 * @throws InputError with the paths `kubeconfig`, `context` and `cluster`; it never quotes the file
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 *
 * @example
 * ```ts
 * const config = await loadKubeconfig({ kubeconfig: "~/.kube/config", context: "staging" });
 * const api = config.makeApiClient(kubernetes.CoreV1Api);
 * ```
 */
export async function loadKubeconfig(
  options: KubeconfigOptions = {},
  ambient: Ambient = { environment: process.env },
): Promise<KubeConfig> {
  const chosen = chooseContext(options, ambient);
  const config = await clusterConfig(chosen);
  config.loadFromOptions({
    clusters: [clientCluster(chosen)],
    users: [clientUser(chosen)],
    contexts: [
      {
        name: chosen.name,
        cluster: chosen.clusterName,
        user: chosen.userName,
        ...(chosen.namespace !== undefined && { namespace: chosen.namespace }),
      },
    ],
    currentContext: chosen.name,
  });
  return config;
}

/**
 * Finds the context that is meant, and checks what can be checked without
 * asking anybody.
 *
 * @throws InputError as {@link loadKubeconfig}
 */
export function chooseContext(
  options: KubeconfigOptions,
  ambient: Ambient,
): ChosenContext {
  const { kubeconfig = "" } = options;
  const file =
    kubeconfig === ""
      ? readAmbientKubeconfig(ambient)
      : readKubeconfig(kubeconfig, ambient.home);
  if (kubeconfig === "" && (file === undefined || isEmpty(file))) {
    return refusingContext(inCluster(ambient), options);
  }
  return chosenOf(file ?? noFile(), options);
}

function isEmpty({ clusters, users, contexts }: KubeconfigFile): boolean {
  return clusters.size + users.size + contexts.size === 0;
}

function chosenOf(
  file: KubeconfigFile,
  { context, cluster }: KubeconfigOptions,
): ChosenContext {
  if (file.contexts.size === 0) {
    throw refusal(
      "kubeconfig",
      "has no contexts, so it names no cluster; write another one.",
    );
  }
  const name = context ?? file.currentContext;
  if (name === undefined || name === "") {
    throw refusal(
      "context",
      `the kubeconfig has no current context; write one of ${namesOf(file.contexts)}.`,
    );
  }
  const found = file.contexts.get(name);
  if (found === undefined) {
    throw refusal(
      "context",
      `${quote(name)} is not in the kubeconfig; it has ${namesOf(file.contexts)}.`,
    );
  }
  const clusterName = cluster ?? found.cluster ?? "";
  const clusterEntry = file.clusters.get(clusterName);
  if (clusterEntry === undefined) {
    throw refusal(
      cluster === undefined ? "kubeconfig" : "cluster",
      cluster === undefined
        ? `the context ${quote(name)} means the cluster ${quote(clusterName)}, which is not in the kubeconfig; it has ${namesOf(file.clusters)}.`
        : `${quote(cluster)} is not in the kubeconfig; it has ${namesOf(file.clusters)}.`,
    );
  }
  const userName = found.user ?? "";
  // Without a user one asks as nobody, which a cluster may allow.
  const user = userName === "" ? {} : file.users.get(userName);
  if (user === undefined) {
    throw refusal(
      "kubeconfig",
      `the context ${quote(name)} means the user ${quote(userName)}, who is not in the kubeconfig; it has ${namesOf(file.users)}.`,
    );
  }
  const chosen = {
    name,
    ...(found.namespace != null &&
      found.namespace !== "" && { namespace: found.namespace }),
    clusterName,
    cluster: clusterEntry,
    userName: userName === "" ? "anonymous" : userName,
    user,
  };
  const problems = problemsOf(chosen);
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  return chosen;
}

/** What a pod that may ask its cluster is told by the environment and the files of its service account. */
function inCluster({ environment, home }: Ambient): ChosenContext {
  const {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: port,
    KUBECONFIG: listed = "",
  } = environment;
  const tokenFile = `${SERVICE_ACCOUNT}/token`;
  if (host === undefined || port === undefined || !isReadable(tokenFile)) {
    const looked =
      listed === ""
        ? `KUBECONFIG is not set, and ${home ?? homedir()}/.kube/config is not there or is empty`
        : "none of the files that KUBECONFIG names is there, or they are empty";
    throw refusal(
      "kubeconfig",
      `no cluster is named: ${looked}; name a kubeconfig.`,
    );
  }
  return {
    name: "in-cluster",
    clusterName: "in-cluster",
    cluster: {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt`,
    },
    userName: "service-account",
    user: { tokenFile },
  };
}

/** A pod's own cluster has no names to choose from. */
function refusingContext(
  chosen: ChosenContext,
  { context, cluster }: KubeconfigOptions,
): ChosenContext {
  const name = context ?? cluster;
  if (name !== undefined) {
    throw refusal(
      context === undefined ? "cluster" : "context",
      `${quote(name)} is not there: the cluster is the one this pod runs in, by its service account; leave it out, or name a kubeconfig.`,
    );
  }
  return chosen;
}

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function problemsOf({
  clusterName,
  cluster,
  userName,
  user,
}: ChosenContext): Problem[] {
  const clusterPath = `clusters[${quote(clusterName)}].cluster`;
  const userPath = `users[${quote(userName)}].user`;
  const problems: string[] = [];
  if (!/^https?:\/\/[^/]/.test(cluster.server)) {
    problems.push(`${clusterPath}.server is no URL that starts with https://.`);
  }
  const files: [string, string | null | undefined, unknown][] = [
    [
      `${clusterPath}.certificate-authority`,
      cluster["certificate-authority"],
      cluster["certificate-authority-data"],
    ],
    [
      `${userPath}.client-certificate`,
      user["client-certificate"],
      user["client-certificate-data"],
    ],
    [`${userPath}.client-key`, user["client-key"], user["client-key-data"]],
    [`${userPath}.tokenFile`, user.tokenFile, undefined],
  ];
  for (const [path, file, data] of files) {
    // What stands in the file itself comes first; the other is not read then.
    if (file != null && file !== "" && !data && !isReadable(file)) {
      problems.push(`${path} names a file that cannot be read.`);
    }
    if (typeof data === "string" && !BASE64.test(data)) {
      problems.push(`${path}-data is not base64.`);
    }
  }
  if ((user["as-groups"] ?? []).length > 1) {
    problems.push(
      `${userPath}.as-groups has several groups, and this client can name one only; write one.`,
    );
  }
  return problems.map((message) => ({ path: "kubeconfig", message }));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function clientCluster({ clusterName, cluster }: ChosenContext): Cluster {
  const data = cluster["certificate-authority-data"];
  const file = cluster["certificate-authority"];
  const serverName = cluster["tls-server-name"];
  const proxy = cluster["proxy-url"];
  return {
    name: clusterName,
    server: cluster.server.replace(/\/+$/, ""),
    // The client takes the file where there are both.
    ...(data ? { caData: data } : file ? { caFile: file } : {}),
    skipTLSVerify:
      cluster["insecure-skip-tls-verify"] === true ||
      // "kubectl proxy" has no TLS; the client wants to be told that this is meant.
      cluster.server.startsWith("http:"),
    ...(serverName && { tlsServerName: serverName }),
    ...(proxy && { proxyUrl: proxy }),
  };
}

function clientUser(chosen: ChosenContext): User {
  const { userName, user } = chosen;
  const given = {
    certData: user["client-certificate-data"],
    certFile: user["client-certificate-data"] ? "" : user["client-certificate"],
    keyData: user["client-key-data"],
    keyFile: user["client-key-data"] ? "" : user["client-key"],
    // A token in a file is read again when it is renewed, so it comes first.
    token: user.tokenFile ? "" : user.token,
    username: user.username,
    password: user.password,
    impersonateUser: user.as,
  };
  const { exec, tokenFile } = user;
  const provider = tokenFile
    ? { name: "tokenFile", config: { tokenFile } }
    : user["auth-provider"];
  return {
    name: userName,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)),
    ...(exec != null && { exec: execOf(exec, chosen.cluster) }),
    ...(provider != null && { authProvider: provider }),
  };
}

/** With what a plugin is told by its environment, which several insist on. */
function execOf(exec: ExecEntry, cluster: ClusterEntry): ExecEntry {
  const info = {
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1beta1",
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true && {
        cluster: {
          server: cluster.server,
          "tls-server-name": cluster["tls-server-name"] ?? undefined,
          "insecure-skip-tls-verify":
            cluster["insecure-skip-tls-verify"] ?? undefined,
          "certificate-authority-data":
            cluster["certificate-authority-data"] ?? undefined,
        },
      }),
    },
  };
  return {
    ...exec,
    env: [
      ...(exec.env ?? []),
      { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) },
    ],
  };
}

function namesOf(map: ReadonlyMap<string, unknown>): string {
  return [...map.keys()].map((name) => quote(name)).join(", ") || "none";
}

function noFile(): never {
  throw refusal("kubeconfig", "is not there.");
}

function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message }]);
}
