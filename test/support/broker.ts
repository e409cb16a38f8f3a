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

/** A mosquitto of this test's own: TLS on a free port of the loopback interface, client certificates required. */
export class Broker {
  private said = "";

  private constructor(
    private readonly process: ChildProcess,
    readonly port: number,
  ) {
    process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
    });
  }

  /** @param folder for the configuration */
  static async start(
    program: string,
    folder: string,
    files: BrokerFiles,
  ): Promise<Broker> {
    const port = await freePort();
    const configuration = join(folder, "mosquitto.conf");
    writeFileSync(
      configuration,
      [
        `listener ${port} 127.0.0.1`,
        `certfile ${files.chain}`,
        `keyfile ${files.key}`,
        `cafile ${files.deviceRoot}`,
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous true",
        "persistence false",
        "log_dest stderr",
        "log_type all",
        // Started by root it would become another user, who may not read the key.
        ...(process.getuid?.() === 0 ? ["user root"] : []),
        "",
      ].join("\n"),
    );
    const broker = new Broker(
      spawn(program, ["-c", configuration], {
        stdio: ["ignore", "ignore", "pipe"],
      }),
      port,
    );
    await broker.waitFor(/mosquitto version \S+ running/, 0);
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

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    if (this.process.exitCode === null && this.process.kill()) {
      await ended;
    }
  }
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
