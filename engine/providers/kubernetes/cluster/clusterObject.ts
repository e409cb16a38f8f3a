import { outOfScope } from "../../../errors";
import type {
  ChangedResource,
  CheckFailure,
  CheckResult,
  CreateResult,
  DiffResult,
  ExistingResource,
  NewResource,
  ReadRequest,
  ReadResult,
  ResourceLifecycle,
  ResourceRequest,
} from "../../../plugins/provider";
import { covers, topOf } from "../../../propertyPath";
import {
  containsUnknown,
  isMap,
  type PropertyMap,
  reveal,
  secret,
  UNKNOWN,
} from "../../../values";
import type { ObjectKind } from "../kinds";
import {
  completed,
  idOf,
  type Identity,
  identityOf,
  open,
  parseId,
} from "../object";
import { change } from "./change";
import {
  checkpoint,
  fieldManagerFor,
  fieldManagerOfRead,
  importedInputs,
  readCheckpoint,
  withSecretsOf,
} from "./checkpoint";
import type { Cluster } from "./cluster";
import { isForced, make, refuseTaken } from "./create";
import { differencesOf } from "./difference";
import { fixedMembers } from "./fixedMembers";
import { normalized, withEmptyMaps, withoutEmptyMaps } from "./normalize";
import { pruned } from "./prune";
import { Unreachable } from "./refusals";
import { letGo, remove } from "./remove";
import { skipsWaiting, Target, timeLimit } from "./target";
import { awaitReady, unreadiness } from "./waiting";

/** The life of one kind of object in a cluster. */
export class ClusterObject implements ResourceLifecycle {
  /** Ids of objects that resources of the program have, by URN. */
  private readonly known = new Map<string, string>();

  constructor(
    private readonly cluster: Cluster,
    private readonly kind: ObjectKind,
  ) {}

  async check({
    urn,
    olds,
    news,
  }: ResourceRequest & {
    olds: PropertyMap;
    news: PropertyMap;
  }): Promise<CheckResult> {
    if (Object.keys(olds).length > 0) {
      this.known.set(urn, idOf(identityOf(open(olds))));
      if (await this.isOutOfReach(urn)) {
        return { inputs: olds, failures: [] };
      }
    }
    const inputs = normalized(news, this.kind);
    const metadata = reveal(inputs.metadata);
    const failures = mistakesIn(isMap(metadata) ? metadata : {});
    if (isMap(metadata)) {
      inputs.metadata = completed(
        metadata,
        this.kind.namespaced ? await this.cluster.namespace() : "",
      );
    }
    if (this.kind.kind === "Secret") {
      for (const name of ["data", "stringData"]) {
        const value = inputs[name];
        if (value !== undefined) {
          inputs[name] = secret(value);
        }
      }
    }
    return { inputs, failures };
  }

  diff(request: ChangedResource): Promise<DiffResult> {
    const { newInputs, oldOutputs, ignoreChanges } = request;
    const recorded = readCheckpoint(oldOutputs);
    const before = pruned(
      recorded.live,
      normalized(recorded.inputs, this.kind),
    );
    const after = this.placed(normalized(open(newInputs), this.kind));
    const differences = differencesOf(
      withoutEmptyMaps(this.placed(this.named(before, recorded.live))),
      withoutEmptyMaps(after),
      fixedMembers(this.kind, after, this.cluster.settings),
    ).filter(
      ({ path }) => !ignoreChanges.some((ignored) => covers(ignored, path)),
    );
    const replaces = differences
      .filter(({ isReplacing }) => isReplacing)
      .map(({ path }) => topOf(path));
    return Promise.resolve({
      changes: differences.length === 0 ? "none" : "some",
      changedKeys: differences.map(({ path }) => path),
      replaces: [...new Set(replaces)],
      deleteBeforeReplace:
        replaces.length > 0 &&
        idOf(identityOf(after)) ===
          idOf(identityOf(this.placed(recorded.live))),
    });
  }

