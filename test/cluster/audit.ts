import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const eventSchema = z.object({
  auditID: z.string(),
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z
    .object({
      apiGroup: z.string().default(""),
      resource: z.string().default(""),
      subresource: z.string().exactOptional(),
      namespace: z.string().default(""),
      name: z.string().default(""),
    })
    .exactOptional(),
  responseStatus: z.object({ code: z.number().default(0) }).exactOptional(),
  annotations: z.record(z.string(), z.string()).default({}),
});

/** A request that somebody made. */
export interface AuditedRequest {
  readonly user: string;
  /** `get`, `list`, `create`, `patch`, … */
  readonly verb: string;
  /** Empty for the core group, and for paths that are no resource. */
  readonly apiGroup: string;
  /** Empty for paths that are no resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly denied: boolean;
  /** Whether the server only looked at what it would do. */
  readonly dryRun: boolean;
}

/** The requests in an audit log, each once, in the order in which they began to be answered. */
export function readAudit(file: string): AuditedRequest[] {
  if (!existsSync(file)) {
    return [];
  }
  const events = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => eventSchema.parse(JSON.parse(line)));
  // A watch that goes on has only begun to be answered; one that ended has both stages.
  const last = new Map(events.map((event) => [event.auditID, event]));
  return [...last.values()].map(
    ({ user, verb, requestURI, objectRef, responseStatus, annotations }) => ({
      user: user.username,
      verb,
      apiGroup: objectRef?.apiGroup ?? "",
      resource: [objectRef?.resource ?? "", objectRef?.subresource ?? []]
        .flat()
        .join("/"),
      namespace: objectRef?.namespace ?? "",
      name: objectRef?.name ?? "",
      path: requestURI,
      status: responseStatus?.code ?? 0,
      denied: annotations["authorization.k8s.io/decision"] === "forbid",
      dryRun: requestURI.includes("dryRun=All"),
    }),
  );
}
