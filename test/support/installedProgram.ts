import {
  cpSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
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
    await installPackage(program.scratch, program.installed);
    program.linkDependencies();
    return program;
  }

  /** The same for several, from one archive: to pack takes longer than all the rest. */
  static async installAll(
    examples: readonly string[],
  ): Promise<InstalledProgram[]> {
    const programs = examples.map((example) => InstalledProgram.copy(example));
    const [first, ...others] = programs;
    if (first !== undefined) {
      await installPackage(first.scratch, first.installed);
      for (const other of others) {
        cpSync(first.installed, other.installed, { recursive: true });
      }
    }
    for (const program of programs) {
      program.linkDependencies();
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
    return run(
      process.execPath,
      [join(MODULES, "typescript", "bin", "tsc"), "-p", "."],
      this.folder,
    );
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
