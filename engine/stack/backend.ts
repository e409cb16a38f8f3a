import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { EngineError, hasCode, messageOf, outOfScope } from "../errors";
import {
  isMap,
  parse,
  type PropertyMap,
  type PropertyValue,
  textOf,
} from "../values";
import { keepCopy, removeUnfinished, writeFileAtomic } from "./atomic";
import type { DeploymentWriter } from "./deploymentText";
import type { Crypter } from "./secrets";
import { decodeResource, type Snapshot } from "./state";

/** The version of state files and exported states this engine reads and writes. */
export const STATE_VERSION = 3;

/** A state file as read: the JSON of its deployment, secrets still encrypted. */
export interface StoredState {
  /** The whole file. */
  text: string;
  deployment: PropertyMap;
  /** The salt its secrets were encrypted with. */
  salt: string | undefined;
}

/** What a finished update leaves in the history. */
export interface HistoryEntry {
  kind: "update" | "destroy" | "refresh";
  startTime: number;
  endTime: number;
  succeeded: boolean;
  resourceChanges: Record<string, number>;
}

/** The state of one stack in a folder laid out as Pulumi's file backend lays it out. */
export class Backend {
  private readonly file: string;

  constructor(
    /** The folder the URL names; everything is in `.pulumi` below it. */
    readonly root: string,
    private readonly project: string,
    private readonly stack: string,
  ) {
    this.file = join(root, ".pulumi", "stacks", project, `${stack}.json`);
  }

  /** The folder of this stack's lock files. */
  get lockFolder(): string {
    return join(
      this.root,
      ".pulumi",
      "locks",
      "organization",
      this.project,
      this.stack,
    );
  }

  /** Reads the state; undefined if the stack has none yet. */
  async read(): Promise<StoredState | undefined> {
    if (existsSync(`${this.file}.gz`)) {
      throw outOfScope(`A compressed state file (${this.file}.gz)`);
    }
    await this.checkMeta();
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) {
        return undefined;
      }
      throw error;
    }
    const json = parseState(text, this.file);
    if (json.version !== STATE_VERSION || !isMap(json.checkpoint)) {
      throw outOfScope(
        `A state of version ${textOf(json.version)} (${this.file})`,
      );
    }
    const latest = json.checkpoint.latest;
    const deployment = isMap(latest) ? latest : {};
    return { text, deployment, salt: saltOf(deployment) };
  }

  /** Writes the state. The state before it stays beside it as `.bak`. */
  async write(
    snapshot: Snapshot,
    writer: DeploymentWriter,
    metadata: PropertyMap,
  ): Promise<void> {
    // First of all, so that it is the state of this moment whatever goes on during the rest.
    const deployment = writer.text(snapshot, metadata);
    const stack = `organization/${this.project}/${this.stack}`;
    await this.writeMeta();
    await keepCopy(this.file, `${this.file}.bak`);
    await writeFileAtomic(
      this.file,
      `{"version":${STATE_VERSION},"checkpoint":{"stack":${JSON.stringify(stack)},"latest":${deployment}}}`,
    );
  }

  /** Removes what runs that were killed in the middle of a write have left; only for whoever holds the lock. */
  async sweep(): Promise<void> {
    await removeUnfinished(this.file);
    await removeUnfinished(`${this.file}.bak`);
  }

  /** Keeps a copy of the state as it is, beside those Pulumi keeps. */
  async backUp(stamp = nanoseconds()): Promise<void> {
    if (existsSync(this.file)) {
      const folder = join(
        this.root,
        ".pulumi",
        "backups",
        this.project,
        this.stack,
      );
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await copyFile(this.file, join(folder, `${this.stack}.${stamp}.json`));
    }
  }

  /** Notes a finished update, with a copy of the state it left, where `pulumi stack history` looks for it. */
  async addHistory(entry: HistoryEntry): Promise<void> {
    const folder = join(
      this.root,
      ".pulumi",
      "history",
      this.project,
      this.stack,
    );
    const stamp = nanoseconds();
    const prefix = join(folder, `${this.stack}-${stamp}`);
    await writeFileAtomic(
      `${prefix}.history.json`,
      JSON.stringify({
        kind: entry.kind,
        startTime: Math.floor(entry.startTime / 1000),
        message: "",
        environment: {},
        config: {},
        version: 0,
        result: entry.succeeded ? "succeeded" : "failed",
        endTime: Math.floor(entry.endTime / 1000),
        resourceChanges: entry.resourceChanges,
      }),
    );
    if (existsSync(this.file)) {
      await copyFile(this.file, `${prefix}.checkpoint.json`);
      await this.backUp(stamp);
    }
  }

  /** Refuses folders of another layout: a stack could be in them and not be seen. */
  private async checkMeta(): Promise<void> {
    const meta = join(this.root, ".pulumi", "meta.yaml");
    if (
      existsSync(meta) &&
      !/^version: 1$/m.test(await readFile(meta, "utf8"))
    ) {
      throw outOfScope(`A state folder of another version (${meta})`);
    }
  }

  private async writeMeta(): Promise<void> {
    const meta = join(this.root, ".pulumi", "meta.yaml");
    if (!existsSync(meta)) {
      await mkdir(join(this.root, ".pulumi"), { recursive: true, mode: 0o700 });
      await writeFileAtomic(meta, "version: 1\n");
    }
  }
}

