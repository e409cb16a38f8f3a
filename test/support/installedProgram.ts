import {
  cpSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command";
import { ROOT } from "./fleet";
import { installPackage } from "./packedPackage";

const MODULES = join(ROOT, "node_modules");

/** A program of the examples in a folder of its own, with the packed package among its packages. */
export class InstalledProgram {
  private constructor(
    private readonly scratch: string,
    /** The folder with Pulumi.yaml. */
    readonly folder: string,
  ) {}

  /** @param example its folder within `examples` */
  static async install(example: string): Promise<InstalledProgram> {
    const program = InstalledProgram.copy(example);
    await installPackage(program.installed);
    program.linkDependencies();
    return program;
  }

  /** The same for several. */
  static async installAll(
    examples: readonly string[],
  ): Promise<InstalledProgram[]> {
    const programs: InstalledProgram[] = [];
    for (const example of examples) {
      programs.push(await InstalledProgram.install(example));
    }
    return programs;
  }

  private static copy(example: string): InstalledProgram {
    const scratch = realpathSync(
      mkdtempSync(join(tmpdir(), "mqtt-pki-example-")),
    );
    const folder = join(scratch, "program");
    cpSync(join(ROOT, "examples", example), folder, { recursive: true });
    return new InstalledProgram(scratch, folder);
  }

  private get installed(): string {
    return join(this.folder, "node_modules", "mqtt-pki");
  }

  /** The packages it depends on, as npm would lay them beside it. */
  private linkDependencies(): void {
    for (const name of readdirSync(MODULES)) {
      if (!name.startsWith(".")) {
        symlinkSync(
          join(MODULES, name),
          join(this.folder, "node_modules", name),
        );
      }
    }
  }

  /** Checks the types of the program against those the package brings. */
  checkTypes(): Promise<string> {
    return checkProject(this.folder, ".");
  }

  /** The same for several, with the options of the first: most of the time goes into the packages, which are read once. */
  static checkAllTypes(programs: readonly InstalledProgram[]): Promise<string> {
    const [first] = programs;
    if (first === undefined) {
      throw new Error("there is no program to check");
    }
    const project = "tsconfig.all.json";
    const settings = {
      extends: "./tsconfig.json",
      files: programs.map(({ folder }) => join(folder, "index.ts")),
    };
    writeFileSync(join(first.folder, project), JSON.stringify(settings));
    return checkProject(first.folder, project);
  }

  /** Runs a command of the package; answers what it printed. */
  command(...args: readonly string[]): Promise<string> {
    const script = join(this.folder, "node_modules/mqtt-pki/bin/run.mjs");
    return run(process.execPath, [script, ...args], this.folder);
  }

  remove(): void {
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function checkProject(folder: string, project: string): Promise<string> {
  const compiler = join(MODULES, "typescript", "bin", "tsc");
  return run(process.execPath, [compiler, "-p", project], folder);
}

async function run(
  program: string,
  args: readonly string[],
  cwd = ROOT,
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, args, {
    cwd,
    // Neither state nor passphrase of whoever runs the tests.
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: undefined,
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    },
  });
  expect({ args, code, text: code === 0 ? "" : stdout + stderr }).toEqual({
    args,
    code: 0,
    text: "",
  });
  return stdout;
}
