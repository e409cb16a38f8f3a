import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { isMap, parse, type PropertyMap } from "../../engine/values";

const ROOT = resolve(__dirname, "..", "..");

/** How a run of the engine ended. */
export interface Result {
  code: number | null;
  out: string;
  err: string;
}

/** A run of the engine under way. */
export interface Started {
  pid: number;
  kill: (signal: NodeJS.Signals) => void;
  result: Promise<Result>;
}

/** A resource of the fixture program. */
export interface Item {
  name: string;
  [setting: string]: unknown;
}

/** A backend, a configuration and a journal of the plugin's own, for one fixture program. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), "engine-test-"));
  readonly configFile = join(this.folder, "Pulumi.dev.yaml");
  private readonly project: string;
  private readonly environment: NodeJS.ProcessEnv;

  constructor(
    private readonly fixture: string,
    passphrase = "correct horse",
  ) {
    this.project = join(__dirname, "fixtures", fixture);
    mkdirSync(join(this.folder, "state"));
    this.environment = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
      PULUMI_HOME: join(this.folder, "home"),
      NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "node-compile"),
      DEMO_JOURNAL: join(this.folder, "journal"),
      DEMO_WORLD: join(this.folder, "world.json"),
      OUTPUT_DIRECTORY: join(this.folder, "rendered"),
    };
  }

  /** The same sandbox as someone sees it who has another passphrase, or none. */
  withPassphrase(passphrase: string | undefined): Pick<Sandbox, "run"> {
    const environment = {
      ...this.environment,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
    };
    return { run: (...args) => this.start(args, environment).result };
  }

  /** Sets the stack's configuration; a salt that is there stays. */
  configure(items: Item[], more: Record<string, unknown> = {}): void {
    const salt = existsSync(this.configFile)
      ? /^encryptionsalt: .*$/m.exec(readFileSync(this.configFile, "utf8"))
      : null;
    const config = { items, ...more };
    const lines = Object.entries(config).map(
      ([key, value]) => `  ${this.fixture}:${key}: ${JSON.stringify(value)}`,
    );
    writeFileSync(
      this.configFile,
      ["# kept", "config:", ...lines, ...(salt ?? []), ""].join("\n"),
    );
  }

  /** Runs a command of the engine to its end. */
  run(...args: string[]): Promise<Result> {
    return this.start(args).result;
  }

  /** Runs a command of the engine that reads its standard input. */
  feed(input: string, ...args: string[]): Promise<Result> {
    return this.start(args, this.environment, input).result;
  }

  /** Starts a command of the engine. */
  start(
    args: string[],
    environment = this.environment,
    input?: string,
  ): Started {
    const child = spawn(
      process.execPath,
      [
        ...[
          "-r",
          join(ROOT, "bin", "register.cjs"),
          join(ROOT, "engine", "main.ts"),
        ],
        ...[
          ...args,
          "--stack",
          "dev",
          "--cwd",
          this.project,
          "--config-file",
          this.configFile,
        ],
      ],
      { env: environment, stdio: ["pipe", "pipe", "pipe"] },
    );
    child.stdin.end(input);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const result = new Promise<Result>((done) => {
      child.once("close", (code) => {
        done({ code, out, err });
      });
    });
    return {
      pid: child.pid ?? 0,
      kill: (signal) => child.kill(signal),
      result,
    };
  }

  /** Starts a command of the engine with environment variables of its own; `undefined` takes one away. */
  startWith(extra: NodeJS.ProcessEnv, ...args: string[]): Started {
    return this.start(args, { ...this.environment, ...extra });
  }

  /** Sets the resources and runs `up`. */
  async up(items: Item[], more: Record<string, unknown> = {}): Promise<Result> {
    this.configure(items, more);
    return this.run("up", "--yes");
  }

  /** Sets the resources and brings the stack there without a preview, as the ground for what a test is about. */
  async prepare(
    items: Item[],
    more: Record<string, unknown> = {},
  ): Promise<void> {
    this.configure(items, more);
    const { code, out, err } = await this.run("up", "--yes", "--skip-preview");
    if (code !== 0) {
      throw new Error(
        `the ground of the test could not be laid:\n${out}${err}`,
      );
    }
  }

  /** The text of the state file; undefined if there is none. */
  stateText(): string | undefined {
    const file = this.stateFile();
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /** The resources of the state file. */
  resources(): PropertyMap[] {
    const latest = this.deployment();
    return Array.isArray(latest.resources)
      ? latest.resources.filter(isMap)
      : [];
  }

  /** The deployment of the state file. */
  deployment(): PropertyMap {
    const state = parse(JSON.parse(this.stateText() ?? "{}"));
    const checkpoint = isMap(state) ? state.checkpoint : undefined;
    const latest = isMap(checkpoint) ? checkpoint.latest : undefined;
    return isMap(latest) ? latest : {};
  }

  /** A resource of the state by its name. */
  resource(name: string): PropertyMap | undefined {
    return this.resources().find(
      ({ urn }) => typeof urn === "string" && urn.endsWith(`::${name}`),
    );
  }

  /** The names of the resources in the state, in order. */
  names(): string[] {
    return this.resources().map(({ urn }) =>
      typeof urn === "string" ? (urn.split("::").at(-1) ?? "") : "",
    );
  }

  /** Says what has become of resources behind the engine's back. */
  setWorld(world: Record<string, unknown>): void {
    writeFileSync(join(this.folder, "world.json"), JSON.stringify(world));
  }

  /** What the plugin was asked to change since the last look. */
  journal(): string[] {
    const file = join(this.folder, "journal");
    if (!existsSync(file)) {
      return [];
    }
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    rmSync(file);
    return lines.filter((line) => !line.startsWith("check"));
  }

  stateFile(): string {
    return join(
      this.folder,
      "state",
      ".pulumi",
      "stacks",
      this.fixture,
      "dev.json",
    );
  }

  lockFolder(): string {
    return join(
      this.folder,
      "state",
      ".pulumi",
      "locks",
      "organization",
      this.fixture,
      "dev",
    );
  }

  /** Puts a file of the test's into the sandbox. */
  copy(from: string, to: string): void {
    cpSync(from, join(this.folder, to), { recursive: true });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
