import {
  cpSync,
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
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../support/fleet";
import type { ScenarioStep } from "./scenario";
import { saltLine, PASSPHRASE } from "./secrets";

/** What the program is told to register. */
export type Program = Pick<ScenarioStep, "resources" | "exports"> & {
  throws?: boolean;
};

/** A folder with the program, the plugin and its world, and a backend of its own. */
export class Site {
  readonly folder = realpathSync(
    mkdtempSync(join(tmpdir(), "mqtt-pki-conformance-")),
  );
  /** The stack that commands are about. */
  stack = "dev";
  private program: Required<Program> = {
    resources: [],
    exports: {},
    throws: false,
  };

  constructor() {
    cpSync(join(__dirname, "program"), this.folder, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(this.folder, "node_modules"));
    for (const name of ["state", "world", "made"]) {
      mkdirSync(join(this.folder, name));
    }
    for (const stack of ["dev", "other"]) {
      writeFileSync(join(this.folder, `Pulumi.${stack}.yaml`), saltLine(stack));
    }
    this.misbehave([]);
  }

  /** Changes what the program registers; what is left out stays as it is. */
  write(program: Program): void {
    this.program = { ...this.program, ...program };
    writeFileSync(
      join(this.folder, "program.json"),
      JSON.stringify(this.program),
    );
  }

  /** Says what the plugin is to refuse from now on. */
  misbehave(faults: readonly string[]): void {
    writeFileSync(join(this.folder, "faults.json"), JSON.stringify(faults));
  }

  /** The ids of what exists in the plugin's world. */
  world(): string[] {
    return readdirSync(join(this.folder, "world")).sort();
  }

  /** Removes what has this name from the plugin's world, behind the engine's back, but for some ids. */
  remove(name: string, except: readonly string[] = []): void {
    this.world()
      .filter((id) => id.replace(/-\d+$/, "") === name)
      .filter((id) => !except.includes(id))
      .forEach((id) => {
        rmSync(join(this.folder, "world", id));
      });
  }

  /** What the plugin did since the last look, in order. */
  deeds(): string[] {
    const file = join(this.folder, "journal");
    if (!existsSync(file)) {
      return [];
    }
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    rmSync(file);
    return lines;
  }

  /** The text of the state file; undefined where there is none. */
  stateText(): string | undefined {
    const file = join(
      this.folder,
      "state",
      ".pulumi",
      "stacks",
      "conformance",
      `${this.stack}.json`,
    );
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /** The environment of an engine that works here, whichever it is. */
  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI|MQTT_PKI)_/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`,
      PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "node-compile"),
      CONFORMANCE_SITE: this.folder,
      ...extra,
    };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
