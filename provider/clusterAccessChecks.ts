import { missingPermissions, userName } from "../cluster/access";
import type { ClusterApi } from "../cluster/api";
import { withoutCredentials } from "../cluster/failure";
import { namespaceState } from "../cluster/identity";
import type { EndOfDeletionName, Permission } from "../cluster/permissions";
import {
  EndOfDeletion,
  byPlace,
  neededPermissions,
  rulesOf,
  rulesText,
} from "../cluster/permissions";
import { servedVersions } from "../cluster/served";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import type { ClusterAccessInputs } from "./clusterAccessInputs";
import { useOf } from "./clusterAccessInputs";

/** What is said of a cluster that answers. */
export interface AccessFindings {
  readonly problems: readonly Problem[];
  /** What a preview tells beside. */
  readonly notes: readonly string[];
}

/** All that keeps a program from its work on a cluster that answers. */
export async function accessProblems(
  api: ClusterApi,
  inputs: ClusterAccessInputs,
): Promise<AccessFindings> {
  const use = {
    ...useOf(inputs),
    endOfDeletion: endOfDeletion(await api.version()),
  };
  const [namespaces, served, missing, user] = await Promise.all([
    namespaceFindings(api, inputs),
    servedProblems(api, inputs),
    missingPermissions(api, neededPermissions(use)),
    userName(api),
  ]);
  const who = user === undefined ? "this user" : `the user ${quote(user)}`;
  return {
    problems: [
      ...namespaces.problems,
      ...served,
      ...permissionProblems(missing ?? [], who, api),
    ],
    notes: [
      ...namespaces.notes,
      ...(missing === undefined
        ? [
            `the cluster does not tell ${who} what is permitted; an update says what is not.`,
          ]
        : []),
    ],
  };
}

/** Whoever deletes is the engine, and the bundled one says so when it starts this plugin. */
function endOfDeletion(version: string): EndOfDeletionName {
  if (process.env.MQTT_PKI_DELETES_WITHOUT_WATCH === "1") {
    return EndOfDeletion.Get;
  }
  // Since then a watch may begin with all that is there.
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) === 1 && Number(minor) < 34
    ? EndOfDeletion.ListAndWatch
    : EndOfDeletion.Watch;
}

async function namespaceFindings(
  api: ClusterApi,
  { namespaces, createNamespace }: ClusterAccessInputs,
): Promise<AccessFindings> {
  const states = await Promise.all(
    namespaces.map((name) => namespaceState(api, name)),
  );
  const problems: Problem[] = [];
  const notes: string[] = [];
  for (const [index, name] of namespaces.entries()) {
    const path = `namespaces[${index}]`;
    const state = states[index]?.state;
    if (state === "terminating") {
      problems.push({
        path,
        message: `${quote(name)} is being deleted, and takes nothing any more; wait until it is gone, or write another one.`,
      });
    } else if (state === "missing" && createNamespace === true) {
      notes.push(`the namespace ${quote(name)} is made with the update.`);
    } else if (state === "missing") {
      problems.push({
        path,
        message: `${quote(name)} is not there; write one that is, make it ("kubectl create namespace ${name}"), or set createNamespace (mqtt-pki:createNamespace) to true.`,
      });
    }
  }
  return { problems, notes };
}

async function servedProblems(
  api: ClusterApi,
  { clusterTrustBundles = [], certManagerIssuers = [] }: ClusterAccessInputs,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  if (clusterTrustBundles.length > 0) {
    const served = await servedVersions(
      api,
      "certificates.k8s.io",
      "clustertrustbundles",
    );
    for (const [
      index,
      { version = "v1beta1" },
    ] of clusterTrustBundles.entries()) {
      if (!served.includes(version)) {
        problems.push({
          path: `clusterTrustBundles[${index}].version`,
          message:
            served.length === 0
              ? "this cluster has no ClusterTrustBundle; its administrator may switch it on (feature gate ClusterTrustBundle, and the API certificates.k8s.io/v1beta1 of Kubernetes 1.33 or later), or write namespaces, each of which gets a ConfigMap."
              : `${quote(version)} of ClusterTrustBundle is not on this cluster; write ${served.map(quote).join(" or ")}.`,
        });
      }
    }
  }
  for (const [index, { kind }] of certManagerIssuers.entries()) {
    const served = await servedVersions(
      api,
      "cert-manager.io",
      `${kind.toLowerCase()}s`,
    );
    if (!served.includes("v1")) {
      problems.push({
        path: `certManagerIssuers[${index}]`,
        message: `this cluster has no ${kind} of cert-manager.io/v1${served.length === 0 ? "" : ` (it has ${served.join(", ")})`}; install cert-manager 1.0 or later first.`,
      });
    }
  }
  return problems;
}

/** One problem for all that is missing: it is one Role, or a few, that somebody has to write. */
function permissionProblems(
  missing: readonly Permission[],
  who: string,
  api: ClusterApi,
): Problem[] {
  if (missing.length === 0) {
    return [];
  }
  const places = [...byPlace(missing)].map(([namespace, permissions]) => {
    const where =
      namespace === undefined
        ? "in the whole cluster (a ClusterRole)"
        : `in the namespace ${namespace} (a Role there)`;
    return `${where}:\n${rulesText(rulesOf(permissions))}`;
  });
  return [
    {
      path: "permissions",
      message: `${who} of the cluster at ${withoutCredentials(api.server)} may not do all that this program does; these rules are missing, ${places.join("\nand ")}`,
    },
  ];
}
