import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseDocument } from "yaml";
import type { CommandResult } from "./command";
import { runCommand } from "./command";
import type { Outcome, Report, State } from "./report";
import { reportSchema, stateSchema, succeeded } from "./report";

/** The checkout. */
export const ROOT = join(__dirname, "..", "..");

if (Number(process.versions.node.split(".")[0]) < 22) {
  throw new Error(
    `Node ${process.versions.node} is too old for the engine; \`npm test\` brings its own.`,
  );
}

const COPIED = [
  "index.ts",
  "settings.ts",
  "Pulumi.yaml",
  "Pulumi.dev.yaml",
  "devices",
  "package.json",
  "tsconfig.json",
];
const LINKED = [
  "components",
  "resources",
  "provider",
  "pki",
  "rotation",
  "bin",
  "test",
  "node_modules",
];

/** How to run a command of the engine. */
export interface RunOptions {
  /** The moment that counts as now, by `MQTT_PKI_NOW`. */
  readonly now?: Date;
  readonly args?: readonly string[];
}

/**
 * The demo fleet in a folder of its own, with its own state and passphrase, so
 * that tests may change and break it. The code is the checkout's.
 */
export class Fleet {
  /** The project's folder. */
  readonly directory: string;

  /**
   * @param program for what the demo cannot express: a module of this checkout
   *   that stands in for `index.ts`, such as `test/e2e/programs/leafIssuer`
   */
  constructor(program?: string) {
    // On some machines the temporary folder is a link, and the engine would name the folder it leads to.
    const parent = realpathSync(mkdtempSync(join(tmpdir(), "mqtt-pki-")));
    this.directory = join(parent, "project");
    mkdirSync(this.directory);
    for (const name of COPIED) {
      cpSync(join(ROOT, name), this.path(name), { recursive: true });
    }
    for (const name of LINKED) {
      symlinkSync(join(ROOT, name), this.path(name));
    }
    if (program !== undefined) {
      writeFileSync(this.path("index.ts"), `export * from "./${program}";\n`);
    }
  }

  /** Removes all of it. */
  remove(): void {
    rmSync(join(this.directory, ".."), { recursive: true, force: true });
  }

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** Where the demo's configuration lets everything land. */
  rendered(...parts: readonly string[]): string {
    return this.path("rendered", "dev", ...parts);
  }

  /** The folder of the stack's state. */
  get stateFolder(): string {
    return join(this.directory, "..", "state");
  }

  /**
   * Sets a value of the stack's configuration; `undefined` takes it out.
   *
   * @param path `server.dnsNames`, or `mqtt-pki:allowClockOverride`
   */
  configure(path: string, value: unknown): this {
    const file = this.path("Pulumi.dev.yaml");
    const document = parseDocument(readFileSync(file, "utf8"));
    const [first = "", ...rest] = path.split(".");
    const key = first.includes(":") ? first : `mqtt-pki-demo:${first}`;
    if (value === undefined) {
      document.deleteIn(["config", key, ...rest]);
    } else {
      document.setIn(["config", key, ...rest], value);
    }
    writeFileSync(file, document.toString());
    return this;
  }

  /** Replaces the text of the devices' manifest. */
  editManifest(edit: (text: string) => string): this {
    const file = this.path("devices", "demo.csv");
    writeFileSync(file, edit(readFileSync(file, "utf8")));
    return this;
  }

  /** Updates the stack; fails the test where that fails. */
  async up(options: RunOptions = {}): Promise<Report> {
    return succeeded("up", await this.tryUp(options));
  }

  /** Updates the stack without a preview before, and answers how that went. */
  async tryUp(options: RunOptions = {}): Promise<Outcome> {
    return this.tryRun("up", options);
  }

  /** Updates or destroys the stack without a preview before, and answers how that went. */
  async tryRun(
    command: "up" | "destroy",
    options: RunOptions = {},
  ): Promise<Outcome> {
    return this.run(command, options, ["--json", "--yes", "--skip-preview"]);
  }

  /** What an update would do; fails the test where it would fail. */
  async preview(options: RunOptions = {}): Promise<Report> {
    return succeeded("preview", await this.tryPreview(options));
  }

  async tryPreview(options: RunOptions = {}): Promise<Outcome> {
    return this.run("preview", options, ["--json"]);
  }

  async destroy(): Promise<Report> {
    return succeeded("destroy", await this.tryRun("destroy"));
  }

  /** The text of the exported state, secrets encrypted unless asked otherwise. */
  async exportText(args: readonly string[] = []): Promise<string> {
    const { code, stdout, stderr } = await this.engine(
      "stack",
      "export",
      ...args,
    );
    if (code !== 0) {
      throw new Error(`stack export failed:\n${stderr}`);
    }
    return stdout;
  }

  /** The exported state. */
  async state(): Promise<State> {
    return stateSchema.parse(JSON.parse(await this.exportText())).deployment;
  }

  /** Runs the bundled engine on this stack, whatever its exit code. */
  engine(...args: readonly string[]): Promise<CommandResult> {
    return this.start(args, {});
  }

  /** Runs the bundled engine with environment variables of its own. */
  engineWith(
    extra: NodeJS.ProcessEnv,
    ...args: readonly string[]
  ): Promise<CommandResult> {
    return this.start(args, extra);
  }

  /** The environment an engine runs this stack in, whichever engine it is. */
  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI|MQTT_PKI)_/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`,
      PULUMI_BACKEND_URL: pathToFileURL(this.stateFolder).href,
      PULUMI_CONFIG_PASSPHRASE: "for this test only",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      // With a cluster at hand the Kubernetes provider would ask it.
      KUBECONFIG: join(this.directory, "..", "no-cluster"),
      NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "node-compile"),
      ...extra,
    };
  }

  private async run(
    command: string,
    options: RunOptions,
    args: readonly string[],
  ): Promise<Outcome> {
    const extra =
      options.now === undefined
        ? {}
        : { MQTT_PKI_NOW: options.now.toISOString() };
    const result = await this.start(
      [command, ...args, ...(options.args ?? [])],
      extra,
    );
    return {
      ...result,
      report: result.stdout.startsWith("{")
        ? reportSchema.parse(JSON.parse(result.stdout))
        : undefined,
    };
  }

  private start(
    args: readonly string[],
    extra: NodeJS.ProcessEnv,
  ): Promise<CommandResult> {
    return runCommand(
      process.execPath,
      [
        "-r",
        join(ROOT, "bin", "register.cjs"),
        join(ROOT, "engine", "main.ts"),
        ...args,
        "--stack",
        "dev",
        "--cwd",
        this.directory,
      ],
      { cwd: this.directory, env: this.environment(extra) },
    );
  }
}
