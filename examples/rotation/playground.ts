import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const ROOT = join(__dirname, "..", "..");
const CONFIGURATION = "Pulumi.dev.yaml";
const ACCEPTED = "Pulumi.dev.yaml.accepted";
const POSITION = "play.json";

const COPIED = [
  "index.ts",
  "settings.ts",
  "Pulumi.yaml",
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
  "node_modules",
];

/** How far a rotation has been played. */
const positionSchema = z.object({
  /** The moment of the first update, ISO 8601; all other days count from it. */
  started: z.string(),
  /** How many pull requests have been taken. */
  taken: z.number(),
});

/** See {@link positionSchema}. */
export type Position = z.infer<typeof positionSchema>;

const previewSchema = z.object({
  steps: z
    .array(z.object({ op: z.string(), urn: z.string() }))
    .default([])
    // The Pulumi CLI lists what stays as well.
    .transform((steps) => steps.filter(({ op }) => op !== "same")),
  diagnostics: z
    .array(z.object({ severity: z.string(), message: z.string() }))
    .default([]),
});

/** How a command on the stack ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a preview says. */
export interface Preview extends z.infer<typeof previewSchema> {
  readonly code: number;
  /** What it said beside. */
  readonly stderr: string;
}

/** The engine a stack is run with: `bundled` or `pulumi`. */
export type EngineName = "bundled" | "pulumi";

/**
 * A copy of the demo in a folder of its own, with a state and a passphrase of
 * its own: whoever plays never touches the stack of the checkout.
 */
export class Playground {
  constructor(
    readonly folder: string,
    private readonly engine: EngineName = "bundled",
  ) {}

  /** Makes the folder. */
  prepare(started: Date): void {
    this.remove();
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const name of COPIED) {
      cpSync(join(ROOT, name), this.path(name), { recursive: true });
    }
    for (const name of LINKED) {
      // A junction needs no rights on Windows; elsewhere the word does nothing.
      symlinkSync(join(ROOT, name), this.path(name), "junction");
    }
    const demo = readFileSync(join(ROOT, CONFIGURATION), "utf8");
    // Only a stack that says so may sign on a foreign clock, which is what lets a year go by in a minute.
    this.accept(`${demo.trimEnd()}\n  mqtt-pki:allowClockOverride: true\n`);
    this.write(this.accepted());
    this.savePosition({ started: started.toISOString(), taken: 0 });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A path in the folder. */
  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Where one stands; `undefined` before the first update. */
  position(): Position | undefined {
    const file = this.path(POSITION);
    return existsSync(file)
      ? positionSchema.parse(JSON.parse(readFileSync(file, "utf8")))
      : undefined;
  }

  savePosition(position: Position): void {
    writeFileSync(this.path(POSITION), `${JSON.stringify(position)}\n`);
  }

  /** The configuration with all that was accepted: the main branch. */
  accepted(): string {
    return readFileSync(this.path(ACCEPTED), "utf8");
  }

  accept(text: string): void {
    writeFileSync(this.path(ACCEPTED), text);
  }

  /** Writes the configuration that previews and updates read: the branch of a pull request. */
  write(text: string): void {
    writeFileSync(this.path(CONFIGURATION), text);
  }

  /** What an update would do at a moment. */
  async preview(now: Date): Promise<Preview> {
    const { code, stdout, stderr } = await this.run(["preview", "--json"], now);
    return stdout.startsWith("{")
      ? { code, stderr, ...previewSchema.parse(JSON.parse(stdout)) }
      : { code, stderr: `${stdout}${stderr}`, steps: [], diagnostics: [] };
  }

  /** Updates the stack to what a preview has shown just now. */
  async update(now: Date): Promise<Outcome> {
    return this.run(["up", "--yes", "--skip-preview"], now);
  }

  /** Runs any command on the stack, as `npm run` does. */
  run(args: readonly string[], now?: Date): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [join(__dirname, "stack.mjs"), ...args, `--engine=${this.engine}`],
        {
          cwd: this.folder,
          env: environment(now),
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code: code ?? 1, stdout, stderr });
      });
    });
  }
}

/** Without what the user has set for a stack of theirs: that one would be updated. */
function environment(now: Date | undefined): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULUMI|MQTT_PKI)_/.test(name) || name === "PULUMI_HOME",
  );
  return {
    ...Object.fromEntries(inherited),
    ...(now !== undefined && { MQTT_PKI_NOW: now.toISOString() }),
  };
}
