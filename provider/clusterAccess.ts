import { z } from "zod";
import type { ClusterApi } from "../cluster/api";
import type { ClusterIdentity, FoundIdentity } from "../cluster/identity";
import {
  namespaceState,
  otherCluster,
  readIdentity,
} from "../cluster/identity";
import { InputError, quote } from "../pki/problem";
import { checkResult } from "./checks";
import { accessProblems } from "./clusterAccessChecks";
import type { ClusterAccessInputs } from "./clusterAccessInputs";
import { inputProblems, inputsSchema } from "./clusterAccessInputs";
import { UnreachableError, asked, connectToCluster } from "./clusterConnection";
import { inform } from "./engineLog";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { keepSecrets } from "./wire";

/** What a refresh needs to ask the cluster again, and by what it is recognized. */
const outputsSchema = z.object({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  namespaces: z.array(z.string()),
  clusterUid: z.string(),
  namespaceUids: z.record(z.string(), z.string()),
});

/**
 * `mqtt-pki:index:ClusterAccess`: that a cluster is there, is the one it was,
 * and permits what a program needs. `check` finds out, `diff` compares with the
 * last update, and the rest only remembers.
 */
export const clusterAccess: CustomResource = {
  async check(urn, _oldInputs, news) {
    const { value, problems, unknown } = schema.parse(inputsSchema, news);
    if (value === undefined || problems.length > 0 || unknown.length > 0) {
      return checkResult(news, problems);
    }
    const mistakes = inputProblems(value);
    if (mistakes.length > 0) {
      return checkResult(news, mistakes);
    }
    try {
      const api = await connectToCluster({ urn, ...value });
      const found = await asked(api, () => accessProblems(api, value));
      for (const note of found.notes) {
        await inform(urn, note);
      }
      return checkResult(news, found.problems);
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw error;
      }
      if (
        error instanceof UnreachableError &&
        value.whenUnreachable === "continue"
      ) {
        await inform(
          urn,
          `${error.message} What goes there stays as it is, and is brought up to date by the next update that reaches it; run the update with --continue-on-error.`,
          "warning",
        );
        return checkResult(news, []);
      }
      return checkResult(news, error.problems);
    }
  },

  async diff(_id, urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      return { changes: true };
    }
    try {
      const api = await connectToCluster({ urn, ...inputs });
      const [now, toMake] = await asked(api, () =>
        Promise.all([
          readIdentity(api, old.namespaces),
          namespacesToMake(api, inputs),
        ]),
      );
      refuseOtherCluster(old, now);
      return {
        changes:
          toMake.length > 0 ||
          inputs.kubeconfig !== old.kubeconfig ||
          inputs.context !== old.context ||
          inputs.namespaces.join() !== old.namespaces.join(),
      };
    } catch (error) {
      if (
        error instanceof UnreachableError &&
        inputs.whenUnreachable === "continue"
      ) {
        return { changes: true };
      }
      throw error;
    }
  },

  async create(urn, inputs) {
    return { id: nameOf(urn), outs: await prepared(urn, inputs) };
  },

  async update(_id, urn, _olds, news) {
    return { outs: await prepared(urn, news) };
  },

  async read(_id, urn, outputs) {
    const old = schema.required(outputsSchema, outputs);
    try {
      const api = await connectToCluster({ urn, ...old });
      const found = await asked(api, () => readIdentity(api, old.namespaces));
      return keepSecrets({ ...old, ...recognized(found) }, outputs);
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw error;
      }
      // The objects say it themselves, each with what may be done about it.
      await inform(urn, error.message, "warning");
      return outputs;
    }
  },

  delete() {
    // The cluster and its namespaces stay.
    return Promise.resolve();
  },
};

async function prepared(
  urn: string,
  properties: Properties,
): Promise<Properties> {
  const inputs = schema.required(inputsSchema, properties);
  const { kubeconfig, context, namespaces } = inputs;
  const api = await connectToCluster({ urn, ...inputs });
  const identity = await asked(api, async () => {
    for (const name of await namespacesToMake(api, inputs)) {
      await makeNamespace(api, name);
    }
    return recognized(await readIdentity(api, namespaces));
  });
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    namespaces,
    ...identity,
  };
}

async function namespacesToMake(
  api: ClusterApi,
  { namespaces, createNamespace }: ClusterAccessInputs,
): Promise<string[]> {
  if (createNamespace !== true) {
    return [];
  }
  const states = await Promise.all(
    namespaces.map((name) => namespaceState(api, name)),
  );
  return namespaces.filter(
    (_name, index) => states[index]?.state === "missing",
  );
}

async function makeNamespace(api: ClusterApi, name: string): Promise<void> {
  const { status } = await api.request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  // Another target of the same cluster may have been faster.
  if (status !== 201 && status !== 409) {
    throw new InputError([
      {
        path: "createNamespace",
        message: `the namespace ${quote(name)} cannot be made: the cluster answers ${status}${status === 403 ? "; this user needs the verb create on namespaces (a ClusterRole)" : ""}.`,
      },
    ]);
  }
}

function refuseOtherCluster(before: ClusterIdentity, now: FoundIdentity): void {
  const difference = otherCluster(before, now);
  if (difference !== undefined) {
    throw new InputError([
      {
        path: "kubeconfig",
        message: `${difference}. Name the kubeconfig or context of before. Where the objects are to go here from now on, run "refresh" once; what is missing here is made by the next update, and what is in the other cluster stays there.`,
      },
    ]);
  }
}

function recognized({
  clusterUid,
  namespaceUids,
}: FoundIdentity): ClusterIdentity {
  return { clusterUid, namespaceUids };
}
