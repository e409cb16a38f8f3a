import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** What a broker is started with; PEM files. */
export interface BrokerFiles {
  /** The broker's certificate and those between it and the root. */
  readonly chain: string;
  readonly key: string;
  /** The root a device's certificate must hang from. */
  readonly deviceRoot: string;
}

/** What a test may want otherwise. */
export interface BrokerOptions {
  /** Where sessions and their messages outlive a restart; nothing does without. */
  readonly persistenceFolder?: string;
  /** Whether the broker tells of every packet, as it does by default. */
  readonly tellsOfPackets?: boolean;
}

/** A mosquitto of this test's own: TLS on a free port of the loopback interface, client certificates required. */
export class Broker {
  private said = "";
  private process: ChildProcess;

  private constructor(
    private readonly program: string,
    private readonly configuration: string,
    readonly port: number,
  ) {
    this.process = this.spawn();
  }

  /** @param folder for the configuration */
  static async start(
    program: string,
    folder: string,
    files: BrokerFiles,
    options: BrokerOptions = {},
  ): Promise<Broker> {
    const port = await freePort();
    const configuration = join(folder, "mosquitto.conf");
    writeFileSync(configuration, configurationText(port, files, options));
    return Broker.startOn(program, configuration, port);
  }

  /**
   * Starts one on a configuration of the test's own.
   *
   * @param configuration path of a mosquitto.conf
   * @param port at which that listens
   */
  static async startOn(
    program: string,
    configuration: string,
    port: number,
  ): Promise<Broker> {
    const broker = new Broker(program, configuration, port);
    await broker.untilRunning(0);
    return broker;
  }

  /** How much the broker has said so far; where to begin to listen. */
  get position(): number {
    return this.said.length;
  }

  /** Waits until the broker says something like this, and answers all it said from a position on. */
  async waitFor(pattern: RegExp, from: number): Promise<string> {
    const end = Date.now() + 20_000;
    while (!pattern.test(this.said.slice(from))) {
      if (this.process.exitCode !== null || Date.now() > end) {
        throw new Error(
          `the broker does not say ${String(pattern)}; it says:\n${this.said.slice(from)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.said.slice(from);
  }

  /** Signals the broker to read its files again; whoever connects afterwards meets what it then has. */
  async reload(): Promise<void> {
    const from = this.position;
    this.process.kill("SIGHUP");
    // The broker has one thread: it takes no connection between these words and the end of reading.
    await this.waitFor(/Reloading config/, from);
  }

  /** Stops the broker and starts it on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    const from = this.position;
    this.process = this.spawn();
    await this.untilRunning(from);
  }

  async stop(): Promise<void> {
    const { process } = this;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    // A process that a signal has ended has no exit code.
    const runs = process.exitCode === null && process.signalCode === null;
    if (runs && process.kill()) {
      await ended;
    }
  }

  private spawn(): ChildProcess {
    const process = spawn(this.program, ["-c", this.configuration], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
    });
    return process;
  }

  /** Leaves no process behind where the broker does not come up. */
  private async untilRunning(from: number): Promise<void> {
    try {
      await this.waitFor(/mosquitto version \S+ running/, from);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

function configurationText(
  port: number,
  files: BrokerFiles,
  { persistenceFolder, tellsOfPackets = true }: BrokerOptions,
): string {
  return [
    `listener ${port} 127.0.0.1`,
    `certfile ${files.chain}`,
    `keyfile ${files.key}`,
    `cafile ${files.deviceRoot}`,
    "require_certificate true",
    "use_identity_as_username true",
    "allow_anonymous true",
    ...persistence(persistenceFolder),
    "log_dest stderr",
    ...(tellsOfPackets
      ? ["log_type all"]
      : ["log_type error", "log_type warning", "log_type information"]),
    ...staysUser(),
    "",
  ].join("\n");
}

/** Started by root it would become another user, who may not read the key. */
export function staysUser(): string[] {
  return process.getuid?.() === 0 ? ["user root"] : [];
}

function persistence(folder: string | undefined): string[] {
  return folder === undefined
    ? ["persistence false"]
    : [
        "persistence true",
        // The name of the file is appended as it is.
        `persistence_location ${folder}/`,
        // By default what exceeds 1000 messages for an absent subscriber is dropped without a word.
        "max_queued_messages 0",
      ];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
      });
    });
  });
}
