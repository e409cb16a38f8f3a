import type { ReadResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

import { EngineError, outOfScope } from "../errors";
import type { Provider } from "../plugins/provider";
import type { Journal } from "../stack/journal";
import type { ResourceState } from "../stack/state";
import { fromWire, equal, UNKNOWN } from "../values";
import type { Activity } from "./activity";
import type { Goal } from "./goal";
import {
  mustWrite,
  newState,
  refuseUnready,
  stepOf,
  withSecrets,
} from "./steps";

/** A resource that exists already and is managed elsewhere, as a program asks for it. */
export interface ReadGoal {
  id: string;
  /** What a registration of it would say. */
  goal: Goal;
}

/** What reading needs of the deployment it belongs to. */
export interface ReadContext {
  activity: Activity;
  journal: Journal;
  providerOf: (reference: string) => Promise<Provider>;
  /** Has the old resource deleted in the end, because the one that is read stands in its place. */
  giveUp: (old: ResourceState) => void;
}

/** Reads a request; what this engine does not do is refused by name. */
export function readGoalOf(request: ReadResourceRequest): ReadGoal {
  if (request.getPackageref() !== "") {
    throw outOfScope("A parameterized provider");
  }
  return {
    id: request.getId(),
    goal: {
      type: request.getType(),
      name: request.getName(),
      custom: true,
      parent: request.getParent(),
      inputs: fromWire(request.getProperties()),
      dependencies: request.getDependenciesList(),
      propertyDependencies: {},
      provider: request.getProvider(),
      providers: {},
      version: request.getVersion() || undefined,
      protect: undefined,
      retainOnDelete: undefined,
      deletedWith: "",
      deleteBeforeReplace: undefined,
      ignoreChanges: [],
      replaceOnChanges: [],
      replacementTrigger: undefined,
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: [],
      customTimeouts: {},
      importId: "",
    },
  };
}

/** Reads a resource, in previews too, and puts it into the state as one that nobody here may change or delete. */
export async function readResource(
  urn: string,
  { id, goal }: ReadGoal,
  old: ResourceState | undefined,
  { activity, journal, providerOf, giveUp }: ReadContext,
): Promise<ResourceState> {
  const next: ResourceState = {
    ...newState(goal, urn, old),
    external: true,
    id,
  };
  const takesPlace = old !== undefined && !old.external && old.id !== id;
  const step = stepOf(
    takesPlace ? "replace" : "read",
    next,
    old?.inputs,
    next.inputs,
  );
  return activity.look(step, async () => {
    if (id !== UNKNOWN) {
      const provider = await providerOf(goal.provider);
      const found = await provider.read({
        urn,
        id,
        owned: false,
        preview: activity.preview,
        timeout: 0,
        oldInputs: next.inputs,
        oldOutputs: next.inputs,
      });
      if (found.id === "") {
        throw new EngineError(`resource '${id}' does not exist`);
      }
      next.id = found.id;
      next.outputs = withSecrets(found.outputs, next);
      next.initErrors = found.initErrors;
    }
    if (takesPlace) {
      giveUp(old);
    }
    const isSame =
      old?.external === true && old.id === next.id && !mustWrite(old, next);
    if (isSame) {
      const kept = { ...old };
      journal.keep(kept, old);
      return kept;
    }
    const differs =
      old !== undefined &&
      !(equal(old.inputs, next.inputs) && equal(old.outputs, next.outputs));
    if (differs) {
      next.modified = new Date().toISOString();
    }
    activity.changed = true;
    await journal.settle(next, old);
    refuseUnready(next);
    return next;
  });
}
