import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ClusterApi } from "../cluster/api";
import type { ApiObject } from "../cluster/serverSideApply";
import {
  ApplyError,
  applyFields,
  managerEntries,
  readObject,
} from "../cluster/serverSideApply";
import { InputError } from "../pki/problem";
import { checkResult } from "./checks";
import { UnreachableError, asked, connectToCluster } from "./clusterConnection";
import { inform } from "./engineLog";
import type { CustomResource } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { keepSecrets } from "./wire";
import { fittedFields, knownFields, withoutEmpty } from "./workloadPatchFields";
import type { PatchInputs } from "./workloadPatchInputs";
import {
  API_VERSIONS,
  inputProblems,
  inputsSchema,
} from "./workloadPatchInputs";
import { applyProblems, missing, releaseText } from "./workloadPatchRefusals";

/** What it takes to ask again, and to give everything back. */
const outputsSchema = z.object({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  cluster: z.string().exactOptional(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  fieldManager: z.string(),
});
type Outputs = z.infer<typeof outputsSchema>;

/** Another one of these is another patch. */
const IDENTITY = [
  "cluster",
  "kind",
  "namespace",
  "name",
  "fieldManager",
] as const;

/** Without one of these nobody knows where to ask. */
const PLACE = ["kubeconfig", "context", "kind", "namespace", "name"];

/**
 * `mqtt-pki:index:WorkloadPatch`: fields laid over a workload, or a Service,
 * that somebody else made, by server-side apply in a name of its own. A dry run
 * says in previews whether the cluster would take them, and whether they are
 * there already.
 *
 * The patches of the Kubernetes provider compare lists by index, and so see a
 * change for ever where an entry of theirs stands beside others'.
 */
export const workloadPatch: CustomResource = {
  async check(urn, _oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (
      draft === undefined ||
      problems.length > 0 ||
      unknown.some((path) => PLACE.includes(path))
    ) {
      return checkResult(news, problems);
    }
    const mistakes = inputProblems(draft);
    if (mistakes.length > 0) {
      return checkResult(news, mistakes);
    }
    const inputs = { ...draft, fields: knownFields(draft.fields, unknown) };
    try {
      const { notes } = await outcome(urn, inputs);
      for (const note of notes) {
        await inform(urn, note, "warning");
      }
      return checkResult(news, []);
    } catch (error) {
      if (error instanceof UnreachableError) {
        // Whether that is to be refused, the access to the cluster says.
        return checkResult(news, []);
      }
      if (error instanceof InputError) {
        return checkResult(news, error.problems);
      }
      throw error;
    }
  },

  async diff(_id, urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      return { changes: true };
    }
    const replaces = IDENTITY.filter((name) => inputs[name] !== old[name]);
    if (replaces.length > 0) {
      return { changes: true, replaces: [...replaces] };
    }
    if (
      inputs.kubeconfig !== old.kubeconfig ||
      inputs.context !== old.context
    ) {
      return { changes: true };
    }
    try {
      const { live, planned } = await outcome(urn, inputs);
      return {
        changes: !isDeepStrictEqual(
          comparable(live, inputs),
          comparable(planned, inputs),
        ),
      };
    } catch (error) {
      if (error instanceof UnreachableError) {
        return { changes: true };
      }
      throw error;
    }
  },

  async create(urn, properties) {
    const inputs = schema.required(inputsSchema, properties);
    const { kind, namespace, name } = inputs;
    return {
      id: `${namespace}/${kind}/${name}`,
      outs: await applied(urn, inputs, properties),
    };
  },

  async update(_id, urn, _olds, news) {
    return {
      outs: await applied(urn, schema.required(inputsSchema, news), news),
    };
  },

  async find(id, urn, properties) {
    if (Object.keys(properties).length === 0) {
      throw new InputError([
        {
          path: "import",
          message:
            "a patch is nothing that could be imported; leave the option out, and the update lays the fields over what is there.",
        },
      ]);
    }
    const old = schema.required(outputsSchema, properties);
    let live: ApiObject | undefined;
    try {
      const api = await connectToCluster({ urn, ...old });
      live = await asked(api, () => readObject(api, objectOf(old)));
    } catch (error) {
      if (await isGivenUp(error, urn)) {
        return undefined;
      }
      throw error;
    }
    const isThere =
      live !== undefined &&
      managerEntries(live).some(({ manager }) => manager === old.fieldManager);
    return isThere ? { id, outputs: properties } : undefined;
  },

  async delete(_id, urn, properties) {
    const old = schema.required(outputsSchema, properties);
    try {
      const api = await connectToCluster({ urn, ...old });
      await asked(api, async () => {
        if ((await readObject(api, objectOf(old))) !== undefined) {
          await release(api, old);
        }
      });
    } catch (error) {
      if (!(await isGivenUp(error, urn))) {
        throw error;
      }
    }
  },
};

