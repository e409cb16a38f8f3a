import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";

/** How to start a program. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What a program says first, its name and version, given nothing to do; `undefined` where it does not run. */
export function firstLine({ program, args }: Command): string | undefined {
  const { status, stdout } = spawnSync(program, args, {
    input: "",
    encoding: "utf8",
    timeout: 60_000,
  });
  return status === 0 ? stdout.split("\n")[0] : undefined;
}

/** A program that answers one line for each line it is given, after a first one that says who it is. */
export class LineProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: {
    resolve: (line: string) => void;
    reject: (error: Error) => void;
  }[] = [];
  private unread = "";
  private complaints = "";

  constructor(private readonly command: Command) {
    this.child = spawn(command.program, command.args);
    // Whoever it is, find() knows already.
    this.waiting.push({ resolve: () => undefined, reject: () => undefined });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.unread + text).split("\n");
      this.unread = lines.pop() ?? "";
      lines.forEach((line) => this.waiting.shift()?.resolve(line));
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.complaints += text;
    });
    this.child.stdin.on("error", () => undefined);
    this.child.on("error", (error) => {
      this.fail(error.message);
    });
    this.child.on("close", (code) => {
      this.fail(`ended with exit code ${String(code)}:\n${this.complaints}`);
    });
  }

  /** The answer to one line. Questions may overlap; they are answered in order. */
  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${line}\n`);
    });
  }

  end(): void {
    this.child.stdin.end();
  }

  private fail(why: string): void {
    for (const { reject } of this.waiting.splice(0)) {
      reject(new Error(`${this.command.program} ${why}`));
    }
  }
}
