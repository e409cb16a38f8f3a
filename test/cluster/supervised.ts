import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";

/** A program that runs beside a test: what it last said, and the ways to end or hold it. */
export class Supervised {
  private child: ChildProcess | undefined;
  private said = "";

  constructor(
    private readonly program: string,
    private readonly args: readonly string[],
  ) {
    this.start();
  }

  /** Starts it, with the same arguments as before. */
  start(): void {
    if (this.runs) {
      throw new Error(`${this.program} runs already`);
    }
    this.said = "";
    const child = spawn(this.program, this.args, {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.said = (this.said + text).slice(-10_000);
    });
    this.child = child;
  }

  /** What it last said, where it has ended; `undefined` while it runs. */
  get lastWords(): string | undefined {
    return this.runs ? undefined : `${this.program}: ${this.said}`;
  }

  /** Asks it to end, and does not wait for longer than its requests are worth. */
  async stop(): Promise<void> {
    const ended = this.end("SIGTERM");
    // The API waits a minute for requests to end; here none is worth it.
    const late = setTimeout(() => this.child?.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(late);
  }

  /** Ends it where it stands, as the kernel does where memory runs out. */
  kill(): Promise<void> {
    return this.end("SIGKILL");
  }

  /** Holds it: connections stay open and nobody answers. */
  pause(): void {
    this.child?.kill("SIGSTOP");
  }

  resume(): void {
    this.child?.kill("SIGCONT");
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.runs) {
      return;
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    // One that is held would not hear of it.
    child.kill("SIGCONT");
    await ended;
  }

  private get runs(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }
}
