import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type {
  ChangedResource,
  CheckFailure,
  CheckResult,
  CreateResult,
  DiffResult,
  ExistingResource,
  ResourceLifecycle,
  ResourceRequest,
} from "../../plugins/provider";
import { removeUnfinished, writeFileAtomic } from "../../stack/atomic";
import {
  changedKeys,
  equal,
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  textOf,
} from "../../values";
import { UNCHANGED } from "../equivalent";
import { toGoYaml } from "../goYaml";
import { completed, idOf, identityOf, open, withData } from "./object";

/** How and where objects are rendered. */
export interface RenderSettings {
  directory: string;
  /** Namespace of objects that name none. */
  namespace: string;
  secretMutable: boolean;
  configMapMutable: boolean;
  alwaysRender: boolean;
}

/** Members of a Job's `spec` with which the real provider makes another Job; see `forceNewProperties` there. */
const FIXED_IN_JOBS = ["completions", "parallelism", "selector", "template"];

/** A Kubernetes object that lives as a YAML file. */
export class RenderedObject implements ResourceLifecycle {
  constructor(
    private readonly settings: () => RenderSettings,
    private readonly namespaced: boolean,
  ) {}

  check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    const failures: CheckFailure[] = [];
    const inputs = withData(request.news);
    const metadata = reveal(inputs.metadata);
    const name = isMap(metadata) ? reveal(metadata.name) : null;
    if (name === null) {
      failures.push({
        property: "metadata.name",
        reason: "a name is needed; the bundled engine does not make one up",
      });
    }
    if (isMap(metadata) && metadata.generateName !== undefined) {
      failures.push({
        property: "metadata.generateName",
        reason: "it has no meaning in rendered YAML",
      });
    }
    if (isMap(metadata)) {
      inputs.metadata = completed(
        metadata,
        this.namespaced ? this.settings().namespace : "",
      );
    }
    return Promise.resolve({ inputs, failures });
  }

  diff(request: ChangedResource): Promise<DiffResult> {
    const recorded = reveal(request.oldOutputs.__inputs);
    const before = this.meaning(isMap(recorded) ? recorded : request.oldInputs);
    const after = this.meaning(request.newInputs);
    const keys = changedKeys(before, after).map((key) => key.slice(1));
    if (keys.length === 0) {
      return Promise.resolve(
        this.settings().alwaysRender
          ? { ...UNCHANGED, changes: "some" }
          : UNCHANGED,
      );
    }
    const renamed = idOf(identityOf(before)) !== idOf(identityOf(after));
    const replaces = keys.filter((key) =>
      this.needsReplacement(key, before, after, renamed),
    );
    return Promise.resolve({
      changes: "some",
      changedKeys: keys,
      replaces,
      deleteBeforeReplace: replaces.length > 0 && !renamed,
    });
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    if (request.preview) {
      return { id: "", outputs: request.inputs, initErrors: [] };
    }
    await this.render(request.inputs);
    const fieldManager = `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
    return {
      id: idOf(identityOf(open(request.inputs))),
      outputs: outputsOf(request.inputs, fieldManager),
      initErrors: [],
    };
  }

  async update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    if (request.preview) {
      return { outputs: request.newInputs, initErrors: [] };
    }
    await this.render(request.newInputs);
    const fieldManager = textOf(reveal(request.oldOutputs.__fieldManager));
    return {
      outputs: outputsOf(request.newInputs, fieldManager),
      initErrors: [],
    };
  }

  async delete(request: ExistingResource): Promise<void> {
    await removeUnfinished(this.path(request.oldOutputs));
    await rm(this.path(request.oldOutputs), { force: true });
  }

  /** The object as it counts in a comparison: open, and with its namespace spelled out. */
  private meaning(inputs: PropertyMap): PropertyMap {
    const object = open(withData(inputs));
    const metadata = object.metadata;
    if (isMap(metadata)) {
      const { namespace, ...rest } = metadata;
      const spelledOut = this.namespaced
        ? { namespace: namespace ?? "default" }
        : {};
      object.metadata = { ...rest, ...spelledOut };
    }
    return object;
  }

  private needsReplacement(
    key: string,
    before: PropertyMap,
    after: PropertyMap,
    renamed: boolean,
  ): boolean {
    const { secretMutable, configMapMutable } = this.settings();
    const immutable = after.immutable === true;
    switch (key) {
      case "metadata":
        return renamed;
      case "type":
        return true;
      case "data":
      case "stringData":
      case "binaryData":
        return after.kind === "Secret"
          ? !secretMutable || immutable
          : !configMapMutable || immutable;
      case "spec":
        return after.kind === "Job"
          ? FIXED_IN_JOBS.some(
              (name) => !equal(member(before, name), member(after, name)),
            )
          : after.kind === "PersistentVolumeClaim";
      default:
        return false;
    }
  }

  private async render(inputs: PropertyMap): Promise<void> {
    const { directory } = this.settings();
    await mkdir(join(directory, "0-crd"), { recursive: true, mode: 0o700 });
    const object = open(inputs);
    await removeUnfinished(this.path(object));
    await writeFileAtomic(this.path(object), toGoYaml(object));
  }

  private path(object: PropertyMap): string {
    const { namespace, name } = identityOf(open(object));
    const version = textOf(reveal(object.apiVersion)).replaceAll(/[/:]/g, "_");
    const kind = textOf(reveal(object.kind)).toLowerCase();
    return join(
      this.settings().directory,
      "1-manifest",
      `${version}-${kind}-${namespace || "default"}-${name}.yaml`,
    );
  }
}

function member({ spec }: PropertyMap, name: string): PropertyValue {
  return isMap(spec) ? (spec[name] ?? null) : null;
}

function outputsOf(inputs: PropertyMap, fieldManager: string): PropertyMap {
  return {
    ...inputs,
    __inputs: inputs,
    __initialApiVersion: reveal(inputs.apiVersion),
    __fieldManager: fieldManager,
  };
}
