import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse, parseAllDocuments } from "yaml";
import type { Permission, Rule } from "../../cluster/permissions";
import {
  byPlace,
  neededPermissions,
  rulesOf,
  rulesText,
} from "../../cluster/permissions";
import { ROOT } from "../support/fleet";

/** The rules of an example, as somebody applies them. */
function example(file: string): readonly Rule[] {
  const text = readFileSync(join(ROOT, "examples", "cluster", file), "utf8");
  const [role] = parseAllDocuments(text).map(
    (document) => document.toJS() as { rules: Rule[] },
  );
  return role?.rules ?? [];
}

test("the Role of the example is what its stack needs, and nothing more", () => {
  const needed = neededPermissions({
    namespaces: ["mqtt"],
    workloads: [{ kind: "Deployment", name: "mosquitto", namespace: "mqtt" }],
  });
  expect(example("role.yaml")).toEqual(rulesOf(needed));
});

test("the ClusterRole of the example is what is needed in the whole cluster at most", () => {
  const needed = neededPermissions({
    namespaces: ["mqtt"],
    createNamespace: true,
    clusterTrustBundles: [
      { name: "example.com:mqtt:roots", signerName: "example.com/mqtt" },
    ],
    certManagerIssuers: [
      { kind: "ClusterIssuer", name: "mqtt", namespace: "mqtt" },
    ],
  });
  expect(example("clusterrole.yaml")).toEqual(
    rulesOf(byPlace(needed).get(undefined) ?? []),
  );
});

test("an Issuer, Jobs and a Secret of others stay within namespaces", () => {
  const needed = neededPermissions({
    namespaces: ["mqtt", "mqtt"],
    certManagerIssuers: [{ kind: "Issuer", name: "ca", namespace: "mqtt" }],
    readSecrets: [
      { name: "inside", namespace: "mqtt" },
      { name: "issued", namespace: "edge" },
    ],
    jobs: true,
  });
  expect([...byPlace(needed).keys()]).toEqual(["mqtt", "edge"]);
  expect(rulesOf(byPlace(needed).get("edge") ?? [])).toEqual([
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: ["issued"],
      verbs: ["get"],
    },
  ]);
});

const permission: fc.Arbitrary<Permission> = fc.record(
  {
    apiGroup: fc.constantFrom("", "apps"),
    resource: fc.constantFrom("secrets", "configmaps", "deployments"),
    verbs: fc.uniqueArray(fc.constantFrom("get", "patch", "create"), {
      minLength: 1,
    }),
    names: fc.uniqueArray(fc.constantFrom("a", "b:c", "true"), {
      minLength: 1,
    }),
  },
  { requiredKeys: ["apiGroup", "resource", "verbs"] },
);

/** Each single thing that is permitted. */
function single(rules: readonly Rule[]): string[] {
  const all = rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        (resourceNames ?? ["*"]).flatMap((name) =>
          verbs.map((verb) => [group, resource, name, verb].join(" ")),
        ),
      ),
    ),
  );
  return [...new Set(all)].sort();
}

test("rules permit what their permissions say, no more and no less, and are read back from their text", () => {
  fc.assert(
    fc.property(fc.array(permission, { minLength: 1 }), (permissions) => {
      const rules = rulesOf(permissions);
      const one = permissions.map(({ apiGroup, resource, names, verbs }) => ({
        apiGroups: [apiGroup],
        resources: [resource],
        ...(names !== undefined && { resourceNames: names }),
        verbs,
      }));
      expect(single(rules)).toEqual(single(one));
      expect(parse(`rules:\n${rulesText(rules)}\n`)).toEqual({ rules });
    }),
  );
});