  async create({
    urn,
    inputs,
    preview,
    timeout,
    interrupted = false,
  }: NewResource): Promise<CreateResult> {
    const asGiven = { id: "", outputs: inputs, initErrors: [] };
    const object = open(inputs);
    const target = this.target(urn, identityOf(object), inputs);
    if (preview && this.kind.kind === "Namespace") {
      this.cluster.planned.add(target.identity.name);
    }
    const { upsert, patchForce } = this.cluster.settings;
    const replaces = this.known.get(urn) === idOf(target.identity);
    if (containsUnknown(object)) {
      if (!upsert && !replaces && !interrupted) {
        await refuseTaken(target);
      }
      return asGiven;
    }
    const fieldManager = fieldManagerFor(object, "");
    const made = await make(target, {
      object,
      fieldManager,
      preview,
      upsert,
      force: isForced(object, patchForce),
      replaces,
      interrupted,
      isNamespacePlanned: this.cluster.planned.has(target.identity.namespace),
    });
    if (made === undefined) {
      return asGiven;
    }
    const { live, reasons } =
      preview || skipsWaiting(object)
        ? { live: made, reasons: [] }
        : await awaitReady(target, made, timeLimit(object, timeout), true);
    return {
      id: preview ? "" : idOf(identityOf(live)),
      outputs: checkpoint(
        {
          inputs: object,
          live: preview ? withoutStatus(live) : live,
          fieldManager,
          initialApiVersion: this.kind.apiVersion,
        },
        inputs,
      ),
      initErrors: reasons,
    };
  }

