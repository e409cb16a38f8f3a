import type { ChildProcess } from "node:child_process";

import type { ProgramConfig } from "../stack/config";
import type { Project } from "../stack/project";
import { nodeArguments, sdkScript, startChild, stopChild } from "./children";

/** The exit code of a program that has already logged what went wrong. */
const LOGGED_ALREADY = 32;
const PARALLEL = 16;

/** How a program ended. */
export interface ProgramResult {
  succeeded: boolean;
  /** What to tell the user; undefined if the program has told it already. */
  error: string | undefined;
}

/** What a program is told of the update it runs in. */
export interface ProgramOptions {
  project: Project;
  stack: string;
  config: ProgramConfig;
  preview: boolean;
  address: string;
  environment: NodeJS.ProcessEnv;
  /** What the program prints, line by line. */
  onOutput: (line: string) => void;
}

/** A program under way. */
export class RunningProgram {
  /** How it ended. */
  readonly result: Promise<ProgramResult>;
  private readonly child: ChildProcess;
  private readonly started = performance.now();
  private ended: number | undefined;

  constructor(options: ProgramOptions) {
    const { project, config, address } = options;
    const args = [
      ...nodeArguments(
        sdkScript(project.programDirectory, "run"),
        project.nodeArguments,
      ),
      ...["--monitor", address, "--engine", address],
      ...[
        "--organization",
        "organization",
        "--project",
        project.name,
        "--stack",
        options.stack,
      ],
      ...["--root-directory", project.root, "--pwd", project.programDirectory],
      ...(options.preview ? ["--dry-run"] : []),
      ...["--parallel", String(PARALLEL), project.entryPoint],
    ];
    const values = Object.fromEntries(
      Object.entries(config.values).map(([key, value]) => [
        key.replace(":", ":config:"),
        value,
      ]),
    );
    this.child = startChild(process.execPath, args, {
      cwd: project.programDirectory,
      environment: {
        ...options.environment,
        ...(project.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        PULUMI_CONFIG: JSON.stringify(values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
      },
      onStdout: options.onOutput,
      onStderr: options.onOutput,
    });
    this.result = new Promise((resolve) => {
      this.child.once("error", (error) => {
        resolve({
          succeeded: false,
          error: `The program could not be started: ${error.message}`,
        });
      });
      // `close` and not `exit`: by then all its output has been read.
      this.child.once("close", (code, signal) => {
        this.ended = performance.now();
        resolve(resultOf(code, signal));
      });
    });
  }

  /** How long it has been running, or ran. */
  get milliseconds(): number {
    return (this.ended ?? performance.now()) - this.started;
  }

  /** Ends the program and waits until it is gone. */
  async stop(): Promise<void> {
    await stopChild(this.child);
  }
}

function resultOf(
  code: number | null,
  signal: NodeJS.Signals | null,
): ProgramResult {
  if (code === 0) {
    return { succeeded: true, error: undefined };
  }
  if (code === LOGGED_ALREADY) {
    return { succeeded: false, error: undefined };
  }
  const how =
    signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
  return { succeeded: false, error: `The program ended with ${how}.` };
}
