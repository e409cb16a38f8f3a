import {
  cpSync,
  existsSync,
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
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import { installPackage } from "../support/packedPackage";

const MODULES = join(ROOT, "node_modules");

describe("the package, installed into a program of its own", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mqtt-pki-package-")));
  const program = join(folder, "program");
  const installed = join(program, "node_modules", "mqtt-pki");

  const run = async (script: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      [script, ...args],
      {
        cwd: program,
        // Neither state nor passphrase of whoever runs the tests.
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: undefined,
          PULUMI_CONFIG_PASSPHRASE: undefined,
          PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
        },
      },
    );
    expect({ script, code, text: code === 0 ? "" : stdout + stderr }).toEqual({
      script,
      code: 0,
      text: "",
    });
    return stdout;
  };

  beforeAll(async () => {
    cpSync(join(ROOT, "examples", "own-program"), program, { recursive: true });
    await installPackage(installed);
    // The packages it depends on, as npm would lay them beside it.
    for (const name of readdirSync(MODULES)) {
      if (!name.startsWith(".")) {
        symlinkSync(join(MODULES, name), join(program, "node_modules", name));
      }
    }
  }, 120_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("brings the types of its components", async () => {
    await run(join(MODULES, "typescript", "bin", "tsc"), "-p", ".");
  });

  test("brings plugin and engine: up makes the objects, a preview after it changes nothing", async () => {
    const cli = join(installed, "bin", "run.mjs");
    await run(cli, "up", "--engine=bundled");
    for (const file of [
      "rendered/1-manifest/v1-secret-mqtt-broker-tls.yaml",
      "rendered/devices/sensor-1/chain.pem",
      "rendered/devices/inventory.csv",
    ]) {
      expect({ file, there: existsSync(join(program, file)) }).toEqual({
        file,
        there: true,
      });
    }
    await run(cli, "preview", "--expect-no-changes", "--engine=bundled");
  });

  test("leaves the program's configuration as it was, also where it imports a state", async () => {
    const cli = join(installed, "bin", "run.mjs");
    const configuration = join(program, "Pulumi.dev.yaml");
    const state = join(folder, "state.json");
    const before = readFileSync(configuration, "utf8");
    writeFileSync(
      state,
      await run(cli, "stack", "export", "--engine=bundled"),
      { mode: 0o600 },
    );
    await run(cli, "stack", "import", `--file=${state}`, "--engine=bundled");
    expect(readFileSync(configuration, "utf8")).toBe(before);
  });

  test("keeps state and passphrase out of the program's git", () => {
    for (const name of [".state", ".passphrase"]) {
      expect(existsSync(join(program, name, ".gitignore"))).toBe(true);
    }
  });
});
