import { z } from "zod";
import type { ApiServer } from "./apiServer";

/** A rule of a role, as RBAC has it. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** What all that is granted to a user is called. */
function nameOf(user: string): string {
  return `of-${user}`;
}

/**
 * Permits a user in a namespace what the rules say, and nothing else there;
 * waits until the server knows. An empty namespace stands for the cluster.
 */
export async function grant(
  cluster: ApiServer,
  user: string,
  namespace: string,
  rules: readonly Rule[],
): Promise<void> {
  const kind = namespace === "" ? "ClusterRole" : "Role";
  const base = namespace === "" ? RBAC : `${RBAC}/namespaces/${namespace}`;
  const metadata = { name: nameOf(user) };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind };
  const path = (plural: string) => `${base}/${plural}/${metadata.name}`;
  await cluster.apply(
    path(`${kind.toLowerCase()}s`),
    "test",
    { ...role, metadata, rules },
    true,
  );
  await cluster.apply(
    path(`${kind.toLowerCase()}bindings`),
    "test",
    {
      ...role,
      kind: `${kind}Binding`,
      metadata,
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind,
        name: metadata.name,
      },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user },
      ],
    },
    true,
  );
  await until(async () => {
    const answers = await Promise.all(
      rules.map((rule) => allowed(cluster, user, namespace, rule)),
    );
    return answers.every(Boolean);
  });
}

/** Whether the server permits the last verb of a rule: rules reach it in one piece. */
async function allowed(
  cluster: ApiServer,
  user: string,
  namespace: string,
  { apiGroups, resources, resourceNames, verbs }: Rule,
): Promise<boolean> {
  const name = resourceNames?.at(-1);
  const { body } = await cluster.call(
    "POST",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    {
      spec: {
        user,
        resourceAttributes: {
          group: apiGroups.at(-1),
          resource: resources.at(-1),
          verb: verbs.at(-1),
          ...(namespace !== "" && { namespace }),
          ...(name !== undefined && { name }),
        },
      },
    },
  );
  return reviewSchema.parse(body).status.allowed;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > end) {
      throw new Error("the server does not take the role");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