/** The names of a project's stacks in a backend. */
export async function stackNames(
  root: string,
  project: string,
): Promise<string[]> {
  try {
    const names = await readdir(join(root, ".pulumi", "stacks", project));
    return names
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .sort();
  } catch {
    return [];
  }
}

/** The time as Pulumi's file backend puts it into file names. */
function nanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Turns the backend's URL into a folder; relative ones count from the current folder. */
export function backendFolder(url: string | undefined): string {
  if (url === undefined || url === "") {
    throw new EngineError(
      "No state backend is set. Set PULUMI_BACKEND_URL, for example to file://./.state (or `backend.url` in Pulumi.yaml).",
    );
  }
  if (!url.startsWith("file://")) {
    throw outOfScope(
      `The state backend ${url.split("://", 1)[0] ?? ""}:// (this engine keeps state in file://)`,
    );
  }
  const path =
    decodeURIComponent(
      (url.slice("file://".length).split("?", 1)[0] ?? "").replace(/\/+$/, ""),
    ) || "/";
  return path === "~" || path.startsWith("~/")
    ? join(homedir(), path.slice(1))
    : resolve(path);
}

/** Reads a deployment and opens its secrets. */
export function decodeDeployment(
  deployment: PropertyMap,
  crypter: Crypter | undefined,
): Snapshot {
  const list = (key: string): PropertyValue[] =>
    Array.isArray(deployment[key]) ? deployment[key] : [];
  return {
    resources: list("resources").map((resource) =>
      decodeResource(resource, crypter),
    ),
    pendingOperations: list("pending_operations")
      .filter(isMap)
      .map((operation) => ({
        resource: decodeResource(operation.resource ?? null, crypter),
        type: textOf(operation.type),
      })),
  };
}

/** The salt a deployment's secrets were encrypted with. */
export function saltOf(deployment: PropertyMap): string | undefined {
  const provider = deployment.secrets_providers;
  if (!isMap(provider)) {
    return undefined;
  }
  if (provider.type !== "passphrase") {
    throw outOfScope(
      `The secrets provider "${textOf(provider.type)}" of this state (this engine has "passphrase")`,
    );
  }
  const state = provider.state;
  return isMap(state) && typeof state.salt === "string"
    ? state.salt
    : undefined;
}

function parseState(text: string, file: string): PropertyMap {
  try {
    const json = parse(JSON.parse(text));
    if (isMap(json)) {
      return json;
    }
  } catch (error) {
    throw new EngineError(
      `The state file ${file} is damaged (${messageOf(error)}). The state before it is in ${file}.bak.`,
    );
  }
  throw new EngineError(
    `The state file ${file} is damaged. The state before it is in ${file}.bak.`,
  );
}
