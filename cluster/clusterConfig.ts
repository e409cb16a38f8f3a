import { createHash } from "node:crypto";
import type { RequestOptions } from "node:https";
import type { KubeConfig, RequestContext } from "@kubernetes/client-node";
import { quote } from "../pki/problem";
import { CredentialError, codeOf } from "./failure";
import type { ChosenContext } from "./kubeconfig";
import type { UserEntry } from "./kubeconfigFile";

type Dispatcher = Parameters<RequestContext["setDispatcher"]>[0];

/**
 * The client's configuration with three things that it lacks: connections are
 * kept from one request to the next, a user may be impersonated with a group,
 * and what goes wrong with credentials is told apart from what goes wrong with
 * the cluster.
 */
export async function clusterConfig({
  user,
}: ChosenContext): Promise<KubeConfig> {
  // It is large, and only those who ask a cluster need it.
  const kubernetes = await import("@kubernetes/client-node");

  class ClusterConfig extends kubernetes.KubeConfig {
    private readonly dispatchers = new Map<string, Dispatcher | undefined>();

    override async applySecurityAuthentication(
      context: RequestContext,
    ): Promise<void> {
      const options: RequestOptions = {};
      try {
        await this.applyToHTTPSOptions(options);
      } catch (error) {
        throw credentialError(error, user);
      }
      const key = keyOf(options);
      if (this.dispatchers.has(key)) {
        const dispatcher = this.dispatchers.get(key);
        if (dispatcher !== undefined) {
          context.setDispatcher(dispatcher);
        }
        setHeaders(context, options);
      } else {
        await super.applySecurityAuthentication(context);
        this.dispatchers.set(key, context.getDispatcher());
      }
      for (const [name, value] of impersonation(user)) {
        context.setHeaderParam(name, value);
      }
    }
  }

  return new ClusterConfig();
}

/** What makes a connection another one; renewed client certificates do. */
function keyOf({
  ca,
  cert,
  key,
  servername,
  rejectUnauthorized,
}: RequestOptions): string {
  const parts = [ca, cert, key, servername, rejectUnauthorized];
  return createHash("sha256")
    .update(parts.map(String).join("\0"))
    .digest("base64");
}

function setHeaders(
  context: RequestContext,
  { auth, headers }: RequestOptions,
): void {
  if (typeof auth === "string") {
    const text = Buffer.from(auth).toString("base64");
    context.setHeaderParam("Authorization", `Basic ${text}`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    context.setHeaderParam(name, String(value));
  }
}

function impersonation(user: UserEntry): [string, string][] {
  const headers: [string, string | undefined][] = [
    ["Impersonate-Uid", user["as-uid"] ?? undefined],
    ["Impersonate-Group", user["as-groups"]?.[0]],
    ...Object.entries(user["as-user-extra"] ?? {}).map(
      ([name, values]): [string, string | undefined] => [
        `Impersonate-Extra-${encodeURIComponent(name)}`,
        values[0],
      ],
    ),
  ];
  return headers.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
}

/** Nothing of the error's own text: a plugin may have printed a token, and what it printed is in there. */
function credentialError(error: unknown, { exec }: UserEntry): CredentialError {
  const code = codeOf(error);
  const message =
    exec == null
      ? `the kubeconfig's credentials cannot be read${typeof code === "string" ? ` (${code})` : ""}.`
      : code === "ENOENT"
        ? `the kubeconfig's credential plugin ${quote(exec.command)} is not there; install it, or let PATH name its folder.`
        : `the kubeconfig's credential plugin ${quote(exec.command)} fails${typeof code === "string" ? ` (${code})` : ""}; "kubectl get --raw /version" with this kubeconfig shows what it says.`;
  return new CredentialError(message, { cause: error });
}
