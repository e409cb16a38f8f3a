import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { EngineError } from "../errors";
import { equivalentProvider } from "../providers";
import type { StackOutputs } from "../providers/builtin";
import { type LocalPlugin, type Project, readYaml } from "../stack/project";
import { isMap, textOf } from "../values";
import { nodeArguments, sdkScript, startChild, stopChild } from "./children";
import { PluginProvider } from "./pluginProvider";
import type { Provider, ProviderLog, ProviderSource } from "./provider";

const START_MS = 60_000;

/** Passes on what a plugin prints. */
export type PluginOutput = (plugin: string, line: string) => void;

interface Running {
  child: ChildProcess;
  address: Promise<string>;
  clients: PluginProvider[];
}

/** Starts plugins when they are first needed, or earlier, and stops them all in the end. */
export class PluginHost implements ProviderSource {
  private readonly processes = new Map<string, Running>();
  private closed = false;

  constructor(
    private readonly project: Project,
    private readonly engineAddress: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly output: PluginOutput,
    private readonly stackOutputs: StackOutputs,
    /** Takes what providers within the engine have to say. */
    private readonly log: ProviderLog,
  ) {}

  /** Starts the plugins of Pulumi.yaml in advance: their start-up then runs beside the program's. */
  warmUp(): void {
    for (const plugin of this.project.plugins) {
      // A failure here comes again, with a resource it belongs to, when the plugin is used.
      this.startLocal(plugin).then(
        (running) => running.address.catch(() => undefined),
        () => undefined,
      );
    }
  }

  async provider(
    packageName: string,
    version: string | undefined,
    instance: string,
  ): Promise<Provider> {
    const local = this.localPlugin(packageName);
    if (local !== undefined) {
      return this.connect(await this.startLocal(local));
    }
    const binary = installedBinary(packageName, version, this.environment);
    if (binary !== undefined) {
      // Such a plugin keeps the configuration of one provider resource; another one needs another process.
      return this.connect(
        this.launch(`${binary}|${instance}`, packageName, binary, [
          this.engineAddress,
        ]),
      );
    }
    const provider = equivalentProvider(
      packageName,
      this.project.programDirectory,
      this.stackOutputs,
    );
    provider.logTo?.(this.log);
    return provider;
  }

  /** Stops every plugin. */
  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.processes.values()];
    this.processes.clear();
    await Promise.all(
      all.map(async ({ child, clients }) => {
        for (const client of clients) {
          client.close();
        }
        await stopChild(child);
      }),
    );
  }

  private localPlugin(packageName: string): LocalPlugin | undefined {
    return this.project.plugins.find((plugin) => plugin.name === packageName);
  }

  private async connect(running: Running): Promise<Provider> {
    const client = new PluginProvider(await running.address);
    running.clients.push(client);
    return client;
  }

  private async startLocal(plugin: LocalPlugin): Promise<Running> {
    const { path, name } = plugin;
    const started = this.processes.get(path);
    if (started !== undefined) {
      return started;
    }
    const executable = join(path, `pulumi-resource-${name}`);
    if (existsSync(executable)) {
      return this.launch(path, name, executable, [this.engineAddress]);
    }
    if (!existsSync(join(path, "PulumiPlugin.yaml"))) {
      throw new EngineError(
        `The plugin "${name}" of Pulumi.yaml has neither PulumiPlugin.yaml nor pulumi-resource-${name} in ${path}.`,
      );
    }
    const manifest = await readYaml(join(path, "PulumiPlugin.yaml"));
    const runtime = manifest.runtime;
    const runtimeName = isMap(runtime) ? runtime.name : runtime;
    if (runtimeName !== "nodejs") {
      throw new EngineError(
        `The plugin "${name}" has runtime "${textOf(runtimeName)}"; this engine runs "nodejs".`,
      );
    }
    const options =
      isMap(runtime) && isMap(runtime.options) ? runtime.options : {};
    const script = sdkScript(path, "run-plugin");
    const environment = {
      ...(options.typescript !== false && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
      // Which permissions the stack's user needs in a cluster depends on who deletes there.
      ...(!isInstalled("kubernetes", this.environment) && {
        MQTT_PKI_DELETES_WITHOUT_WATCH: "1",
      }),
    };
    // Another call may have started it while this one read the manifest.
    return (
      this.processes.get(path) ??
      this.launch(
        path,
        name,
        process.execPath,
        [...nodeArguments(script), path, this.engineAddress],
        environment,
      )
    );
  }

  private launch(
    key: string,
    name: string,
    command: string,
    args: string[],
    environment: NodeJS.ProcessEnv = {},
  ): Running {
    const started = this.processes.get(key);
    if (started !== undefined) {
      return started;
    }
    if (this.closed) {
      throw new EngineError(`The plugin "${name}" is not started any more.`);
    }
    const lines: string[] = [];
    let report: (address: string) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const address = new Promise<string>((resolve, reject) => {
      report = resolve;
      fail = reject;
    });
    let ready = false;
    const child = startChild(command, args, {
      cwd: this.project.programDirectory,
      environment: { ...this.environment, ...environment },
      onStdout: (line) => {
        if (!ready && /^\d+$/.test(line.trim())) {
          ready = true;
          report(`127.0.0.1:${line.trim()}`);
          return;
        }
        this.output(name, line);
      },
      onStderr: (line) => {
        lines.push(line);
        if (ready) {
          this.output(name, line);
        }
      },
    });
    const explain = (what: string): EngineError =>
      new EngineError(
        [`The plugin "${name}" ${what}.`, ...lines.slice(-20)].join("\n"),
      );
    const timer = setTimeout(() => {
      fail(explain(`did not start within ${START_MS / 1000} seconds`));
    }, START_MS);
    address
      .finally(() => {
        clearTimeout(timer);
      })
      .catch(() => undefined);
    child.once("error", (error) => {
      fail(explain(`could not be started (${error.message})`));
    });
    child.once("exit", (code) => {
      fail(explain(`ended with exit code ${String(code)} before it was ready`));
    });
    const running = { child, address, clients: [] };
    this.processes.set(key, running);
    return running;
  }
}

function installedBinary(
  packageName: string,
  version: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (version === undefined) {
    return undefined;
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const file = join(
    pluginFolder(environment),
    `resource-${packageName}-v${version}`,
    `pulumi-resource-${packageName}${suffix}`,
  );
  return existsSync(file) ? file : undefined;
}

/** Whether a plugin of the package is installed, of whatever version. */
function isInstalled(
  packageName: string,
  environment: NodeJS.ProcessEnv,
): boolean {
  const folder = pluginFolder(environment);
  return (
    existsSync(folder) &&
    readdirSync(folder).some((name) =>
      name.startsWith(`resource-${packageName}-v`),
    )
  );
}

function pluginFolder({ PULUMI_HOME: home }: NodeJS.ProcessEnv): string {
  return join(home ?? join(homedir(), ".pulumi"), "plugins");
}
