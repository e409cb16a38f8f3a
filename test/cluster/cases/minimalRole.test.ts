import {
  EndOfDeletion,
  neededPermissions,
  rulesOf,
} from "../../../cluster/permissions";
import type { Permission } from "../../../cluster/permissions";
import { WHOLE_PROOF } from "../../support/figures";
import type { AuditedRequest } from "../audit";
import { grant } from "../roles";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import { inventory } from "./objects";
import type { CaseStack } from "./stack";

/** Users for the engines: what one of them asked for is not the other's. */
const USERS = { bundled: "minimal-bundled", pulumi: "minimal-pulumi" };

/** How an engine sees the end of a deletion; see there. */
const END = { bundled: EndOfDeletion.Get, pulumi: EndOfDeletion.Watch };
/** What that plugin looks at for an explanation while it waits, and does without. */
const EXPLANATIONS = "events";

/** Everybody may ask what they may do, and what the server has. */
const ANYBODY = ["authorization.k8s.io", "authentication.k8s.io"];

describeCase(
  "minimal role",
  "the whole life under the Role, which permits nothing more",
  async (run) => {
    const user = USERS[run.engine.name];
    const permissions = neededPermissions({
      namespaces: [run.namespace],
      endOfDeletion: END[run.engine.name],
    });
    const stack = await run.stack({
      kubeconfig: run.cluster.kubeconfigOf(user),
    });
    stack.at(new Date()).set({
      bundles: [run.namespace],
      generations: { "2026a": "active" },
    });
    await permit(run, permissions);

    await stack.must("preview");
    await stack.must("up");
    stack.set({ generations: { "2026a": "active", "2027a": "staged" } });
    await stack.must("up");
    await stack.must("refresh");
    await stack.settled();
    const before = run.cluster.audit();
    const refused = await withoutEach(run, stack, permissions);
    await permit(run, permissions);
    const meanwhile = run.cluster.audit().length;
    await stack.must("destroy");
    expect(await inventory(run.cluster, run.namespace)).toEqual(new Map());

    const asked = [...before, ...run.cluster.audit().slice(meanwhile)]
      .filter((request) => request.user === user && request.resource !== "")
      .filter(({ apiGroup }) => !ANYBODY.includes(apiGroup))
      .filter(({ resource }) => resource !== EXPLANATIONS);
    expect(asked.filter(({ denied }) => denied).map(nameOf)).toEqual([]);
    const used = permissions.flatMap(({ resource, verbs }) =>
      verbs.map((verb) => `${verb} ${resource}`),
    );
    expect([...new Set(asked.map(nameOf))].sort()).toEqual(
      [...new Set(used)].sort(),
    );
    return `${used.length} permissions used, 0 denied; ${refused} times one less: refused`;
  },
  { server: { users: Object.values(USERS), audit: true } },
);

function nameOf({ verb, resource }: AuditedRequest): string {
  return `${verb} ${resource}`;
}

function permit(
  { cluster, engine, namespace }: CaseRun,
  permissions: readonly Permission[],
): Promise<void> {
  return grant(cluster, USERS[engine.name], namespace, rulesOf(permissions));
}

/** Sees that a preview refuses a Role that lacks one verb, by the name of it; the short form takes every third. */
async function withoutEach(
  run: CaseRun,
  stack: CaseStack,
  permissions: readonly Permission[],
): Promise<number> {
  const each = permissions.flatMap((permission) =>
    permission.verbs.map((verb) => ({ permission, verb })),
  );
  const taken = each.filter((_, index) => WHOLE_PROOF || index % 3 === 0);
  for (const { permission, verb } of taken) {
    const verbs = permission.verbs.filter((one) => one !== verb);
    await permit(
      run,
      permissions.flatMap((one) =>
        one !== permission
          ? [one]
          : verbs.length === 0
            ? []
            : { ...one, verbs },
      ),
    );
    const { code, text } = await stack.said("preview");
    expect([permission.resource, verb, code === 0]).toEqual([
      permission.resource,
      verb,
      false,
    ]);
    expect(text).toContain(permission.resource);
    expect(text).toContain(verb);
  }
  return taken.length;
}
