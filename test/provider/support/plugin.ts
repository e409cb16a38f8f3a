import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServiceError } from "@grpc/grpc-js";
import { Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { nodeArguments } from "../../../engine/plugins/children";
import type { Properties } from "./wire";
import { withoutSecrets } from "./wire";

const ROOT = join(__dirname, "..", "..", "..");

/** How to start the plugin. */
export interface PluginOptions {
  /** Its working directory: the project's. */
  readonly cwd: string;
  /** The moment that counts as now, by `MQTT_PKI_NOW`; any text, since some must be refused. */
  readonly now?: string;
  /** Which engine starts it; the bundled one by default, whose plugins start faster. */
  readonly startedBy?: "bundled" | "pulumi";
  /** Variables of its environment beside this process's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What `diff` answered. */
export interface Diff {
  /** `some`, `none` or `unknown`. */
  readonly changes: string;
  readonly replaces: readonly string[];
}

/** A message the plugin sent to the engine. */
export interface Message {
  readonly severity: string;
  readonly text: string;
  readonly urn: string;
}

/** The plugin, started and called the way an engine does it. */
export class Plugin {
  /** Messages to the engine, in their order. */
  readonly log: Message[] = [];
  /** Everything it said but the values of secrets: answers, refusals, messages, output. */
  readonly said: string[] = [];
  private client: ResourceProviderClient | undefined;
  private readonly engine = new Server();
  private process: ChildProcess | undefined;

  /** Starts the plugin; the first line of its output is its port. */
  static async start(options: PluginOptions): Promise<Plugin> {
    const plugin = new Plugin();
    const engineAddress = await plugin.serveEngine();
    const environment = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI|MQTT_PKI|THINGSBOARD)_/.test(name),
    );
    const script = require.resolve("@pulumi/pulumi/cmd/run-plugin");
    const child = spawn(
      process.execPath,
      [
        ...(options.startedBy === "pulumi" ? [script] : nodeArguments(script)),
        join(ROOT, "provider"),
        engineAddress,
      ],
      {
        cwd: options.cwd,
        env: {
          ...Object.fromEntries(environment),
          // As our own start script sets it; a plugin starts in half the time.
          NODE_COMPILE_CACHE: join(
            ROOT,
            "node_modules",
            ".cache",
            "node-compile",
          ),
          ...(options.now !== undefined && { MQTT_PKI_NOW: options.now }),
          ...options.environment,
        },
        stdio: ["ignore", "pipe", "pipe", "pipe"],
      },
    );
    plugin.process = child;
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) {
      throw new Error("the plugin was started without pipes");
    }
    stderr.setEncoding("utf8").on("data", (text: string) => {
      plugin.said.push(text);
    });
    const lines = createInterface({ input: stdout });
    const port = await Promise.race([
      once(lines, "line").then(([line]) => String(line)),
      once(child, "exit").then(() => {
        throw new Error(`the plugin did not start:\n${plugin.said.join("")}`);
      }),
    ]);
    lines.on("line", (line) => plugin.said.push(line));
    plugin.client = new ResourceProviderClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
    );
    return plugin;
  }

  /** The reasons why inputs are refused; empty where they are taken. */
  async check(
    urn: string,
    news: Properties,
    olds: Properties = {},
  ): Promise<string[]> {
    return (await this.checkInputs(urn, news, olds)).failures;
  }

  /** What a check makes of inputs, and the reasons why they are refused. */
  async checkInputs(
    urn: string,
    news: Properties,
    olds: Properties = {},
  ): Promise<{ inputs: Properties; failures: string[] }> {
    const request = new messages.CheckRequest();
    request.setUrn(urn);
    request.setOlds(toStruct(olds));
    request.setNews(toStruct(news));
    const response = await this.call<messages.CheckResponse>((done) =>
      this.connected().check(request, done),
    );
    const inputs = this.heard(response.getInputs());
    const failures = response.getFailuresList().map((failure) => {
      this.said.push(failure.getReason(), failure.getProperty());
      return failure.getReason();
    });
    return { inputs, failures };
  }

  /** @param olds the outputs of the last update */
  async diff(urn: string, olds: Properties, news: Properties): Promise<Diff> {
    const request = new messages.DiffRequest();
    request.setId("id");
    request.setUrn(urn);
    request.setOlds(toStruct(olds));
    request.setNews(toStruct(news));
    const response = await this.call<messages.DiffResponse>((done) =>
      this.connected().diff(request, done),
    );
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    const names = new Map([
      [DIFF_NONE, "none"],
      [DIFF_SOME, "some"],
    ]);
    return {
      changes: names.get(response.getChanges()) ?? "unknown",
      replaces: response.getReplacesList(),
    };
  }

  async create(
    urn: string,
    inputs: Properties,
  ): Promise<{ id: string; outs: Properties }> {
    const request = new messages.CreateRequest();
    request.setUrn(urn);
    request.setProperties(toStruct(inputs));
    const response = await this.call<messages.CreateResponse>((done) =>
      this.connected().create(request, done),
    );
    return { id: response.getId(), outs: this.heard(response.getProperties()) };
  }

  async update(
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<Properties> {
    const request = new messages.UpdateRequest();
    request.setId("id");
    request.setUrn(urn);
    request.setOlds(toStruct(olds));
    request.setNews(toStruct(news));
    const response = await this.call<messages.UpdateResponse>((done) =>
      this.connected().update(request, done),
    );
    return this.heard(response.getProperties());
  }

  /** The outputs after a refresh. */
  async read(urn: string, outputs: Properties): Promise<Properties> {
    const request = new messages.ReadRequest();
    request.setId("id");
    request.setUrn(urn);
    request.setProperties(toStruct(outputs));
    const response = await this.call<messages.ReadResponse>((done) =>
      this.connected().read(request, done),
    );
    return this.heard(response.getProperties());
  }

  /** What an import by id finds; an empty id where there is nothing. */
  async import(
    urn: string,
    id: string,
  ): Promise<{ id: string; outs: Properties; inputs: Properties }> {
    // As Pulumi's CLI asks: without any properties.
    const request = new messages.ReadRequest();
    request.setId(id);
    request.setUrn(urn);
    const response = await this.call<messages.ReadResponse>((done) =>
      this.connected().read(request, done),
    );
    return {
      id: response.getId(),
      outs: this.heard(response.getProperties()),
      inputs: this.heard(response.getInputs()),
    };
  }

  /** The id after a refresh; empty where the resource is gone. */
  async idAfterRefresh(urn: string, outputs: Properties): Promise<string> {
    const request = new messages.ReadRequest();
    request.setId("id");
    request.setUrn(urn);
    request.setProperties(toStruct(outputs));
    const response = await this.call<messages.ReadResponse>((done) =>
      this.connected().read(request, done),
    );
    return response.getId();
  }

  async delete(urn: string, outputs: Properties): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId("id");
    request.setUrn(urn);
    request.setProperties(toStruct(outputs));
    await this.call<Empty>((done) => this.connected().delete(request, done));
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new messages.InvokeRequest();
    request.setTok(token);
    request.setArgs(toStruct(args));
    const response = await this.call<messages.InvokeResponse>((done) =>
      this.connected().invoke(request, done),
    );
    return this.heard(response.getReturn());
  }

  async configure(): Promise<messages.ConfigureResponse> {
    return this.call((done) =>
      this.connected().configure(new messages.ConfigureRequest(), done),
    );
  }

  async getSchema(): Promise<Properties> {
    const response = await this.call<messages.GetSchemaResponse>((done) =>
      this.connected().getSchema(new messages.GetSchemaRequest(), done),
    );
    return JSON.parse(response.getSchema()) as Properties;
  }

  /** The reason a call was refused for; fails where it was not. */
  async refusal(call: Promise<unknown>): Promise<string> {
    const error: unknown = await call.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (error instanceof Error && "details" in error) {
      return String(error.details);
    }
    throw new Error("the call was not refused");
  }

  /** Ends it as a crash would. */
  async stop(): Promise<void> {
    this.client?.close();
    this.engine.forceShutdown();
    const child = this.process;
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }

  private connected(): ResourceProviderClient {
    if (this.client === undefined) {
      throw new Error("the plugin was not started");
    }
    return this.client;
  }

  private async call<T>(
    start: (done: (error: ServiceError | null, response: T) => void) => unknown,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, response) => {
        if (error === null) {
          resolve(response);
        } else {
          this.said.push(error.message);
          reject(error);
        }
      });
    });
  }

  private heard(struct: Struct | undefined): Properties {
    const value = (struct?.toJavaScript() ?? {}) as Properties;
    this.said.push(JSON.stringify(withoutSecrets(value)));
    return value;
  }

  private async serveEngine(): Promise<string> {
    this.engine.addService(EngineService, {
      log: (
        call: { request: LogRequest },
        done: (error: null, response: Empty) => void,
      ) => {
        const { request } = call;
        const severity =
          request.getSeverity() === LogSeverity.WARNING ? "warning" : "info";
        const text = request.getMessage();
        this.log.push({ severity, text, urn: request.getUrn() });
        this.said.push(text);
        done(null, new Empty());
      },
    });
    return new Promise((resolve, reject) => {
      this.engine.bindAsync(
        "127.0.0.1:0",
        ServerCredentials.createInsecure(),
        (error, port) => {
          if (error === null) {
            resolve(`127.0.0.1:${port}`);
          } else {
            reject(error);
          }
        },
      );
    });
  }
}

/** The URN of a resource of ours. */
export function urnOf(type: string, name: string, stack = "test"): string {
  return `urn:pulumi:${stack}::fleet::mqtt-pki:index:Parent$mqtt-pki:index:${type}::${name}`;
}

function toStruct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}
