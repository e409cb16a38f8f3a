import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { CommandResult } from "./command";
import { findProgram, isExecutable, runCommand } from "./command";
import type { Fleet } from "./fleet";
import { ROOT } from "./fleet";

const summarySchema = z.object({
  changeSummary: z.record(z.string(), z.number()),
  steps: z.array(z.object({ op: z.string(), urn: z.string() })),
});

/** The Pulumi CLI of this machine, `undefined` where there is none. */
export function findPulumi(): string | undefined {
  const home = process.env.PULUMI_HOME;
  const atHome = home === undefined ? "" : join(home, "bin", "pulumi");
  return findProgram("pulumi") ?? (isExecutable(atHome) ? atHome : undefined);
}

/** The plugins this checkout needs, as `tls 5.6.1`. */
export function neededPlugins(): string[] {
  const manifest = z.object({ version: z.string() });
  return ["tls", "kubernetes"].map((name) => {
    const file = join(ROOT, "node_modules", "@pulumi", name, "package.json");
    const { version } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
    return `${name} ${version}`;
  });
}

/** Runs the Pulumi CLI on a fleet's stack. */
export class RealPulumi {
  constructor(
    private readonly program: string,
    private readonly fleet: Fleet,
  ) {}

  /** Opens the stack; makes it where it is not there. */
  async open(): Promise<void> {
    mkdirSync(this.fleet.stateFolder, { recursive: true });
    const { code, stderr } = await this.run(
      "stack",
      "select",
      "dev",
      "--create",
    );
    if (code !== 0) {
      throw new Error(`pulumi stack select failed:\n${stderr}`);
    }
  }

  async up(): Promise<void> {
    const { code, stdout, stderr } = await this.run(
      "up",
      "--yes",
      "--skip-preview",
    );
    if (code !== 0) {
      throw new Error(`pulumi up failed:\n${stdout}${stderr}`);
    }
  }

  /** What an update would do: `update server-certificate`, sorted; nothing of what stays. */
  async preview(): Promise<string[]> {
    const { code, stdout, stderr } = await this.run("preview", "--json");
    if (code !== 0) {
      throw new Error(`pulumi preview failed:\n${stdout}${stderr}`);
    }
    return summarySchema
      .parse(JSON.parse(stdout))
      .steps.filter(({ op }) => op !== "same")
      .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`)
      .sort();
  }

  run(...args: readonly string[]): Promise<CommandResult> {
    const kept: NodeJS.ProcessEnv = {};
    for (const name of [
      "PULUMI_HOME",
      "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
    ]) {
      if (process.env[name] !== undefined) {
        kept[name] = process.env[name];
      }
    }
    return runCommand(this.program, [...args, "--non-interactive"], {
      cwd: this.fleet.directory,
      env: this.fleet.environment(kept),
    });
  }
}
