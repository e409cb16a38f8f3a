import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Document } from "yaml";
import { parseDocument } from "yaml";
import type { CommandResult } from "./command";
import { runCommand } from "./command";
import { ROOT } from "./fleet";
import type { Outcome, Report } from "./report";
import { reportSchema, succeeded } from "./report";

/** What npm would have put into the folder of this package. */
const PACKAGED = [
  "bin",
  "cli",
  "components",
  "engine",
  "pki",
  "cluster",
  "provider",
  "resources",
  "rotation",
];

/**
 * A program of its own that `adopt` writes, with this checkout as its package
 * and a PKI beside it.
 */
export class AdoptedProgram {
  /** Holds `program` and the directory of the PKI. */
  readonly folder = realpathSync(
    mkdtempSync(join(tmpdir(), "mqtt-pki-adopted-")),
  );

  /** @param pki name of the PKI's directory */
  constructor(private readonly pki: string) {
    const modules = join(ROOT, "node_modules");
    const installed = this.program("node_modules", "mqtt-pki");
    mkdirSync(installed, { recursive: true });
    for (const name of readdirSync(modules)) {
      if (!name.startsWith(".") && name !== "mqtt-pki") {
        symlinkSync(join(modules, name), this.program("node_modules", name));
      }
    }
    for (const name of PACKAGED) {
      symlinkSync(join(ROOT, name), join(installed, name));
    }
    writeFileSync(
      join(installed, "package.json"),
      JSON.stringify({ name: "mqtt-pki", main: "components/index.ts" }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  program(...parts: readonly string[]): string {
    return join(this.folder, "program", ...parts);
  }

  directory(...parts: readonly string[]): string {
    return join(this.folder, this.pki, ...parts);
  }

  /** Runs the command line in the program's folder. */
  run(args: readonly string[], input = ""): Promise<CommandResult> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI|MQTT_PKI)_/.test(name),
    );
    return runCommand(
      process.execPath,
      [join(ROOT, "bin", "run.mjs"), ...args],
      {
        cwd: this.program(),
        env: {
          ...Object.fromEntries(inherited),
          PULUMI_NODEJS_TRANSPILE_ONLY: "true",
          // With a cluster at hand the Kubernetes provider would ask it.
          KUBECONFIG: join(this.folder, "no-cluster"),
        },
        input,
      },
    );
  }

  /** Runs the command line; its standard output. Fails where it fails. */
  async succeed(args: readonly string[], input = ""): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) {
      throw new Error(`${args.join(" ")} failed:\n${stdout}${stderr}`);
    }
    return stdout;
  }

  adopt(...args: readonly string[]): Promise<CommandResult> {
    return this.run(["adopt", join("..", this.pki), ...args]);
  }

  /** Sets a secret the way `adopt` says: by standard input. */
  async setSecret(name: string, value: string): Promise<void> {
    await this.succeed(
      ["config", "set", "--engine=bundled", "--secret", name],
      value,
    );
  }

  async up(): Promise<Report> {
    return succeeded("up", await this.tryRun("up", "--yes"));
  }

  /** Previews or updates, whatever comes of it. */
  async tryRun(command: string, ...args: readonly string[]): Promise<Outcome> {
    const result = await this.run([
      command,
      "--engine=bundled",
      "--json",
      ...args,
    ]);
    return {
      ...result,
      report: result.stdout.startsWith("{")
        ? reportSchema.parse(JSON.parse(result.stdout))
        : undefined,
    };
  }

  /** An element added to a list of the stack's configuration. */
  addSetting(name: string, element: unknown): void {
    this.editSettings((document) => {
      document.addIn(["config", `${this.pki}:${name}`], element);
    });
  }

  /** A value within a list of the stack's configuration. */
  setSetting(
    name: string,
    index: number,
    member: string,
    value: unknown,
  ): void {
    this.editSettings((document) => {
      document.setIn(["config", `${this.pki}:${name}`, index, member], value);
    });
  }

  private editSettings(edit: (document: Document) => void): void {
    const file = this.program("Pulumi.dev.yaml");
    const document = parseDocument(readFileSync(file, "utf8"));
    edit(document);
    writeFileSync(file, document.toString());
  }

  /** The program with more at its end. */
  append(text: string): void {
    const file = this.program("index.ts");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n${text}`);
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.program(...parts), "utf8");
  }

  has(...parts: readonly string[]): boolean {
    return existsSync(this.program(...parts));
  }
}