/** Whether a cluster that is away is gone for good, as whoever runs this says to the objects on it as well. */
async function isGivenUp(error: unknown, urn: string): Promise<boolean> {
  if (
    !(error instanceof UnreachableError) ||
    process.env.PULUMI_K8S_DELETE_UNREACHABLE !== "true"
  ) {
    return false;
  }
  await inform(
    urn,
    `${error.message} The fields leave the state without being given back, as PULUMI_K8S_DELETE_UNREACHABLE has it.`,
    "warning",
  );
  return true;
}

/** Whoever applies nothing owns nothing. */
async function release(api: ClusterApi, old: Outputs): Promise<void> {
  try {
    await applyFields(
      api,
      objectOf(old),
      {},
      { manager: old.fieldManager, force: false, dryRun: false },
    );
  } catch (error) {
    if (!(error instanceof ApplyError)) {
      throw error;
    }
    if (error.status !== 404) {
      throw new InputError([
        { path: "name", message: releaseText(error, { ...old, fields: {} }) },
      ]);
    }
  }
}

/** What there is, what would come of the fields, and what to tell of it. */
interface Outcome {
  readonly live: ApiObject;
  readonly planned: ApiObject;
  readonly notes: readonly string[];
}

function outcome(urn: string, inputs: PatchInputs): Promise<Outcome> {
  return laidOver(urn, inputs, true);
}

async function applied(
  urn: string,
  inputs: PatchInputs,
  properties: Properties,
): Promise<Properties> {
  await laidOver(urn, inputs, false);
  // The fields are no output: a preview shows them as inputs.
  return keepSecrets(outputsSchema.parse(inputs), properties);
}

/** @throws InputError with all that keeps the cluster from it */
async function laidOver(
  urn: string,
  inputs: PatchInputs,
  dryRun: boolean,
): Promise<Outcome> {
  const api = await connectToCluster({ urn, ...inputs });
  return asked(api, async () => {
    try {
      const object = objectOf(inputs);
      const live = await readObject(api, object);
      if (live === undefined) {
        throw new InputError([missing(inputs)]);
      }
      const { fields, problems, notes } = fittedFields(live, inputs);
      if (problems.length > 0) {
        throw new InputError(problems);
      }
      const planned = await applyFields(api, object, withoutEmpty(fields), {
        manager: inputs.fieldManager,
        force: inputs.takeOver === true,
        dryRun,
      });
      return { live, planned, notes };
    } catch (error) {
      throw error instanceof ApplyError
        ? new InputError(applyProblems(error, inputs))
        : error;
    }
  });
}

/** What of an object an apply can change: all but the records of who wrote when, of which the own one counts. */
function comparable(object: ApiObject, { fieldManager }: PatchInputs): object {
  const { metadata, status: _status, ...rest } = object;
  const {
    managedFields: _managers,
    resourceVersion: _version,
    generation: _generation,
    ...described
  } = z.record(z.string(), z.unknown()).parse(metadata);
  const own = managerEntries(object)
    .filter(({ manager }) => manager === fieldManager)
    .map(({ fieldsV1 }) => fieldsV1);
  return { rest, described, own };
}

function objectOf(inputs: Omit<Outputs, "fieldManager">) {
  const { kind, namespace, name } = inputs;
  return { apiVersion: API_VERSIONS[kind] ?? "v1", kind, namespace, name };
}
