import { EngineError } from "../errors";
import { isMap, type PropertyMap } from "../values";
import {
  Backend,
  backendFolder,
  decodeDeployment,
  stackNames,
  type StoredState,
} from "./backend";
import {
  appendSalt,
  hasSecrets,
  loadStackConfig,
  type ProgramConfig,
  programConfig,
  type StackConfig,
} from "./config";
import { loadProject, type Project } from "./project";
import { Crypter, readPassphrase } from "./secrets";
import type { Snapshot } from "./state";

/** Which stack a command is about. */
export interface StackOptions {
  stack: string | undefined;
  configFile: string | undefined;
}

/** Where a stack is, before anything of it is read. */
export interface StackPlace {
  project: Project;
  name: string;
  backend: Backend;
}

/** Finds the stack a command is about. */
export async function locateStack(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<StackPlace> {
  const { project, root } = await locateBackend(environment);
  const name = stackName(given ?? environment.PULUMI_STACK, project);
  return { project, name, backend: new Backend(root, project.name, name) };
}

/** Finds the project and the folder that holds its stacks. */
export async function locateBackend(
  environment: NodeJS.ProcessEnv,
): Promise<{ project: Project; root: string }> {
  const project = await loadProject(process.cwd());
  const root = backendFolder(
    environment.PULUMI_BACKEND_URL ?? project.backendUrl,
  );
  return { project, root };
}

/** One stack with everything read that a command needs of it. */
export class OpenStack {
  private constructor(
    readonly project: Project,
    readonly name: string,
    readonly backend: Backend,
    readonly config: StackConfig,
    /** The state as stored; undefined if the stack has none yet. */
    readonly stored: StoredState | undefined,
    /** Encrypts what is written. Making it takes a moment, so it is a promise that other work can overlap. */
    readonly crypter: Promise<Crypter>,
    /** The state, opened. */
    readonly snapshot: Promise<Snapshot>,
    /** Opens what was encrypted under another salt with the same passphrase. */
    readonly crypterOf: (salt: string) => Promise<Crypter>,
  ) {}

  /** Reads project, configuration and state. */
  static async open(
    options: StackOptions,
    environment: NodeJS.ProcessEnv,
  ): Promise<OpenStack> {
    const {
      project,
      name: stack,
      backend,
    } = await locateStack(options.stack, environment);
    const [config, stored, passphrase] = await Promise.all([
      loadStackConfig(project, stack, options.configFile),
      backend.read(),
      readPassphrase(environment),
    ]);
    const salt = config.encryptionSalt ?? stored?.salt;
    const crypter = Crypter.forStack(passphrase, salt);
    const crypterOf = (other: string): Promise<Crypter> =>
      other === salt ? crypter : Crypter.open(passphrase, other);
    const stateSalt = stored?.salt;
    const stateCrypter =
      stateSalt === undefined ? crypter : crypterOf(stateSalt);
    const snapshot = stateCrypter.then((opened) =>
      stored === undefined
        ? { resources: [], pendingOperations: [] }
        : decodeDeployment(stored.deployment, opened),
    );
    // Whoever needs them awaits them; until then a failure must not count as nobody's.
    for (const promise of [crypter, snapshot]) {
      promise.catch(() => undefined);
    }
    return new OpenStack(
      project,
      stack,
      backend,
      config,
      stored,
      crypter,
      snapshot,
      crypterOf,
    );
  }

  /** Members of the state this engine only carries along. */
  get metadata(): PropertyMap {
    const metadata = this.stored?.deployment.metadata;
    return isMap(metadata) ? metadata : {};
  }

  /** The configuration as the program gets it. */
  async programConfig(): Promise<ProgramConfig> {
    if (!hasSecrets(this.config)) {
      return programConfig(this.config, () => {
        throw new EngineError("The configuration holds no secret.");
      });
    }
    const crypter = await this.crypter;
    return programConfig(this.config, () => crypter);
  }

  /** Makes sure the salt is in the stack's configuration file, where every engine looks for it. */
  async keepSalt(): Promise<void> {
    if (this.config.encryptionSalt === undefined) {
      await appendSalt(this.config.file, (await this.crypter).salt);
    }
  }

  /** Fails if another run has changed the state since it was read; to be asked once the stack is locked. */
  async refuseIfChanged(): Promise<void> {
    const now = await this.backend.read();
    if (now?.text !== this.stored?.text) {
      throw new EngineError(
        "Another run changed the state while this one was starting. Nothing was changed; run the command again.",
      );
    }
  }

  /** Fails with the names of the stacks there are, if this one has no state. */
  async requireState(): Promise<StoredState> {
    if (this.stored !== undefined) {
      return this.stored;
    }
    const others = await stackNames(this.backend.root, this.project.name);
    const known =
      others.length === 0
        ? "There are no others"
        : `There are: ${others.join(", ")}`;
    throw new EngineError(
      `There is no stack "${this.name}" of the project "${this.project.name}" in ${this.backend.root}. ${known}.`,
    );
  }
}

/** A stack may be given with its organization and project, as in `organization/demo/dev`. */
function stackName(given: string | undefined, project: Project): string {
  if (given === undefined || given === "") {
    throw new EngineError(
      "No stack is named. Add `--stack <name>` (or set PULUMI_STACK).",
    );
  }
  const parts = given.split("/");
  const name = parts.at(-1) ?? "";
  if (parts.length === 3 && parts[1] !== project.name) {
    throw new EngineError(
      `The stack ${given} is one of the project "${parts[1] ?? ""}", not of "${project.name}".`,
    );
  }
  if (!/^[\w.-]{1,100}$/.test(name) || ![1, 3].includes(parts.length)) {
    throw new EngineError(
      `"${given}" is not a stack name: letters, digits, ".", "_" and "-", at most 100.`,
    );
  }
  return name;
}
