/** The kubeconfig's own way to credentials fails, before the cluster is asked: a plugin that is not there, a file that is gone. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
}

/** What answers is no Kubernetes API: a proxy, a login page, another server. */
export class NotKubernetesError extends Error {
  override readonly name = "NotKubernetesError";
}

/** No answer within the time that was given. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly code = "timeout";
}

/** Why a cluster does not do what it is asked, as far as the one who asks can do something about it. */
export type FailureKind =
  /** The kubeconfig's credential plugin or one of its files. */
  | "credentials"
  /** 401. */
  | "unauthenticated"
  /** 403. */
  | "forbidden"
  /** Another HTTP status. */
  | "status"
  | "not-kubernetes"
  /** The certificate of the API server does not verify. */
  | "certificate"
  | "name-unknown"
  | "refused"
  | "timeout"
  /** Another failure of the connection. */
  | "connection";

// OpenSSL's names for what is wrong with a chain, and Node's for a name that it does not hold.
const CERTIFICATE_CODES =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

/** Tells apart why a request to a cluster failed. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof CredentialError) {
    return "credentials";
  }
  if (error instanceof NotKubernetesError) {
    return "not-kubernetes";
  }
  const code = codeOf(error);
  if (typeof code === "number") {
    return STATUS[code] ?? "status";
  }
  const reason = reasonOf(error);
  if (CERTIFICATE_CODES.test(reason)) {
    return "certificate";
  }
  return CONNECTION[reason] ?? "connection";
}

const STATUS: Readonly<Record<number, FailureKind>> = {
  401: "unauthenticated",
  403: "forbidden",
};

const CONNECTION: Readonly<Record<string, FailureKind>> = {
  ENOTFOUND: "name-unknown",
  EAI_AGAIN: "name-unknown",
  ECONNREFUSED: "refused",
  timeout: "timeout",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  TimeoutError: "timeout",
};

/**
 * A sentence of why a cluster does not answer; nothing of the answer's own
 * text, which may quote the request.
 *
 * @param server the URL of the API, as the kubeconfig has it
 */
export function clusterFailure(error: unknown, server: string): string {
  const place = `the cluster at ${withoutCredentials(server)}`;
  const kind = failureKind(error);
  switch (kind) {
    case "credentials":
      return (error as CredentialError).message;
    case "not-kubernetes":
      return `what answers at ${withoutCredentials(server)} is no Kubernetes API; a proxy or a login page may stand before it.`;
    case "unauthenticated":
      return `${place} does not know who asks (401); the kubeconfig's credentials are wrong or have expired.`;
    case "certificate":
      return `the certificate of ${place} does not verify (${reasonOf(error)}); the kubeconfig's certificate-authority-data is not of the CA that signed it, or a proxy stands between.`;
    case "forbidden":
    case "status":
      return `${place} answers ${String(codeOf(error))}.`;
    default:
      return `${place} cannot be reached (${kind === "timeout" ? kind : reasonOf(error)}).`;
  }
}

/** A URL as it may be shown: some carry a user and a password. */
export function withoutCredentials(server: string): string {
  try {
    const url = new URL(server);
    if (url.username === "" && url.password === "") {
      return server;
    }
    url.username = "";
    url.password = "";
    return url.href.replace(/\/$/, "");
  } catch {
    return server.replace(/\/\/[^/]*@/, "//");
  }
}

/** The code of a failed connection, which the client of the API wraps; of anything else its kind only. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = codeOf(error) ?? codeOf(cause);
  return typeof code === "string"
    ? code
    : error instanceof Error
      ? error.name
      : "unknown";
}

/** The HTTP status of an answer, or the code of a failed connection; `undefined` where there is neither. */
export function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error
    ? error.code
    : undefined;
}
