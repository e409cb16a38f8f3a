import { z } from "zod";
import type { ClusterApi } from "./api";
import { StatusError } from "./api";
import type { Permission } from "./permissions";

const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/** A preview of fifty namespaces asks some hundred times. */
const AT_ONCE = 16;

const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });
const whoamiSchema = z.object({
  status: z.object({
    userInfo: z.object({ username: z.string() }),
  }),
});

/** One verb on one object, or on all of a resource. */
export interface Question {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

/**
 * Those of the permissions that whoever asks lacks, with the verbs that are
 * missing; `undefined` where the cluster does not say.
 */
export async function missingPermissions(
  api: ClusterApi,
  permissions: readonly Permission[],
): Promise<Permission[] | undefined> {
  const questions = permissions.flatMap((permission) =>
    permission.verbs.flatMap((verb) =>
      (permission.names ?? [undefined]).map((name) => ({
        permission,
        verb,
        name,
      })),
    ),
  );
  const answers = await inTurn(questions, async (question) => ({
    ...question,
    allowed: await isAllowed(api, questionOf(question)),
  }));
  if (answers.some(({ allowed }) => allowed === undefined)) {
    return undefined;
  }
  return permissions.flatMap((permission) => {
    const denied = answers.filter(
      (answer) => answer.permission === permission && answer.allowed === false,
    );
    const verbs = new Set(denied.map(({ verb }) => verb));
    const names = new Set(denied.flatMap(({ name }) => name ?? []));
    return verbs.size === 0
      ? []
      : [
          {
            ...permission,
            verbs: [...verbs],
            ...(names.size > 0 && { names: [...names] }),
          },
        ];
  });
}

/** Whether whoever asks may do one thing; `undefined` where the cluster does not say. */
export async function isAllowed(
  api: ClusterApi,
  { apiGroup, resource, verb, namespace, name }: Question,
): Promise<boolean | undefined> {
  const { status, body } = await api.request("POST", REVIEWS, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: {
      resourceAttributes: {
        group: apiGroup,
        resource,
        verb,
        ...(namespace !== undefined && { namespace }),
        ...(name !== undefined && { name }),
      },
    },
  });
  if (status === 403 || status === 404) {
    return undefined;
  }
  if (status !== 201 && status !== 200) {
    throw new StatusError(status);
  }
  return reviewSchema.parse(body).status.allowed;
}

/** As whom the cluster sees the one who asks; `undefined` where it does not say, as before 1.28. */
export async function userName(api: ClusterApi): Promise<string | undefined> {
  const { status, body } = await api.request("POST", WHOAMI, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "SelfSubjectReview",
  });
  return status === 201 || status === 200
    ? whoamiSchema.safeParse(body).data?.status.userInfo.username
    : undefined;
}

function questionOf({
  permission: { apiGroup, resource, namespace },
  verb,
  name,
}: {
  readonly permission: Permission;
  readonly verb: string;
  readonly name: string | undefined;
}): Question {
  return {
    apiGroup,
    resource,
    verb,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

async function inTurn<T, R>(
  values: readonly T[],
  ask: (value: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  const waiting = [...values.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      answers[next[0]] = await ask(next[1]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}
