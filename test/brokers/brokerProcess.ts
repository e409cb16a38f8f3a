import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import type { RunningBroker } from "./driver";

/** How a broker's process is started, and told things. */
export interface ProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What it says once it takes connections. */
  readonly ready: RegExp;
  /** Carries out a command of the reload hint. Default: there is none. */
  readonly signal?: (command: string, pid: number) => Promise<void>;
  /** What has to end with it. */
  readonly stopped?: () => Promise<void>;
  /** Milliseconds until it is ready. Default 60,000. */
  readonly patience?: number;
}

/** A broker as a process of this test's own, which keeps what it says. */
export class BrokerProcess implements RunningBroker {
  private text = "";
  private child: ChildProcess;

  private constructor(private readonly options: ProcessOptions) {
    this.child = this.spawn();
  }

  static async start(options: ProcessOptions): Promise<BrokerProcess> {
    const broker = new BrokerProcess(options);
    await broker.untilReady(0);
    return broker;
  }

  get position(): number {
    return this.text.length;
  }

  said(from: number): string {
    return this.text.slice(from);
  }

  async waitFor(
    pattern: RegExp,
    from: number,
    patience = 20_000,
  ): Promise<string> {
    const end = Date.now() + patience;
    while (!pattern.test(this.said(from))) {
      if (!this.runs || Date.now() > end) {
        throw new Error(
          `the broker does not say ${String(pattern)}; it says:\n${this.said(from)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.said(from);
  }

  async signal(command: string): Promise<void> {
    const { signal } = this.options;
    if (signal === undefined || this.child.pid === undefined) {
      throw new Error(`nobody carries out ${command}`);
    }
    await signal(command, this.child.pid);
  }

  async restart(): Promise<void> {
    await this.end();
    const from = this.position;
    this.child = this.spawn();
    await this.untilReady(from);
  }

  async stop(): Promise<void> {
    await this.end();
    await this.options.stopped?.();
  }

  private get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private async end(): Promise<void> {
    const { child } = this;
    if (!this.runs) {
      return;
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(late);
  }

  private spawn(): ChildProcess {
    const { program, args, env, cwd } = this.options;
    // Standard input stays open as long as this process lives: some end when it does.
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      ...(env !== undefined && { env }),
      ...(cwd !== undefined && { cwd }),
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (words: string) => {
        this.text += words;
      });
    }
    child.on("error", (error) => {
      this.text += error.message;
    });
    return child;
  }

  /** Leaves no process behind where the broker does not come up. */
  private async untilReady(from: number): Promise<void> {
    try {
      await this.waitFor(
        this.options.ready,
        from,
        this.options.patience ?? 60_000,
      );
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}