  async update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    const { urn, id, newInputs, oldOutputs, preview, timeout } = request;
    const object = normalized(open(newInputs), this.kind);
    if (containsUnknown(object)) {
      return { outputs: newInputs, initErrors: [] };
    }
    const recorded = readCheckpoint(oldOutputs);
    const fieldManager = fieldManagerFor(object, recorded.fieldManager);
    const target = this.target(urn, this.identity(id), newInputs);
    const changed = await change(target, {
      object,
      before: normalized(recorded.inputs, this.kind),
      fieldManager,
      preview,
      force: isForced(object, this.cluster.settings.patchForce),
      ignoreChanges: request.ignoreChanges,
    });
    const { live, reasons } =
      preview || skipsWaiting(object)
        ? { live: changed, reasons: [] }
        : await awaitReady(target, changed, timeLimit(object, timeout), false);
    const isOther =
      recorded.fieldManager !== "" && recorded.fieldManager !== fieldManager;
    if (isOther && !preview) {
      await letGo(target, recorded.fieldManager);
    }
    return {
      outputs: checkpoint(
        {
          inputs: object,
          live,
          fieldManager,
          initialApiVersion: recorded.initialApiVersion || this.kind.apiVersion,
        },
        newInputs,
      ),
      initErrors: reasons,
    };
  }

  async delete(request: ExistingResource): Promise<void> {
    const { urn, id, oldInputs, oldOutputs, timeout } = request;
    const recorded = readCheckpoint(oldOutputs);
    const target = this.target(urn, this.identity(id), oldInputs);
    try {
      await (this.kind.patch
        ? letGo(target, fieldManagerFor(recorded.inputs, recorded.fieldManager))
        : remove(target, recorded.inputs, timeout));
    } catch (error) {
      if (!(error instanceof Unreachable && this.letsGo(urn, error))) {
        throw error;
      }
    }
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { urn, id, oldInputs, oldOutputs } = request;
    const gone = { id: "", inputs: {}, outputs: {}, initErrors: [] };
    const target = this.target(urn, this.identity(id), oldInputs);
    const recorded = readCheckpoint(oldOutputs);
    let live: PropertyMap | undefined;
    try {
      live = await target.find();
    } catch (error) {
      if (error instanceof Unreachable) {
        if (this.letsGo(urn, error)) {
          return gone;
        }
        if (this.cluster.settings.skipUpdateUnreachable) {
          return { id, inputs: oldInputs, outputs: oldOutputs, initErrors: [] };
        }
      }
      throw error;
    }
    if (live === undefined) {
      return gone;
    }
    const isFirst = reveal(oldInputs.kind) === null;
    if (isFirst && this.kind.patch) {
      throw outOfScope(`Reading a ${this.kind.kind}Patch`);
    }
    const inputs = isFirst
      ? importedInputs(live, this.kind.members)
      : this.stillIn(live, normalized(open(oldInputs), this.kind));
    const fieldManager = fieldManagerFor(
      inputs,
      recorded.fieldManager || fieldManagerOfRead(urn),
    );
    return {
      id,
      inputs: withSecretsOf(inputs, oldInputs),
      outputs: checkpoint(
        {
          inputs,
          live,
          fieldManager,
          initialApiVersion: recorded.initialApiVersion || this.kind.apiVersion,
        },
        oldInputs,
      ),
      initErrors:
        isFirst || skipsWaiting(inputs) ? [] : await unreadiness(target, live),
    };
  }

  /** What of a live object the program speaks of. */
  private stillIn(live: PropertyMap, inputs: PropertyMap): PropertyMap {
    return withEmptyMaps(pruned(live, inputs), inputs);
  }

  private target(
    urn: string,
    identity: Identity,
    ...inputs: PropertyMap[]
  ): Target {
    return new Target(this.cluster, { kind: this.kind, identity, urn, inputs });
  }

  /** Where the object of a resource is. */
  private identity(id: string): Identity {
    const { namespace, name } = parseId(id);
    return {
      name,
      namespace: this.kind.namespaced ? namespace || "default" : "",
    };
  }

  /** An object with its namespace spelled out, or without one that its kind does not have. */
  private placed(object: PropertyMap): PropertyMap {
    const metadata = object.metadata;
    if (!isMap(metadata)) {
      return object;
    }
    const { namespace, ...rest } = metadata;
    return {
      ...object,
      metadata: this.kind.namespaced
        ? { ...rest, namespace: namespace ?? "default" }
        : rest,
    };
  }

  /** What is pruned away of an object does not include its name, nor what it is. */
  private named(before: PropertyMap, live: PropertyMap): PropertyMap {
    const { name } = identityOf(live);
    const metadata = isMap(before.metadata) ? before.metadata : {};
    return {
      apiVersion: this.kind.apiVersion,
      kind: this.kind.kind,
      ...before,
      metadata: { ...metadata, name },
    };
  }

  /** Whether the cluster does not answer, and objects are to be left alone then. */
  private async isOutOfReach(urn: string): Promise<boolean> {
    if (!this.cluster.settings.skipUpdateUnreachable) {
      return false;
    }
    try {
      await this.cluster.request({ method: "GET", path: "/version", urn });
      return false;
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        return false;
      }
      this.warn(
        urn,
        `${error.message} What was to be changed stays as it is, as \`skipUpdateUnreachable\` has it.`,
      );
      return true;
    }
  }

  /** Whether an object whose cluster does not answer is let go of. */
  private letsGo(urn: string, { message }: Unreachable): boolean {
    const { deleteUnreachable } = this.cluster.settings;
    if (deleteUnreachable) {
      this.warn(
        urn,
        `${message} The object leaves the state without being deleted, as \`deleteUnreachable\` has it.`,
      );
    }
    return deleteUnreachable;
  }

  private warn(urn: string, message: string): void {
    this.cluster.log({ severity: "warning", urn, message });
  }
}

function mistakesIn(metadata: PropertyMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const name = reveal(metadata.name);
  if (metadata.generateName !== undefined) {
    failures.push({
      property: "metadata.generateName",
      reason:
        "objects that are applied need a name of their own; use metadata.name",
    });
  } else if (name === null || name === "") {
    failures.push({
      property: "metadata.name",
      reason: "a name is needed; the bundled engine does not make one up",
    });
  } else if (name !== UNKNOWN && typeof name !== "string") {
    failures.push({ property: "metadata.name", reason: "it is no text" });
  }
  return failures;
}

/** What a preview knows of an object is not how it is doing. */
function withoutStatus(live: PropertyMap): PropertyMap {
  const { status: _, ...rest } = live;
  return rest;
}
