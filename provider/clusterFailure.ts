/** A sentence of why a cluster does not answer; nothing of the answer's own text, which may quote the request. */
export function clusterFailure(error: unknown, server: string): string {
  const code = codeOf(error);
  if (code === 401) {
    return `the cluster at ${server} does not know who asks (401); the kubeconfig's credentials are wrong or have expired.`;
  }
  return typeof code === "number"
    ? `the cluster at ${server} answers ${code}.`
    : `the cluster at ${server} cannot be reached (${reasonOf(error)}).`;
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
