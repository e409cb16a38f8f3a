import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What an API server of a test is to be, beyond the ordinary one. */
export interface ServerOptions {
  /** Users beside `admin` and `reader`, who may do nothing until a role says so. */
  readonly users?: readonly string[];
  /** Features to turn on: `{ ClusterTrustBundle: true }`. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** API versions that are off by default: `certificates.k8s.io/v1beta1`. */
  readonly apis?: readonly string[];
  /** Run what ends deletions in the foreground, and those of namespaces. Default false. */
  readonly controllers?: boolean;
  /** Keep a record of every request but the administrator's and the server's own. */
  readonly audit?: boolean;
}

/** Where etcd and the API server of a test keep what is theirs. */
export interface ServerFolder {
  readonly root: string;
  readonly certificate: string;
  readonly tokens: string;
  readonly accountKey: string;
  readonly auditLog: string;
}

/** The places within a server's folder. */
export function serverFolder(root: string): ServerFolder {
  return {
    root,
    certificate: join(root, "certificates", "apiserver.crt"),
    tokens: join(root, "tokens.csv"),
    accountKey: join(root, "service-accounts.pem"),
    auditLog: join(root, "audit.log"),
  };
}

/** How etcd is started. */
export function etcdArguments(
  { root }: ServerFolder,
  store: string,
  peer: number,
): string[] {
  return [
    `--data-dir=${join(root, "etcd")}`,
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

/** How kube-apiserver is started; the same arguments start it again on the same data, port and certificate. */
export function apiArguments(
  folder: ServerFolder,
  store: string,
  port: number,
  options: ServerOptions,
): string[] {
  const { featureGates = {}, apis = [], audit = false } = options;
  const gates = Object.entries(featureGates).map(
    ([name, on]) => `${name}=${String(on)}`,
  );
  return [
    `--etcd-servers=${store}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${join(folder.root, "certificates")}`,
    `--token-auth-file=${folder.tokens}`,
    "--authorization-mode=RBAC",
    `--service-account-key-file=${folder.accountKey}`,
    `--service-account-signing-key-file=${folder.accountKey}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=10.0.0.0/24",
    // No controller is there to make the account that this one waits for.
    "--disable-admission-plugins=ServiceAccount",
    ...(gates.length > 0 ? [`--feature-gates=${gates.join(",")}`] : []),
    ...(apis.length > 0
      ? [`--runtime-config=${apis.map((api) => `${api}=true`).join(",")}`]
      : []),
    ...(audit ? auditArguments(folder) : []),
  ];
}

function auditArguments({ root, auditLog }: ServerFolder): string[] {
  const policy = join(root, "audit-policy.json");
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      rules: [
        { level: "None", users: ["admin", "system:apiserver"] },
        { level: "Metadata" },
      ],
    }),
  );
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`];
}
