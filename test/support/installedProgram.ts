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
    const scratch = realpathSync(
      mkdtempSync(join(tmpdir(), "mqtt-pki-example-")),
    );
    const folder = join(scratch, "program");
    const installed = join(folder, "node_modules", "mqtt-pki");
    cpSync(join(ROOT, "examples", example), folder, { recursive: true });
    const program = new InstalledProgram(scratch, folder);
    await installPackage(scratch, installed);
    // The packages it depends on, as npm would lay them beside it.
    for (const name of readdirSync(MODULES)) {
      if (!name.startsWith(".")) {
        symlinkSync(join(MODULES, name), join(folder, "node_modules", name));
      }
    }
    return program;
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
